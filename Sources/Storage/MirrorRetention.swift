import GRDB
package import LessonModel

/// What the mirror keeps no longer, and what should be looked at again, by its topics' periods.
extension ClientMirror {
    /// Erases, from the file's bytes too, the threads whose topic keeps them no longer at `now`; the same rule as the
    /// relay's, so that it needs no connection.
    /// - Returns: how many posts went.
    @discardableResult
    package func expire(at now: Milliseconds) throws(StorageError) -> Int {
        let due = """
            SELECT c.id FROM topics k JOIN threads c ON c.topic = k.path JOIN posts l ON l.sequence = c.lesson
            WHERE k.keep_days > 0 AND l.received_at < ?1 - k.keep_days * \(TopicRetention.day)
            """
        guard try database.reading({ db in try db.exists(due + " LIMIT 1", [.integer(now)]) }) else { return 0 }
        return try database.writing { db in
            var count = 0
            for thread in try db.all(due, [.integer(now)], { try $0.postID(0) }) {
                count += try db.run("DELETE FROM posts WHERE thread = ?", [.id(thread)])
                try MirrorThreadSQL.refresh(thread, in: db)
            }
            if count > 0 { try MirrorSearch.index.removeAll(in: db) }
            return count
        }
    }

    /// Lessons whose last post here is older than their topic's time for review, the oldest first.
    package func dueForReview(at now: Milliseconds, limit: Int) throws(StorageError) -> [MirrorThread] {
        try database.reading { db in
            try db.all(
                """
                SELECT \(MirrorThreadSQL.columns) FROM topics k JOIN threads c ON c.topic = k.path
                JOIN posts l ON l.sequence = c.lesson JOIN posts n ON n.sequence = c.last_sequence
                WHERE k.review_days > 0 AND n.received_at < ?1 - k.review_days * \(TopicRetention.day)
                ORDER BY n.received_at LIMIT ?2
                """,
                [.integer(now), .integer(max(1, limit))], MirrorThreadSQL.thread)
        }
    }
}
