import GRDB
import LessonModel

/// What a union of filters asks of a row of `posts p`, as a condition to append to a query.
struct LogCondition {
    static let everything = LogCondition()

    private(set) var sql = ""
    private(set) var values: [SQLValue] = []
    private(set) var selectsNothing = false
    /// One filter has 32 shapes of text; the unions of several have no end.
    private(set) var isOfFewShapes = true

    private init() {}

    /// - Parameters:
    ///   - firstParameter: the number of the first parameter that is free.
    ///   - topics: which topics a filter selects in the snapshot that is read.
    ///   - threads: the places of those lessons that are in the log.
    init(
        _ filters: [SubscriptionFilter], firstParameter: Int,
        topics: (SubscriptionFilter) throws -> TopicSelection.Extent,
        threads: (Set<PostID>) throws -> [SequenceNumber]
    ) throws {
        var clauses: [String] = []
        for filter in filters {
            guard filter.threads.isEmpty else {
                clauses.append("(p.thread IN (SELECT value FROM json_each(?\(firstParameter + values.count))))")
                let sequences = try threads(filter.threads).map(String.init)
                values.append(.text("[\(sequences.joined(separator: ","))]"))
                continue
            }
            let extent = try topics(filter)
            if extent == .none { continue }
            var parts: [String] = []
            if case .some(let ids) = extent {
                parts.append("p.topic IN (SELECT value FROM json_each(?\(firstParameter + values.count)))")
                values.append(.text(ids))
            }
            let narrowing = try ThreadCondition(
                filter, thread: "t", topics: .all, firstParameter: firstParameter + values.count)
            if !narrowing.values.isEmpty {
                parts.append("EXISTS (SELECT 1 FROM threads t WHERE t.sequence = p.thread\(narrowing.sql))")
                values += narrowing.values
            }
            guard !parts.isEmpty else {
                // One filter selects everything: the others add nothing.
                self = .everything
                return
            }
            clauses.append("(\(parts.joined(separator: " AND ")))")
        }
        selectsNothing = clauses.isEmpty
        isOfFewShapes = clauses.count <= 1
        sql = clauses.isEmpty ? "" : " AND (\(clauses.joined(separator: " OR ")))"
    }
}
