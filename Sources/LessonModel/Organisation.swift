/// A participating organisation.
package struct Organisation: Hashable, Sendable {
    package static let maxNameBytes = 200
    package static let maxContactBytes = 200

    package var slug: OrganisationSlug
    package var name: String
    /// ISO 3166-1 alpha-2; nil for an international institution.
    package var country: String?
    package var kind: OrganisationKind
    package var isSuspended: Bool
    /// Organisations that this one has named as its clients: TLP AMBER may be passed on to them.
    package var clients: Set<OrganisationSlug>
    /// Whom to write to or call, one line of at most `maxContactBytes`; empty: nobody was named.
    package var contact: String

    package init(
        slug: OrganisationSlug, name: String, country: String?, kind: OrganisationKind, isSuspended: Bool = false,
        clients: Set<OrganisationSlug> = [], contact: String = ""
    ) {
        self.slug = slug
        self.name = name
        self.country = country
        self.kind = kind
        self.isSuspended = isSuspended
        self.clients = clients
        self.contact = contact
    }
}

/// The raw values are the wire's and the database's.
package enum OrganisationKind: Int, CaseIterable, Sendable {
    case police = 1
    case prosecution = 2
    case judiciary = 3
    case ministry = 4
    case oversight = 5
    case civilSociety = 6
    case media = 7
    case academia = 8
    case international = 9
    case other = 10

    package var name: String {
        switch self {
        case .police: "police"
        case .prosecution: "prosecution"
        case .judiciary: "judiciary"
        case .ministry: "ministry"
        case .oversight: "oversight"
        case .civilSociety: "civil-society"
        case .media: "media"
        case .academia: "academia"
        case .international: "international"
        case .other: "other"
        }
    }

    package init?(name: some StringProtocol) {
        guard let kind = OrganisationKind.allCases.first(where: { $0.name == name }) else { return nil }
        self = kind
    }
}
