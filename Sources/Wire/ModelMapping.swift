import Foundation
package import LessonModel

extension WireMarking {
    package init(_ marking: Marking) { self = WireMarking(rawValue: marking.rawValue) ?? .unspecified }
}

extension WireSignedPost {
    package init(_ post: SignedPost) {
        self.init()
        content = Data(post.content)
        signature = Data(post.signature)
        certificateFingerprint = Data(post.certificateFingerprint)
    }

    package var value: SignedPost {
        SignedPost(
            content: Array(content), signature: Array(signature), certificateFingerprint: Array(certificateFingerprint))
    }
}

extension WireStoredPost {
    package init(_ stored: StoredPost) {
        self.init()
        sequence = stored.sequence
        receivedAtMs = stored.receivedAt
        post = WireSignedPost(stored.post)
    }

    package var value: StoredPost {
        StoredPost(sequence: sequence, receivedAt: receivedAtMs, post: post.value)
    }
}

extension WireFilter {
    package init(_ filter: SubscriptionFilter) {
        self.init()
        topics = filter.topics.map(\.description)
        countries = filter.countries.sorted()
        languages = filter.languages.sorted()
        organisationKinds = filter.organisationKinds.map(\.rawValue).sorted().compactMap(
            WireOrganisationKind.init(rawValue:))
        states = filter.states.map(\.rawValue).sorted().compactMap(WireThreadState.init(rawValue:))
        threads = filter.threads.sorted().map { Data($0.bytes) }
    }

    /// - Throws: the field at fault and a sentence.
    package func value() throws(PostRuleError) -> SubscriptionFilter {
        guard threads.isEmpty else { return try threadFilter() }
        guard (1...SubscriptionFilter.maxPatterns).contains(topics.count) else {
            throw PostRuleError(
                field: "topics",
                problem: "a filter names 1 to \(SubscriptionFilter.maxPatterns) topics; # stands for all")
        }
        var filter = SubscriptionFilter(topics: [])
        for text in topics {
            do { filter.topics.append(try TopicFilter(text)) } catch {
                throw PostRuleError(field: "topics", problem: error.description)
            }
        }
        guard filter.topics.contains(where: { !$0.isExclusion }) else {
            throw PostRuleError(
                field: "topics", problem: "the filter only excludes; add what to include, # for everything else")
        }
        guard countries.allSatisfy(CountryCode.isWellFormed), countries.count <= 100 else {
            throw PostRuleError(
                field: "countries", problem: "a country is two capital letters of ISO 3166-1, such as AL")
        }
        guard languages.allSatisfy(LanguageTag.isValid), languages.count <= 100 else {
            throw PostRuleError(field: "languages", problem: "a language is a BCP 47 tag, such as fr")
        }
        filter.countries = Set(countries)
        filter.languages = Set(languages.map(LanguageTag.primary(of:)))
        for kind in organisationKinds {
            guard let kind = OrganisationKind(rawValue: kind.rawValue) else {
                throw PostRuleError(field: "organisation_kinds", problem: "an organisation kind is unknown")
            }
            filter.organisationKinds.insert(kind)
        }
        for state in states {
            guard let state = ThreadState(rawValue: state.rawValue) else {
                throw PostRuleError(field: "states", problem: "a thread state is unknown")
            }
            filter.states.insert(state)
        }
        return filter
    }

    private func threadFilter() throws(PostRuleError) -> SubscriptionFilter {
        let ids = threads.compactMap { PostID(bytes: $0) }
        guard ids.count == threads.count, ids.count <= SubscriptionFilter.maxThreads else {
            throw PostRuleError(
                field: "threads",
                problem: "a filter names at most \(SubscriptionFilter.maxThreads) threads, by ids of 16 bytes")
        }
        guard topics.isEmpty, countries.isEmpty, languages.isEmpty, organisationKinds.isEmpty, states.isEmpty else {
            throw PostRuleError(field: "threads", problem: "a filter that names threads names nothing else")
        }
        return SubscriptionFilter(threads: Set(ids))
    }
}

extension WireOrganisation {
    /// - Parameter showsClients: only the organisation's own members and relay administrators may learn of them.
    package init(_ organisation: Organisation, showsClients: Bool) {
        self.init()
        slug = organisation.slug.text
        name = organisation.name
        country = organisation.country ?? ""
        kind = WireOrganisationKind(rawValue: organisation.kind.rawValue) ?? .unspecified
        suspended = organisation.isSuspended
        clients = showsClients ? organisation.clients.sorted().map(\.text) : []
        contact = organisation.contact
    }

    /// - Throws: the field at fault and a sentence.
    package func value() throws(PostRuleError) -> Organisation {
        guard let slug = OrganisationSlug(slug) else {
            throw PostRuleError(
                field: "slug", problem: "the short name is 2 to 40 of a-z, 0-9 and hyphen, such as al-ombudsman")
        }
        let blank = Organisation(slug: slug, name: "", country: nil, kind: .other)
        return try blank.replacing(name: name, country: country, kind: kind, contact: contact)
    }
}

extension WireChangeOrganisation {
    /// What `organisation` is after the change; what is not set stays.
    /// - Throws: the field at fault and a sentence.
    package func applied(to organisation: Organisation) throws(PostRuleError) -> Organisation {
        try organisation.replacing(
            name: hasName ? name : nil, country: hasCountry ? country : nil, kind: hasKind ? kind : nil,
            contact: hasContact ? contact : nil)
    }
}

extension Organisation {
    /// - Parameter country: empty for an international institution.
    fileprivate func replacing(
        name: String?, country: String?, kind: WireOrganisationKind?, contact: String?
    ) throws(PostRuleError) -> Organisation {
        var changed = self
        if let name {
            guard (1...Organisation.maxNameBytes).contains(name.utf8.count), !name.contains(where: \.isNewline) else {
                throw PostRuleError(
                    field: "name", problem: "the name is one line of 1 to \(Organisation.maxNameBytes) bytes")
            }
            changed.name = name
        }
        if let country {
            guard country.isEmpty || CountryCode.isWellFormed(country) else {
                throw PostRuleError(
                    field: "country", problem: "the country is two capital letters of ISO 3166-1, such as AL")
            }
            changed.country = country.nonEmpty
        }
        if let kind {
            guard let kind = OrganisationKind(rawValue: kind.rawValue) else {
                throw PostRuleError(
                    field: "kind",
                    problem: "the kind is one of \(OrganisationKind.allCases.map(\.name).joined(separator: ", "))")
            }
            changed.kind = kind
        }
        if let contact {
            guard contact.utf8.count <= Organisation.maxContactBytes, !contact.contains(where: \.isNewline) else {
                throw PostRuleError(
                    field: "contact",
                    problem: "the contact is one line of at most \(Organisation.maxContactBytes) bytes")
            }
            changed.contact = contact
        }
        return changed
    }
}

extension WireMember {
    /// - Parameter showsRoles: only the member and administrators may learn of them.
    package init(_ member: Member, showsRoles: Bool) {
        self.init()
        memberID = Data(member.id.bytes)
        name = member.name
        organisation = member.organisation.text
        kind = WireMemberKind(rawValue: member.kind.rawValue) ?? .unspecified
        roles = showsRoles ? member.roles.sorted().compactMap { WireRole(rawValue: $0.rawValue) } : []
        curatedTopics = showsRoles ? member.curatedTopics.sorted().map(\.path) : []
        suspended = member.isSuspended
    }

    /// Nil when an id, a name or a kind is malformed.
    package var value: Member? {
        guard let id = MemberID(bytes: memberID), let organisation = OrganisationSlug(organisation),
            let kind = MemberKind(rawValue: kind.rawValue)
        else { return nil }
        return Member(
            id: id, organisation: organisation, name: name, kind: kind,
            roles: Set(roles.compactMap { Role(rawValue: $0.rawValue) }), isSuspended: suspended,
            curatedTopics: Set(curatedTopics.compactMap { Topic($0) }))
    }
}

extension WireError {
    package init(
        _ code: WireErrorCode, _ message: String, field: String = "", isRetryable: Bool = false,
        retryAfterMs: UInt32 = 0
    ) {
        self.init()
        self.code = code
        self.message = message
        self.field = field
        self.retryable = isRetryable
        self.retryAfterMs = retryAfterMs
    }
}
