import GRDB
package import LessonModel

extension RelayStore {
    /// The lessons that `viewer` may see, in figures. Reads all of them.
    /// - Parameters:
    ///   - filter: nil for all.
    ///   - since: received at this time or later; nil for ever.
    ///   - decode: reads signed content.
    package func statistics(
        _ filter: SubscriptionFilter?, since: Milliseconds?, before: Milliseconds?, viewer: Viewer,
        decode: @Sendable ([UInt8]) -> Post?
    ) throws(StorageError) -> LessonStatistics {
        try read { db in
            var condition = ""
            var values = viewer.parameters + [.integer(since ?? .min), .integer(before ?? .max)]
            if let filter {
                let topics = try topicSelection(for: filter, in: db)
                if topics == .none { return LessonStatistics() }
                let narrowing = try ThreadCondition(
                    filter, thread: "t", topics: topics, firstParameter: values.count + 1)
                condition = narrowing.sql
                values += narrowing.values
            }
            let from = """
                FROM threads t CROSS JOIN posts l ON l.sequence = t.sequence
                WHERE l.received_at >= ?3 AND l.received_at < ?4 AND NOT t.is_redacted AND \(VisibilitySQL.own("l"))\(condition)
                """
            return try LessonStatistics(from: from, values, in: db, decode)
        }
    }

    /// Threads on which `viewer`'s organisation owes a report what became of the lesson there: it has not said yet, or is
    /// still considering. Those that are identified, learned or good practice count, and not its own; the oldest first.
    /// - Parameter filters: nil for all topics.
    package func owedReports(
        _ filters: [SubscriptionFilter]?, viewer: Viewer, limit: Int
    ) throws(StorageError) -> [ThreadSummary] {
        try read { db in
            var condition = LogCondition.everything
            if let filters {
                condition = try LogCondition(
                    filters, firstParameter: 4, topics: { try topicSelection(for: $0, in: db) },
                    threads: { try RelayStore.threadSequences($0, in: db) })
                if condition.selectsNothing { return [] }
            }
            let settled = [ApplicationReport.Status.notApplicable, .adopted, .triedAndFailed].map { "\($0.rawValue)" }
            let states = [ThreadState.lessonIdentified, .lessonLearned, .goodPractice].map { "\($0.rawValue)" }
            return try db.all(
                """
                SELECT \(ThreadSQL.columns) FROM \(ThreadSQL.tables) JOIN posts p ON p.sequence = t.sequence
                WHERE t.state IN (\(states.joined(separator: ","))) AND NOT t.is_redacted AND l.organisation <> ?2
                    AND \(VisibilitySQL.own("l"))\(condition.sql)
                    AND coalesce((SELECT r.status FROM thread_reports r WHERE r.thread = t.sequence AND r.organisation = ?2
                        ORDER BY r.post DESC LIMIT 1), 0) NOT IN (\(settled.joined(separator: ",")))
                ORDER BY t.sequence LIMIT ?3
                """,
                viewer.parameters + [.integer(min(max(1, limit), ThreadQuery.maxLimit))] + condition.values,
                ThreadSQL.summary)
        }
    }
}

extension LessonStatistics {
    /// - Parameter from: selects threads `t` with their lessons `l`; parameters 1 and 2 are the viewer's.
    fileprivate init(
        from: String, _ values: [SQLValue], in db: Database, _ decode: ([UInt8]) -> Post?
    ) throws {
        self.init()
        func counts(_ name: String) throws -> [Count] {
            try db.all("SELECT \(name) AS name, count(*) \(from) GROUP BY name ORDER BY name", values) {
                Count(name: $0.text(0), lessons: $0.int(1))
            }
        }
        lessons = try db.first("SELECT count(*) \(from)", values) { $0.int(0) } ?? 0
        let states = try counts("t.state")
        byState = ThreadState.allCases.map { state in
            Count(name: state.name, lessons: states.first { $0.name == "\(state.rawValue)" }?.lessons ?? 0)
        }
        byTopic = Self.withholding(try counts("(SELECT path FROM topics WHERE id = t.topic)"))
        byCountry = Self.withholding(try counts("coalesce(t.country, '')"))
        byMonth = Self.withholding(try counts("strftime('%Y-%m', l.received_at / 1000, 'unixepoch')"))
        learning = Self.learning(try Self.times(from, values, db, decode))
        let applied = [ApplicationReport.Status.adopted, .triedAndFailed].map { "\($0.rawValue)" }
        unapplied =
            try db.first(
                """
                SELECT count(*) \(from) AND t.state NOT IN (\(ThreadState.rejected.rawValue), \(ThreadState.superseded.rawValue))
                    AND NOT EXISTS (SELECT 1 FROM thread_reports r JOIN posts p ON p.sequence = r.post
                        WHERE r.thread = t.sequence AND r.status IN (\(applied.joined(separator: ",")))
                            AND r.organisation <> l.organisation AND \(VisibilitySQL.own("p")))
                """,
                values
            ) { $0.int(0) } ?? 0
    }

    /// From each lesson to the first time that its thread was learned.
    private static func times(
        _ from: String, _ values: [SQLValue], _ db: Database, _ decode: ([UInt8]) -> Post?
    ) throws -> [Milliseconds] {
        var times: [SequenceNumber: Milliseconds] = [:]
        let changes = from.replacing(
            "WHERE l.received_at",
            with: """
                CROSS JOIN posts s ON s.thread = t.sequence AND s.kind > 1 AND s.kind = \(PostKind.stateChange.rawValue)
                CROSS JOIN post_contents c ON c.sequence = s.sequence WHERE l.received_at
                """, maxReplacements: 1)
        try db.each(
            "SELECT t.sequence, s.received_at - l.received_at, c.content \(changes) ORDER BY s.sequence", values
        ) { columns in
            let thread = columns.integer(0)
            guard times[thread] == nil, case .stateChange(let change)? = decode(columns.blob(2))?.body,
                change.to.needsEvidence
            else { return true }
            times[thread] = max(0, columns.integer(1))
            return true
        }
        return Array(times.values)
    }
}
