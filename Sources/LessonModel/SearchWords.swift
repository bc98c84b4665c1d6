/// What somebody types into a search, with filters among the words: `patrols state:learned lang:fr org:ngo-de`.
///
/// `topic:` takes a topic, with what is below it; `state:` a state's name or a part of it; `lang:` a language tag; `org:` an
/// organisation's short name; `country:` two letters. A filter whose value is not whole yet filters nothing, so that it can be
/// typed letter by letter; what has another word before the colon is a word.
package struct SearchWords: Hashable, Sendable {
    /// What is left to be searched for.
    package private(set) var text = ""
    package private(set) var topic: String?
    package private(set) var organisation: OrganisationSlug?
    package private(set) var countries: Set<String> = []
    package private(set) var languages: Set<String> = []
    package private(set) var states: Set<ThreadState> = []

    package init(_ typed: String) {
        var words: [Substring] = []
        for word in typed.split(separator: " ", omittingEmptySubsequences: false) {
            guard let colon = word.firstIndex(of: ":"),
                take(word[..<colon].lowercased(), String(word[word.index(after: colon)...]))
            else {
                words.append(word)
                continue
            }
        }
        text = words.joined(separator: " ")
    }

    /// - Returns: false when `key` names no filter.
    private mutating func take(_ key: String, _ value: String) -> Bool {
        switch key {
        case "topic": topic = Topic(value)?.path ?? topic
        case "org": organisation = OrganisationSlug(value.lowercased()) ?? organisation
        case "country": if CountryCode.isWellFormed(value.uppercased()) { countries.insert(value.uppercased()) }
        case "lang": if LanguageTag.isValid(value) { languages.insert(LanguageTag.primary(of: value)) }
        case "state":
            guard !value.isEmpty else { return true }
            states.formUnion(ThreadState.allCases.filter { $0.name.contains(value.lowercased()) })
        default: return false
        }
        return true
    }

    /// What the filters select, within `place` and what is below it where the text names no topic; nil: everything.
    package func filter(in place: String?) -> SubscriptionFilter? {
        guard topic ?? place != nil || !countries.isEmpty || !languages.isEmpty || !states.isEmpty else { return nil }
        var filter = SubscriptionFilter(topics: [])
        if let pattern = try? TopicFilter((topic ?? place).map { $0 + "/#" } ?? "#") { filter.topics = [pattern] }
        filter.countries = countries
        filter.languages = languages
        filter.states = states
        return filter
    }
}
