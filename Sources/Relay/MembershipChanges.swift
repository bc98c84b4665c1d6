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
        committer.settle()
        var reply = WireSuspensionSet()
        reply.sessions = UInt32(clamping: registry.endStale(membership))
        return reply
    }

    private func suspend(organisation text: String, _ isSuspended: Bool, _ principal: Principal) throws {
        try requireRelayAdministrator(principal, "suspending organisations")
        let slug = try organisation(text).slug
        if isSuspended, slug == principal.organisation.slug {
            throw try refusalOfOwn(
                hasOthers: store.hasRelayAdministrator(at: clock(), outside: slug),
                "nobody suspends their own organisation; a relay administrator of another one can")
        }
        try store.setSuspended(
            isSuspended, organisation: slug,
            audit: entry(
                isSuspended ? "organisation.suspend" : "organisation.resume", principal, ["organisation": slug.text]))
        try refreshMembership(.organisation(slug))
    }

    private func suspend(_ member: Member, _ isSuspended: Bool, _ principal: Principal) throws {
        if isSuspended, member.id == principal.member.id {
            throw try refusalOfOwn(
                hasOthers: !AccessPolicy.isRelayAdministrator(principal)
                    || store.hasRelayAdministrator(at: clock(), except: member.id),
                "nobody suspends themselves; another administrator can")
        }
        guard AccessPolicy.mayManage(member, principal) else {
            throw RequestRefusal(AccessPolicy.refusal("suspending a member with higher roles", principal))
        }
        try store.setSuspended(
            isSuspended, member: member.id,
            audit: entry(
                isSuspended ? "member.suspend" : "member.resume", principal,
                ["organisation": member.organisation.text, "member": member.id.description, "name": member.name]))
        try refreshMembership(.member(member.id))
    }

    func setRoles(_ request: WireSetRoles, _ principal: Principal) throws -> WireDone {
        let member = try administeredMember(request.memberID, principal)
        let roles = try roles(request.roles)
        guard !roles.isEmpty else {
            throw RequestRefusal(
                .invalid, "a member has at least one role; suspend who should do nothing", field: "roles")
        }
        let topics = try curatedTopics(request, roles)
        guard AccessPolicy.mayChangeRoles(of: member, to: roles, curating: topics, principal) else {
            throw RequestRefusal(
                AccessPolicy.refusal("giving or taking roles above the own, or making a curator,", principal))
        }
        var detail = [
            "organisation": member.organisation.text, "member": member.id.description, "name": member.name,
            "before": member.roles.sorted().map(\.name).joined(separator: " "),
            "roles": roles.sorted().map(\.name).joined(separator: " "),
        ]
        if member.roles.contains(.curator) { detail["curates.before"] = RelayCore.text(of: member.curatedTopics) }
        if roles.contains(.curator) { detail["curates"] = RelayCore.text(of: topics) }
        try store.setRoles(
            roles, curating: topics, of: member.id, audit: entry("member.roles", principal, detail))
        try refreshMembership(.member(member.id))
        return WireDone()
    }

    private func curatedTopics(_ request: WireSetRoles, _ roles: Set<Role>) throws(RequestRefusal) -> Set<Topic> {
        guard request.curatedTopics.isEmpty || roles.contains(.curator) else {
            throw RequestRefusal(.invalid, "only a curator curates topics: give the role too", field: "curated_topics")
        }
        guard request.curatedTopics.count <= Member.maxCuratedTopics else {
            throw RequestRefusal(
                .invalid, "a curator has at most \(Member.maxCuratedTopics) topics; name those above them",
                field: "curated_topics")
        }
        var topics: Set<Topic> = []
        for path in request.curatedTopics {
            guard let topic = Topic(path), membership.hasTopic(topic) else {
                throw RequestRefusal(
                    .unknownTopic, "the topic \(path.prefix(100)) does not exist here", field: "curated_topics")
            }
            topics.insert(topic)
        }
        return topics
    }

    /// Of topics that are curated.
    private static func text(of topics: Set<Topic>) -> String {
        topics.isEmpty ? "every topic" : topics.sorted().map(\.path).joined(separator: " ")
    }
}
