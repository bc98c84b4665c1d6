import LessonModel
import Wire

/// What a member may do, decided by roles alone. Who may see which post is `Visibility`'s.
///
/// Denies by default: a member without a role may do nothing.
enum AccessPolicy {
    static func mayRead(_ principal: Principal) -> Bool { !principal.member.roles.isEmpty }

    static func mayPost(_ kind: PostKind, _ principal: Principal) -> Bool {
        switch kind {
        case .lesson, .comment: principal.member.roles.contains { $0 >= .contributor }
        }
    }

    static func mayListMembers(_ principal: Principal) -> Bool {
        principal.member.roles.contains { $0 >= .contributor }
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

    /// Whether the principal may give all of `roles` to a member of `organisation`: nobody gives what is above them.
    static func mayGrant(_ roles: Set<Role>, in organisation: OrganisationSlug, _ principal: Principal) -> Bool {
        guard mayAdminister(organisation, principal) else { return false }
        return isRelayAdministrator(principal) || roles.allSatisfy { $0 <= .organisationAdministrator }
    }

    /// A reply's sentence when roles do not allow something.
    static func refusal(_ what: String, _ principal: Principal) -> WireError {
        let roles = principal.member.roles.sorted().map(\.name)
        let held = roles.isEmpty ? "no role" : "the role \(roles.joined(separator: ", "))"
        return WireError(
            .forbidden, "\(what) is not allowed with \(held); ask your organisation's administrator", field: "")
    }
}
