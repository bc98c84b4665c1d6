import LessonModel
import Storage
import Wire

/// Suspension and roles. What changes is in force for every session when the answer leaves.
extension RelayCore {
    func setSuspension(_ request: WireSetSuspension, _ principal: Principal) throws -> WireSuspensionSet {
        switch request.target {
        case .organisation(let text): try suspend(organisation: text, request.suspended, principal)
        case .memberID(let bytes):
            try suspend(try administeredMember(bytes, principal), request.suspended, principal)
        case nil: throw RequestRefusal(.invalid, "say which organisation or member", field: "target")
        }
        try membership.reload()
        committer.settle()
        var reply = WireSuspensionSet()
        reply.sessions = UInt32(clamping: registry.endStale(membership))
        return reply
    }

    private func suspend(organisation text: String, _ isSuspended: Bool, _ principal: Principal) throws {
        try requireRelayAdministrator(principal, "suspending organisations")
        let slug = try organisation(text, membership.directory)
        if isSuspended, slug == principal.organisation.slug {
            throw try ownSuspension(
                hasOthers: store.hasRelayAdministrator(at: clock(), outside: slug),
                "nobody suspends their own organisation; a relay administrator of another one can")
        }
        try store.setSuspended(
            isSuspended, organisation: slug,
            audit: entry(
                isSuspended ? "organisation.suspend" : "organisation.resume", principal, ["organisation": slug.text]))
    }

    private func suspend(_ member: Member, _ isSuspended: Bool, _ principal: Principal) throws {
        if isSuspended, member.id == principal.member.id {
            throw try ownSuspension(
                hasOthers: !AccessPolicy.isRelayAdministrator(principal)
                    || store.hasRelayAdministrator(at: clock(), except: member.id),
                "nobody suspends themselves; another administrator can")
        }
        guard AccessPolicy.mayGrant(member.roles, in: member.organisation, principal) else {
            throw RequestRefusal(AccessPolicy.refusal("suspending a member with higher roles", principal))
        }
        try store.setSuspended(
            isSuspended, member: member.id,
            audit: entry(
                isSuspended ? "member.suspend" : "member.resume", principal,
                ["organisation": member.organisation.text, "member": member.id.description, "name": member.name]))
    }

    /// Who suspends themselves would be gone before the answer, so it is refused even where others are left.
    private func ownSuspension(hasOthers: Bool, _ sentence: String) -> RequestRefusal {
        hasOthers
            ? RequestRefusal(.forbidden, sentence, field: "target")
            : RequestRefusal(StorageError.lastRelayAdministrator)
    }

    func setRoles(_ request: WireSetRoles, _ principal: Principal) throws -> WireDone {
        let member = try administeredMember(request.memberID, principal)
        let roles = try roles(request.roles)
        guard !roles.isEmpty else {
            throw RequestRefusal(
                .invalid, "a member has at least one role; suspend who should do nothing", field: "roles")
        }
        guard AccessPolicy.mayGrant(member.roles.union(roles), in: member.organisation, principal) else {
            throw RequestRefusal(AccessPolicy.refusal("giving or taking roles above the own", principal))
        }
        try store.setRoles(
            roles, of: member.id,
            audit: entry(
                "member.roles", principal,
                [
                    "organisation": member.organisation.text, "member": member.id.description, "name": member.name,
                    "before": member.roles.sorted().map(\.name).joined(separator: " "),
                    "roles": roles.sorted().map(\.name).joined(separator: " "),
                ]))
        try membership.reload()
        return WireDone()
    }

    /// A member whom the principal administers. Others are as if they did not exist.
    private func administeredMember(
        _ bytes: some Collection<UInt8>, _ principal: Principal
    ) throws(RequestRefusal) -> Member {
        guard let id = MemberID(bytes: bytes), let member = membership.directory.members[id],
            AccessPolicy.mayAdminister(member.organisation, principal)
        else { throw RequestRefusal(.notFound, "there is no such member in your hands", field: "member_id") }
        return member
    }
}
