import LessonModel
import Wire

/// What a member may do, decided by roles alone. Who may see which post is `Visibility`'s.
///
/// Denies by default: a member without a role may do nothing.
enum AccessPolicy {
    static func mayRead(_ principal: Principal) -> Bool { !principal.member.roles.isEmpty }

    /// Whose thread it is, and how it stands, is `ThreadRules`' to ask.
    static func mayPost(_ kind: PostKind, in topic: Topic, _ principal: Principal) -> Bool {
        switch kind {
        case .lesson, .comment, .revision, .endorsement, .applicationReport, .translation, .redaction:
            principal.member.roles.contains { $0 >= .contributor }
        case .stateChange: mayCurate(topic, principal)
        }
    }

    static func mayUpload(_ principal: Principal) -> Bool { principal.member.roles.contains { $0 >= .contributor } }

    static func threadRights(in topic: Topic, _ principal: Principal) -> ThreadRights {
        ThreadRights(
            isCurator: mayCurate(topic, principal),
            isOrganisationAdministrator: mayAdminister(principal.organisation.slug, principal))
    }

    static func mayListMembers(_ principal: Principal) -> Bool {
        principal.member.roles.contains { $0 >= .contributor }
    }

    static func mayReadStatistics(_ principal: Principal) -> Bool {
        principal.member.roles.contains { $0 >= .curator }
    }

    static func isRelayAdministrator(_ principal: Principal) -> Bool {
        principal.member.roles.contains(.relayAdministrator)
    }

    /// Whether the members and certificates of `organisation` are in the principal's hands.
    static func mayAdminister(_ organisation: OrganisationSlug, _ principal: Principal) -> Bool {
        isRelayAdministrator(principal)
            || principal.member.roles.contains(.organisationAdministrator)
                && principal.organisation.slug == organisation
    }

    /// Whether the principal may suspend, revoke, release or remove `member`: nobody does so to somebody above them.
    static func mayManage(_ member: Member, _ principal: Principal) -> Bool {
        mayAdminister(member.organisation, principal)
            && (isRelayAdministrator(principal) || !isAboveOrganisations(member.roles))
    }

    /// Whether the principal may give all of `roles` to a new member of `organisation`. Nobody gives what is above them;
    /// a curator has power over other organisations' threads, so that only a relay administrator makes one.
    static func mayGrant(_ roles: Set<Role>, in organisation: OrganisationSlug, _ principal: Principal) -> Bool {
        guard mayAdminister(organisation, principal) else { return false }
        return isRelayAdministrator(principal) || !isAboveOrganisations(roles) && !roles.contains(.curator)
    }

    /// Whether the principal may replace what `member` may do. An organisation administrator may leave a curator what
    /// they are, or take it away altogether.
    static func mayChangeRoles(
        of member: Member, to roles: Set<Role>, curating topics: Set<Topic>, _ principal: Principal
    ) -> Bool {
        guard mayManage(member, principal) else { return false }
        if isRelayAdministrator(principal) { return true }
        guard !isAboveOrganisations(roles) else { return false }
        return !roles.contains(.curator) || member.roles.contains(.curator) && member.curatedTopics == topics
    }

    /// Whether the principal moderates, and moves the state of, the threads of `topic`.
    static func mayCurate(_ topic: Topic, _ principal: Principal) -> Bool { principal.member.curates(topic) }

    private static func isAboveOrganisations(_ roles: Set<Role>) -> Bool {
        roles.contains { $0 > .organisationAdministrator }
    }

    /// A reply's sentence when roles do not allow something.
    static func refusal(_ what: String, _ principal: Principal) -> WireError {
        let roles = principal.member.roles.sorted().map(\.name)
        let held = roles.isEmpty ? "no role" : "the role \(roles.joined(separator: ", "))"
        return WireError(
            .forbidden, "\(what) is not allowed with \(held); ask your organisation's administrator", field: "")
    }
}
