/// What a subscription selects: topics by wildcards, narrowed by the properties of the thread.
///
/// A post is selected when at least one inclusion and no exclusion matches its topic, and every set that is not empty
/// holds the post's value. An empty filter selects nothing.
package struct SubscriptionFilter: Hashable, Sendable {
    package static let maxPatterns = 64
    package static let maxThreads = 256

    package var topics: [TopicFilter]
    /// ISO 3166-1 alpha-2 codes, upper case, of the posting organisation.
    package var countries: Set<String>
    /// BCP 47 primary language subtags, lower case.
    package var languages: Set<String>
    package var organisationKinds: Set<OrganisationKind>
    package var states: Set<ThreadState>
    /// When not empty, the filter selects posts of these threads, and nothing else of it counts.
    package var threads: Set<PostID> = []

    /// A filter that selects the posts of some threads, whatever their topic.
    package init(threads: Set<PostID>) {
        self.init(topics: [])
        self.threads = threads
    }

    package init(
        topics: [TopicFilter], countries: Set<String> = [], languages: Set<String> = [],
        organisationKinds: Set<OrganisationKind> = [], states: Set<ThreadState> = []
    ) {
        self.topics = topics
        self.countries = countries
        self.languages = languages
        self.organisationKinds = organisationKinds
        self.states = states
    }

    /// True when only the topic decides, so that an index by topic answers alone.
    package var isTopicOnly: Bool {
        threads.isEmpty && countries.isEmpty && languages.isEmpty && organisationKinds.isEmpty && states.isEmpty
    }

    package func selects(topic: Topic) -> Bool {
        topics.contains { !$0.isExclusion && $0.matches(topic) } && !excludes(topic: topic)
    }

    func excludes(topic: Topic) -> Bool {
        topics.contains { $0.isExclusion && $0.matches(topic) }
    }

    /// Whether a post of the topic may be selected, as far as the topic decides.
    package func maySelect(topic: Topic) -> Bool { !threads.isEmpty || selects(topic: topic) }

    package func selects(_ facts: ThreadFacts, of thread: PostID) -> Bool {
        guard threads.isEmpty else { return threads.contains(thread) }
        return selects(topic: facts.topic) && selectsProperties(facts)
    }

    /// The narrowing part alone, for a caller that has already decided by topic.
    package func selectsProperties(_ facts: ThreadFacts) -> Bool {
        (countries.isEmpty || facts.country.map(countries.contains) == true)
            && (languages.isEmpty || languages.contains(LanguageTag.primary(of: facts.language)))
            && (organisationKinds.isEmpty || organisationKinds.contains(facts.organisationKind))
            && (states.isEmpty || states.contains(facts.state))
    }
}

/// What a subscription filter may ask of a post's thread and author's organisation.
package struct ThreadFacts: Hashable, Sendable {
    package var topic: Topic
    package var country: String?
    package var language: String
    package var organisationKind: OrganisationKind
    package var state: ThreadState

    package init(
        topic: Topic, country: String?, language: String, organisationKind: OrganisationKind, state: ThreadState
    ) {
        self.topic = topic
        self.country = country
        self.language = language
        self.organisationKind = organisationKind
        self.state = state
    }
}
