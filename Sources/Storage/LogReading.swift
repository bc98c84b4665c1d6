import GRDB
package import LessonModel

extension RelayStore {
    /// How many places of the log one call of `readLog` looks at.
    package static let maxScannedPerPage: SequenceNumber = 4_096
    /// How many posts `posts(ids:viewer:)` answers at once.
    package static let maxFetchedPosts = 1_024

    static let storedColumns = "p.sequence, p.received_at, c.content, c.signature, c.certificate"

    /// The posts after `after`, up to and including `through`, that `viewer` may see and at least one of `filters`
    /// selects. A filter judges a comment by its thread.
    /// - Parameters:
    ///   - filters: nil selects everything, an empty list nothing.
    ///   - maxBytes: of content and signatures together; the first post is given in any case.
    package func readLog(
        after: SequenceNumber, through: SequenceNumber = .max, viewer: Viewer, filters: [SubscriptionFilter]? = nil,
        maxPosts: Int, maxBytes: Int
    ) throws(StorageError) -> LogPage {
        try read { db in
            let head = try db.first("SELECT coalesce(max(sequence), 0) FROM posts") { $0.integer(0) } ?? 0
            let start = max(0, after)
            let end = min(through, head)
            guard start < end else { return LogPage(posts: [], scannedThrough: after) }
            var condition = LogCondition.everything
            if let filters {
                condition = try LogCondition(
                    filters, firstParameter: 6, topics: { try topicSelection(for: $0, in: db) },
                    threads: { try RelayStore.threadSequences($0, in: db) })
                if condition.selectsNothing { return LogPage(posts: [], scannedThrough: end) }
            }
            let last = end - start > RelayStore.maxScannedPerPage ? start + RelayStore.maxScannedPerPage : end
            return try page(
                db, after: start, through: last, viewer: viewer, condition: condition,
                limit: (posts: max(1, maxPosts), bytes: maxBytes))
        }
    }

    static func threadSequences(_ threads: Set<PostID>, in db: Database) throws -> [SequenceNumber] {
        try threads.compactMap { id in
            try db.first("SELECT sequence FROM posts WHERE id = ?", [.id(id)]) { $0.integer(0) }
        }
    }

    private func page(
        _ db: Database, after: SequenceNumber, through: SequenceNumber, viewer: Viewer, condition: LogCondition,
        limit: (posts: Int, bytes: Int)
    ) throws -> LogPage {
        let sql = """
            SELECT \(RelayStore.storedColumns) FROM posts p CROSS JOIN post_contents c ON c.sequence = p.sequence
            WHERE p.sequence > ?3 AND p.sequence <= ?4 AND \(VisibilitySQL.post("p"))\(condition.sql)
            ORDER BY p.sequence LIMIT ?5
            """
        let values =
            viewer.parameters + [.integer(after), .integer(through), .integer(limit.posts)] + condition.values
        let collected = try StoredPosts.collect(
            from: db, sql, values, isRemembered: condition.isOfFewShapes, maxBytes: limit.bytes)
        let isCut = collected.isCut || collected.posts.count == limit.posts
        return LogPage(
            posts: collected.posts,
            scannedThrough: isCut ? collected.posts.last?.sequence ?? through : through)
    }

    /// Those of `ids` that are in the log and that `viewer` may see, in the order asked for. At most `maxFetchedPosts`
    /// of them are looked for.
    package func posts(ids: [PostID], viewer: Viewer) throws(StorageError) -> [StoredPost] {
        try read { db in
            try ids.prefix(RelayStore.maxFetchedPosts).compactMap { id in
                try db.first(
                    """
                    SELECT \(RelayStore.storedColumns) FROM posts p JOIN post_contents c ON c.sequence = p.sequence
                    WHERE p.id = ?3 AND \(VisibilitySQL.post("p"))
                    """,
                    viewer.parameters + [.id(id)], StoredPosts.post)
            }
        }
    }

    /// The place after which to read in order to get everything received at `time` or later, however the clock was
    /// set meanwhile: the first such post's number less one; the head when there is none.
    package func sequence(atTime time: Milliseconds) throws(StorageError) -> SequenceNumber {
        try read { db in
            let hours = try db.first(
                "SELECT min(first_sequence) FROM log_hours WHERE hour >= ?", [.integer(LogHour.containing(time))]
            ) { $0.optionalInteger(0) }
            var found: SequenceNumber?
            if let start = hours ?? nil {
                found = try db.first(
                    "SELECT sequence FROM posts WHERE sequence >= ? AND received_at >= ? ORDER BY sequence LIMIT 1",
                    [.integer(start), .integer(time)]
                ) { $0.integer(0) }
            }
            if let found { return found - 1 }
            return try db.first("SELECT coalesce(max(sequence), 0) FROM posts") { $0.integer(0) } ?? 0
        }
    }
}

/// Posts read from `RelayStore.storedColumns`.
enum StoredPosts {
    static func post(_ columns: Columns) -> StoredPost {
        StoredPost(
            sequence: columns.integer(0), receivedAt: columns.integer(1),
            post: SignedPost(
                content: columns.blob(2), signature: columns.blob(3), certificateFingerprint: columns.blob(4)))
    }

    /// Rows until `maxBytes` would be exceeded, but at least one; `isCut` tells that it was.
    static func collect(
        from db: Database, _ sql: String, _ values: [SQLValue], isRemembered: Bool = true, maxBytes: Int
    ) throws -> (posts: [StoredPost], isCut: Bool) {
        var posts: [StoredPost] = []
        var bytes = 0
        var isCut = false
        try db.each(sql, values, isRemembered: isRemembered) { columns in
            bytes += columns.byteCount(2) + columns.byteCount(3)
            if bytes > maxBytes, !posts.isEmpty {
                isCut = true
                return false
            }
            posts.append(post(columns))
            return true
        }
        return (posts, isCut)
    }
}
