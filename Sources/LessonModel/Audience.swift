/// Whom a marked post names: organisations for AMBER and AMBER+STRICT, members for RED, nobody for CLEAR and GREEN.
package struct Audience: Hashable, Sendable {
    package static let maxEntries = 256
    package static let everybody = Audience()

    package var organisations: Set<OrganisationSlug>
    package var members: Set<MemberID>

    package init(organisations: Set<OrganisationSlug> = [], members: Set<MemberID> = []) {
        self.organisations = organisations
        self.members = members
    }

    /// - Throws: when the audience does not fit `marking`; nothing is guessed.
    package func validate(for marking: Marking) throws(AudienceError) {
        guard organisations.count + members.count <= Audience.maxEntries else { throw .tooMany }
        switch marking {
        case .clear, .green:
            guard organisations.isEmpty, members.isEmpty else { throw .notAllowed(marking) }
        case .amber, .amberStrict:
            guard members.isEmpty else { throw .membersNotAllowed(marking) }
        case .red:
            guard organisations.isEmpty else { throw .organisationsNotAllowed }
        }
    }
}

package enum AudienceError: Error, Equatable, CustomStringConvertible {
    case tooMany
    case notAllowed(Marking)
    case membersNotAllowed(Marking)
    case organisationsNotAllowed

    package var description: String {
        switch self {
        case .tooMany: "an audience names at most \(Audience.maxEntries) organisations or members"
        case .notAllowed(let marking):
            "a post marked \(marking.label) goes to every member and names no audience; use AMBER to name organisations"
        case .membersNotAllowed(let marking):
            "a post marked \(marking.label) names organisations, not members; use RED for members"
        case .organisationsNotAllowed:
            "a post marked RED names members, not organisations; use AMBER+STRICT for organisations"
        }
    }
}
