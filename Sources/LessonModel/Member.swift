/// A person or service of one organisation.
package struct Member: Hashable, Sendable {
    package static let maxCuratedTopics = 64

    package var id: MemberID
    package var organisation: OrganisationSlug
    package var name: String
    package var kind: MemberKind
    package var roles: Set<Role>
    package var isSuspended: Bool
    /// With the role curator: the topics, each with all below it, that the member curates; empty: every topic.
    package var curatedTopics: Set<Topic>

    package init(
        id: MemberID, organisation: OrganisationSlug, name: String, kind: MemberKind, roles: Set<Role>,
        isSuspended: Bool = false, curatedTopics: Set<Topic> = []
    ) {
        self.id = id
        self.organisation = organisation
        self.name = name
        self.kind = kind
        self.roles = roles
        self.isSuspended = isSuspended
        self.curatedTopics = curatedTopics
    }

    /// Whether the member curates `topic`: as a curator of it, of a topic above it, or of every topic.
    package func curates(_ topic: Topic) -> Bool {
        roles.contains(.curator)
            && (curatedTopics.isEmpty || curatedTopics.contains { topic.isAtOrBelow($0) })
    }
}

/// The raw values are the wire's and the database's.
package enum MemberKind: Int, CaseIterable, Sendable {
    case person = 1
    case service = 2

    package var name: String { self == .person ? "person" : "service" }

    package init?(name: some StringProtocol) {
        guard let kind = MemberKind.allCases.first(where: { $0.name == name }) else { return nil }
        self = kind
    }
}

/// What a member may do. A member without any role may do nothing. The raw values are the wire's and the database's.
package enum Role: Int, CaseIterable, Comparable, Sendable {
    /// May subscribe and read.
    case reader = 1
    /// May also post.
    case contributor = 2
    /// May also moderate and move the state of threads.
    case curator = 3
    /// Invites and manages the members of their own organisation.
    case organisationAdministrator = 4
    /// Manages all organisations.
    case relayAdministrator = 5

    package var name: String {
        switch self {
        case .reader: "reader"
        case .contributor: "contributor"
        case .curator: "curator"
        case .organisationAdministrator: "organisation-administrator"
        case .relayAdministrator: "relay-administrator"
        }
    }

    package init?(name: some StringProtocol) {
        guard let role = Role.allCases.first(where: { $0.name == name }) else { return nil }
        self = role
    }

    package static func < (left: Role, right: Role) -> Bool { left.rawValue < right.rawValue }
}
