import GRDB
package import LessonModel
import Synchronization

/// The topic tree, and the relay's settings.
extension RelayStore {
    /// Adds topics that do not exist yet; one that does keeps its description.
    /// - Returns: those that were added.
    /// - Throws: `.alreadyExists` when a path is the former name of a topic that has moved; nothing was added.
    @discardableResult
    package func addTopics(_ topics: [TopicDescription], audit: AuditEntry) throws(StorageError) -> [Topic] {
        try changeTopics { db in
            for entry in topics { try TopicMoveSQL.requireUnused(entry.topic, in: db) }
            let added = try topics.filter { entry in
                try db.run(
                    "INSERT INTO topics (path, description) VALUES (?, ?) ON CONFLICT (path) DO NOTHING",
                    [.text(entry.topic.path), .text(entry.description)]) == 1
            }
            try AuditChain.append(audit, to: db)
            return added.map(\.topic)
        }
    }

    /// An archived topic keeps its threads, readable as before, and takes no new posts.
    /// - Throws: `.notFound`.
    package func setArchived(_ isArchived: Bool, topic: Topic, audit: AuditEntry) throws(StorageError) {
        try changeTopics { db in
            let changed = try db.run(
                "UPDATE topics SET is_archived = ? WHERE path = ?", [.flag(isArchived), .text(topic.path)])
            guard changed == 1 else { throw StorageError.notFound("topic \(topic)") }
            try AuditChain.append(audit, to: db)
        }
    }

    /// Changes what is said of a topic and who may post to it at once; what is nil stays.
    ///
    /// An archived topic keeps its threads, readable as before, and takes no new posts. To a moderated one lessons and
    /// comments come when a curator of it lets them; posts that wait when it becomes open go on waiting.
    /// - Throws: `.notFound`.
    package func changeTopic(
        _ topic: Topic, description: String?, isArchived: Bool?, isModerated: Bool?, keepDays: Int? = nil,
        reviewDays: Int? = nil, audit: AuditEntry
    ) throws(StorageError) {
        try changeTopics { db in
            let changed = try db.run(
                """
                UPDATE topics SET description = coalesce(?, description), is_archived = coalesce(?, is_archived),
                    is_moderated = coalesce(?, is_moderated), keep_days = coalesce(?, keep_days),
                    review_days = coalesce(?, review_days) WHERE path = ?
                """,
                [
                    .optional(description), isArchived.map(SQLValue.flag) ?? .null,
                    isModerated.map(SQLValue.flag) ?? .null, keepDays.map { SQLValue.integer($0) } ?? .null,
                    reviewDays.map { SQLValue.integer($0) } ?? .null, .text(topic.path),
                ])
            guard changed == 1 else { throw StorageError.notFound("topic \(topic)") }
            try AuditChain.append(audit, to: db)
        }
    }

    /// Runs `body` in a transaction, after which the writer reads the topics and their threads afresh.
    func changeTopics<Value>(_ body: (Database) throws -> Value) throws(StorageError) -> Value {
        try write { db in
            log.withLock { $0.forget() }
            return try body(db)
        }
    }

    package func setting(_ key: String) throws(StorageError) -> String? {
        try read { db in try db.first("SELECT value FROM settings WHERE key = ?", [.text(key)]) { $0.text(0) } }
    }

    package func setSetting(_ key: String, to value: String, audit: AuditEntry? = nil) throws(StorageError) {
        try write { db in
            try db.run(
                "INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                [.text(key), .text(value)])
            if let audit { try AuditChain.append(audit, to: db) }
        }
    }
}
