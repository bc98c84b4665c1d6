import GRDB
package import LessonModel

extension RelayStore {
    /// The thread that the lesson `id` opens, with its posts after `after` that `viewer` may see.
    /// - Parameter maxBytes: of content and signatures together; the first post is given in any case.
    /// - Returns: nil when there is no such thread or `viewer` may not see it.
    package func thread(
        _ id: PostID, viewer: Viewer, after: SequenceNumber = 0, limit: Int, maxBytes: Int = .max
    ) throws(StorageError) -> ThreadPage? {
        try read { db in
            let found = try db.first(
                """
                SELECT \(ThreadSQL.columns) FROM \(ThreadSQL.tables)
                WHERE l.id = ?3 AND \(VisibilitySQL.own("l")) AND \(Retention.isKept("t.sequence"))
                """,
                viewer.parameters + [.id(id)], ThreadSQL.summary)
            guard let summary = found else { return nil }
            let limit = max(1, limit)
            let posts = try StoredPosts.collect(
                from: db,
                """
                SELECT \(RelayStore.storedColumns) FROM posts p CROSS JOIN post_contents c ON c.sequence = p.sequence
                WHERE p.sequence = ?3 AND p.sequence > ?4 AND \(VisibilitySQL.own("p"))
                UNION ALL
                SELECT * FROM (SELECT \(RelayStore.storedColumns)
                FROM posts p CROSS JOIN post_contents c ON c.sequence = p.sequence
                WHERE p.thread = ?3 AND p.kind > 1 AND p.sequence > ?4 AND \(VisibilitySQL.own("p"))
                ORDER BY p.sequence LIMIT ?5)
                """,
                viewer.parameters + [.integer(summary.sequence), .integer(after), .integer(limit)], maxBytes: maxBytes)
            let shown = Array(posts.posts.prefix(limit))
            let hasMore = (shown.last?.sequence).map { $0 < summary.lastSequence } ?? false
            return ThreadPage(thread: summary, posts: shown, hasMore: hasMore)
        }
    }

    /// The threads that `query` asks for, as far as `viewer` may see them.
    package func threads(_ query: ThreadQuery, viewer: Viewer) throws(StorageError) -> [ThreadSummary] {
        try read { db in
            var condition = " AND \(VisibilitySQL.own("l")) AND \(Retention.isKept("t.sequence"))"
            let limit = min(max(1, query.limit), ThreadQuery.maxLimit)
            var values = viewer.parameters + [.integer(query.before ?? .max), .integer(limit)]
            if let filter = query.filter {
                let topics = try topicSelection(for: filter, in: db)
                if topics == .none { return [] }
                let narrowing = try ThreadCondition(
                    filter, thread: "t", topics: topics, firstParameter: values.count + 1)
                condition += narrowing.sql
                values += narrowing.values
            }
            if let organisation = query.organisation {
                condition += " AND l.organisation = ?\(values.count + 1)"
                values.append(.text(organisation.text))
            }
            switch query.order {
            case .newest:
                return try db.all(
                    """
                    SELECT \(ThreadSQL.columns) FROM \(ThreadSQL.tables)
                    WHERE t.sequence < ?3\(condition) ORDER BY t.sequence DESC LIMIT ?4
                    """,
                    values, ThreadSQL.summary)
            case .lastActivity:
                return try threadsByActivity(db, condition: condition, values: values, limit: limit)
            }
        }
    }

    /// Without restricted comments the thread's own record tells its last activity, by an index; the others are
    /// looked at one by one.
    private func threadsByActivity(
        _ db: Database, condition: String, values: [SQLValue], limit: Int
    ) throws -> [ThreadSummary] {
        let plain = try db.all(
            """
            SELECT \(ThreadSQL.columns) FROM \(ThreadSQL.tables)
            WHERE t.open_last_sequence < ?3 AND t.restricted_posts = 0\(condition)
            ORDER BY t.open_last_sequence DESC LIMIT ?4
            """,
            values, ThreadSQL.summary)
        let mixed = try db.all(
            """
            SELECT * FROM (SELECT \(ThreadSQL.columns) FROM \(ThreadSQL.tables) WHERE t.restricted_posts > 0\(condition))
            WHERE last_sequence < ?3 ORDER BY last_sequence DESC LIMIT ?4
            """,
            values, ThreadSQL.summary)
        return Array((plain + mixed).sorted { $0.lastSequence > $1.lastSequence }.prefix(limit))
    }

    /// Every topic, in the order of their paths, with what `viewer` may see of it.
    package func topics(viewer: Viewer) throws(StorageError) -> [TopicSummary] {
        try read { db in
            var restricted: [Int64: (threads: Int, posts: Int, last: SequenceNumber)] = [:]
            try db.each(
                """
                SELECT p.topic, sum(p.kind = 1), count(*), max(p.sequence) FROM posts p
                WHERE p.is_open = 0 AND \(VisibilitySQL.post("p")) GROUP BY p.topic
                """,
                viewer.parameters
            ) { columns in
                restricted[columns.integer(0)] = (columns.int(1), columns.int(2), columns.integer(3))
                return true
            }
            let formerNames = Dictionary(
                grouping: try TopicMoveSQL.formerNames(in: db).current, by: \.value
            ).mapValues { $0.map(\.key).sorted() }
            return try db.all(
                """
                SELECT id, path, description, is_archived, open_threads, open_posts, open_last_sequence, is_moderated,
                    keep_days, review_days
                FROM topics ORDER BY path
                """
            ) { columns in
                let own = restricted[columns.integer(0)] ?? (0, 0, 0)
                let topic = try columns.topic(1)
                return TopicSummary(
                    topic: topic, formerNames: formerNames[topic] ?? [], description: columns.text(2),
                    isArchived: columns.flag(3),
                    isModerated: columns.flag(7),
                    threadCount: columns.int(4) + own.threads, postCount: columns.int(5) + own.posts,
                    lastSequence: max(columns.integer(6), own.last),
                    retention: TopicRetention(keepDays: columns.int(8), reviewDays: columns.int(9)))
            }
        }
    }
}

/// Summaries of threads: `t` is the thread, `l` its lesson, `k` its topic. The viewer must be allowed to see the lesson.
enum ThreadSQL {
    static let tables = """
        threads t CROSS JOIN posts l ON l.sequence = t.sequence CROSS JOIN topics k ON k.id = t.topic
        """

    private static let restricted = """
        FROM posts p WHERE p.thread = t.sequence AND p.kind > 1 AND p.is_open = 0 AND \(VisibilitySQL.own("p"))
        """

    static let columns = """
        l.id, t.sequence,
        CASE WHEN t.restricted_posts = 0 THEN t.open_last_sequence
            ELSE max(t.open_last_sequence, coalesce((SELECT max(p.sequence) \(restricted)), 0)) END AS last_sequence,
        k.path, t.title, t.language, t.state, t.marking, l.organisation, l.author, t.country,
        t.open_posts + CASE WHEN t.restricted_posts = 0 THEN 0 ELSE (SELECT count(*) \(restricted)) END,
        t.created_at, l.received_at,
        (SELECT count(*) FROM thread_endorsements e WHERE e.thread = t.sequence),
        (SELECT group_concat(status) FROM (SELECT r.status AS status, max(r.post) FROM thread_reports r
            CROSS JOIN posts p ON p.sequence = r.post
            WHERE r.thread = t.sequence AND \(VisibilitySQL.own("p")) GROUP BY r.organisation)),
        (SELECT group_concat(DISTINCT x.language) FROM thread_translations x WHERE x.thread = t.sequence),
        t.superseded_by, t.is_redacted
        """

    static func summary(_ columns: Columns) throws -> ThreadSummary {
        ThreadSummary(
            id: try columns.postID(0), sequence: columns.integer(1), lastSequence: columns.integer(2),
            topic: try columns.topic(3), title: columns.text(4), language: columns.text(5),
            state: try columns.value(6), marking: try columns.value(7), organisation: try columns.slug(8),
            author: try columns.memberID(9), country: columns.optionalText(10), postCount: columns.int(11),
            createdAt: columns.integer(12), receivedAt: columns.integer(13), reception: try reception(columns, from: 14)
        )
    }

    private static func reception(_ columns: Columns, from index: Int32) throws -> ThreadReception {
        var reception = ThreadReception()
        reception.endorsements = columns.int(index)
        for status in columns.text(index + 1).split(separator: ",") {
            guard let status = Int(status).flatMap(ApplicationReport.Status.init(rawValue:)) else {
                throw StorageError.damaged("\(status) is no status of an application report")
            }
            reception.applications[status, default: 0] += 1
        }
        reception.translations = columns.text(index + 2).split(separator: ",").map(String.init).sorted()
        reception.supersededBy = try columns.optionalPostID(index + 3)
        reception.isRedacted = columns.flag(index + 4)
        return reception
    }
}
