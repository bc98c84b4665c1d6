import FoundationEssentials
import GRDB
import LessonModel
import Synchronization

/// Tells apart the states of the topic tree: topics are only ever added and moved.
struct TopicTreeState: Hashable, Sendable {
    let lastTopicID: Int64
    let lastMoveID: Int64
}

/// Which topics a filter selects, as rows of `topics`.
struct TopicSelection: Hashable, Sendable {
    enum Extent: Hashable, Sendable {
        case none
        /// A JSON array of row ids.
        case some(String)
        case all
    }

    /// The state of the tree that this was made of.
    fileprivate let tree: TopicTreeState
    let extent: Extent
}

/// Remembers for the filters in use which topics they select: matching is by text and would otherwise be done again for
/// every page of the log.
struct TopicSelections: Sendable {
    private static let maxEntries = 1_024
    private var selections: [[TopicFilter]: TopicSelection] = [:]

    func selection(for filters: [TopicFilter], in tree: TopicTreeState) -> TopicSelection? {
        selections[filters].flatMap { $0.tree == tree ? $0 : nil }
    }

    mutating func keep(_ selection: TopicSelection, for filters: [TopicFilter]) {
        if selections.count >= TopicSelections.maxEntries { selections = [:] }
        selections[filters] = selection
    }
}

extension RelayStore {
    /// The topics that `filter` selects in the snapshot that `db` reads: the newest topic and the newest move tell whether a
    /// remembered answer still holds in just this snapshot.
    func topicSelection(for filter: SubscriptionFilter, in db: Database) throws -> TopicSelection.Extent {
        let state = try db.first(
            "SELECT (SELECT coalesce(max(id), 0) FROM topics), (SELECT coalesce(max(id), 0) FROM topic_former_paths)"
        ) { TopicTreeState(lastTopicID: $0.integer(0), lastMoveID: $0.integer(1)) }
        let tree = state ?? TopicTreeState(lastTopicID: 0, lastMoveID: 0)
        if let known = topicSelections.withLock({ $0.selection(for: filter.topics, in: tree) }) {
            return known.extent
        }
        let topics = try db.all("SELECT id, path FROM topics") { ($0.integer(0), try $0.topic(1)) }
        let selected = topics.filter { filter.selects(topic: $0.1) }.map(\.0)
        let extent: TopicSelection.Extent
        if selected.isEmpty {
            extent = .none
        } else if selected.count == topics.count {
            extent = .all
        } else {
            extent = .some("[" + selected.map(String.init).joined(separator: ",") + "]")
        }
        let selection = TopicSelection(tree: tree, extent: extent)
        topicSelections.withLock { $0.keep(selection, for: filter.topics) }
        return extent
    }
}

/// The narrowing part of a filter as conditions on a row of `threads`.
struct ThreadCondition {
    private(set) var sql = ""
    private(set) var values: [SQLValue] = []

    /// - Parameters:
    ///   - firstParameter: the number of the first parameter that is free.
    init(_ filter: SubscriptionFilter, thread: String, topics: TopicSelection.Extent, firstParameter: Int) throws {
        func add(_ column: String, json: String) {
            sql += " AND \(thread).\(column) IN (SELECT value FROM json_each(?\(firstParameter + values.count)))"
            values.append(.text(json))
        }
        if case .some(let ids) = topics { add("topic", json: ids) }
        if !filter.countries.isEmpty { add("country", json: try Self.json(filter.countries)) }
        if !filter.languages.isEmpty { add("primary_language", json: try Self.json(filter.languages)) }
        if !filter.organisationKinds.isEmpty {
            add("organisation_kind", json: Self.json(filter.organisationKinds.map(\.rawValue)))
        }
        if !filter.states.isEmpty { add("state", json: Self.json(filter.states.map(\.rawValue))) }
    }

    private static func json(_ texts: Set<String>) throws -> String {
        String(decoding: try JSONEncoder().encode(texts.sorted()), as: UTF8.self)
    }

    private static func json(_ numbers: [Int]) -> String {
        "[" + numbers.sorted().map(String.init).joined(separator: ",") + "]"
    }
}
