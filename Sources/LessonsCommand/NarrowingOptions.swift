import ArgumentParser
import Foundation
import LessonModel
import RelayClient
import Storage

/// What narrows a topic filter.
struct NarrowingOptions: ParsableArguments {
    @Option(name: .customLong("country"), help: "Only from organisations of this country, such as AL; may be repeated.")
    var countries: [String] = []

    @Option(name: .customLong("language"), help: "Only in this language, such as fr; may be repeated.")
    var languages: [String] = []

    @Option(name: .customLong("from-kind"), help: "Only from organisations of this kind; may be repeated.")
    var kinds: [OrganisationKind] = []

    @Option(name: .customLong("state"), help: "Only threads in this state; may be repeated.")
    var states: [ThreadState] = []

    var isEmpty: Bool { countries.isEmpty && languages.isEmpty && kinds.isEmpty && states.isEmpty }

    /// - Returns: nil when nothing is asked for; all topics when only properties are.
    func filter(topics: [String]) throws(CommandFailure) -> SubscriptionFilter? {
        guard !topics.isEmpty || !isEmpty else { return nil }
        var patterns: [TopicFilter] = []
        for text in topics {
            do { patterns.append(try TopicFilter(text)) } catch {
                throw CommandFailure(.usage, "BAD_FILTER", error.description, field: "topics")
            }
        }
        if !patterns.contains(where: { !$0.isExclusion }), let all = try? TopicFilter("#") { patterns.append(all) }
        guard patterns.count <= SubscriptionFilter.maxPatterns else {
            throw CommandFailure(
                .usage, "BAD_FILTER", "a filter has at most \(SubscriptionFilter.maxPatterns) topics", field: "topics")
        }
        let codes = countries.map { $0.uppercased() }
        if let wrong = codes.first(where: { !CountryCode.isWellFormed($0) }) {
            throw CommandFailure(
                .usage, "BAD_FILTER", "\"\(wrong)\" is no country: write two letters such as AL", field: "countries")
        }
        if let wrong = languages.first(where: { !LanguageTag.isValid($0) }) {
            throw CommandFailure(
                .usage, "BAD_FILTER", "\"\(wrong)\" is no language: write a tag such as fr", field: "languages")
        }
        return SubscriptionFilter(
            topics: patterns, countries: Set(codes), languages: Set(languages.map(LanguageTag.primary(of:))),
            organisationKinds: Set(kinds), states: Set(states))
    }
}

extension CompletionKind {
    /// Topics of what this machine has received.
    static var topics: CompletionKind {
        .custom { _, _, _ in
            guard let profile = try? Profile(environment: ProcessInfo.processInfo.environment), profile.hasIdentity,
                let identity = try? profile.loadIdentity(), let mirror = try? profile.openMirror(for: identity),
                let threads = try? mirror.threads(MirrorQuery(limit: 10_000))
            else { return [] }
            return Set(threads.map(\.topic.path)).sorted()
        }
    }
}

extension SubscriptionFilter {
    /// The filter as a person would write it.
    var text: String {
        guard threads.isEmpty else { return "\(threads.count) followed \(threads.count == 1 ? "thread" : "threads")" }
        var parts = topics.map(\.description)
        if !countries.isEmpty { parts.append("from \(countries.sorted().joined(separator: ", "))") }
        if !languages.isEmpty { parts.append("in \(languages.sorted().joined(separator: ", "))") }
        if !organisationKinds.isEmpty {
            parts.append("by \(organisationKinds.map(\.name).sorted().joined(separator: ", "))")
        }
        if !states.isEmpty { parts.append("being \(states.map(\.name).sorted().joined(separator: ", "))") }
        return parts.joined(separator: "  ")
    }

    var json: JSONNode {
        .object([
            ("topics", .strings(topics.map(\.description))), ("countries", .strings(countries.sorted())),
            ("languages", .strings(languages.sorted())), ("kinds", .strings(organisationKinds.map(\.name).sorted())),
            ("states", .strings(states.map(\.name).sorted())),
            ("threads", .strings(threads.sorted().map(\.description))),
        ])
    }
}
