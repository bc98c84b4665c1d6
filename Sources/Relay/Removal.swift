import LessonModel
import Storage
import Wire

/// Removing for ever: an organisation with all its members, or one member.
extension RelayCore {
    func remove(_ request: WireRemove, _ principal: Principal) throws -> WireRemoved {
        let outcome: RemovalOutcome
        switch request.target {
        case .organisation(let text): outcome = try removeOrganisation(text, principal)
        case .memberID(let bytes): outcome = try remove(try administeredMember(bytes, principal), principal)
        case nil: throw RequestRefusal(.invalid, "say which organisation or member", field: "target")
        }
        committer.settle()
        var reply = WireRemoved()
        reply.members = UInt32(clamping: outcome.memberCount)
        reply.certificates = UInt32(clamping: outcome.certificates.count)
        reply.sessions = UInt32(clamping: registry.endStale(membership))
        return reply
    }

    private func removeOrganisation(_ text: String, _ principal: Principal) throws -> RemovalOutcome {
        try requireRelayAdministrator(principal, "removing organisations")
        let organisation = try organisation(text)
        let slug = organisation.slug
        guard slug != principal.organisation.slug else {
            throw try refusalOfOwn(
                hasOthers: store.hasRelayAdministrator(at: clock(), outside: slug),
                "nobody removes their own organisation; a relay administrator of another one can")
        }
        let outcome = try store.remove(
            .organisation(slug),
            audit: entry("organisation.remove", principal, ["organisation": slug.text, "name": organisation.name]))
        try refreshMembership(.membersOf(slug))
        return outcome
    }

    private func remove(_ member: Member, _ principal: Principal) throws -> RemovalOutcome {
        guard member.id != principal.member.id else {
            throw try refusalOfOwn(
                hasOthers: !AccessPolicy.isRelayAdministrator(principal)
                    || store.hasRelayAdministrator(at: clock(), except: member.id),
                "nobody removes themselves; another administrator can")
        }
        guard AccessPolicy.mayManage(member, principal) else {
            throw RequestRefusal(AccessPolicy.refusal("removing a member with higher roles", principal))
        }
        let outcome = try store.remove(
            .member(member.id),
            audit: entry(
                "member.remove", principal,
                [
                    "organisation": member.organisation.text, "member": member.id.description, "name": member.name,
                    "roles": member.roles.sorted().map(\.name).joined(separator: " "),
                ]))
        try refreshMembership(.member(member.id))
        return outcome
    }
}
