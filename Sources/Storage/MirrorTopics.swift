import GRDB
package import LessonModel

/// A topic with what the mirror has of it.
package struct MirrorTopic: Hashable, Sendable {
    package var topic: Topic
    /// What it was called before it moved.
    package var formerNames: [Topic]
    package var description: String
    /// Threads whose lesson is in the mirror.
    package var threads: Int
    /// Posts of those that the person has not read; see `ThreadMark`.
    package var unread: Int
    package var isArchived: Bool
    package var isModerated: Bool
    package var retention: TopicRetention

    package init(
        topic: Topic, formerNames: [Topic] = [], description: String, threads: Int = 0, unread: Int = 0,
        isArchived: Bool = false, isModerated: Bool = false, retention: TopicRetention = TopicRetention()
    ) {
        self.topic = topic
        self.formerNames = formerNames
        self.description = description
        self.threads = threads
        self.unread = unread
        self.isArchived = isArchived
        self.isModerated = isModerated
        self.retention = retention
    }
}

extension ClientMirror {
    /// Every topic that the relay named last, and those of threads in the mirror, by path. Without their former names.
    package func topics() throws(StorageError) -> [MirrorTopic] {
        try database.reading { db in
            try db.all(
                """
                SELECT path, description, is_archived, is_moderated, coalesce(c.threads, 0), coalesce(c.unread, 0),
                    keep_days, review_days
                FROM (SELECT path, description, is_archived, is_moderated, keep_days, review_days FROM topics
                    UNION ALL SELECT DISTINCT topic, '', 0, 0, 0, 0 FROM threads WHERE topic NOT IN (SELECT path FROM topics))
                LEFT JOIN (SELECT topic, count(*) AS threads, sum(unread) AS unread FROM threads
                    WHERE lesson IS NOT NULL GROUP BY topic) c ON c.topic = path
                ORDER BY path
                """
            ) { columns in
                MirrorTopic(
                    topic: try columns.topic(0), description: columns.text(1), threads: columns.int(4),
                    unread: columns.int(5), isArchived: columns.int(2) != 0, isModerated: columns.int(3) != 0,
                    retention: TopicRetention(keepDays: columns.int(6), reviewDays: columns.int(7)))
            }
        }
    }

    /// The names that topics had before they moved, as far as the relay has told.
    package func formerTopicNames() throws(StorageError) -> FormerTopicNames {
        try database.reading { db in try MirrorTopicSQL.formerNames(in: db) }
    }

    /// Puts what the relay says of its topics in the place of what it said before. Threads of a topic that has moved are
    /// of the topic by its new name from then on, whatever name their posts were signed with.
    package func setTopics(_ topics: [MirrorTopic]) throws(StorageError) {
        try database.writing { db in
            let known = try MirrorTopicSQL.formerNames(in: db)
            try db.run("DELETE FROM topics")
            try db.run("DELETE FROM topic_former_paths")
            for topic in topics {
                try db.run(
                    """
                    INSERT INTO topics (path, description, is_archived, is_moderated, keep_days, review_days)
                    VALUES (?, ?, ?, ?, ?, ?)
                    """,
                    [
                        .text(topic.topic.path), .text(topic.description), .flag(topic.isArchived),
                        .flag(topic.isModerated), .integer(topic.retention.keepDays),
                        .integer(topic.retention.reviewDays),
                    ])
                for former in topic.formerNames {
                    try db.run(
                        "INSERT OR REPLACE INTO topic_former_paths (path, topic) VALUES (?, ?)",
                        [.text(former.path), .text(topic.topic.path)])
                    guard known[former] != topic.topic else { continue }
                    try MirrorTopicSQL.rename(former, to: topic.topic, in: db)
                }
            }
        }
    }
}

enum MirrorTopicSQL {
    static let formerPaths = """
        CREATE TABLE topic_former_paths (
            path TEXT PRIMARY KEY,
            topic TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        """

    static func formerNames(in db: Database) throws -> FormerTopicNames {
        var names = FormerTopicNames()
        try db.each("SELECT path, topic FROM topic_former_paths") { columns in
            names[try columns.topic(0)] = try columns.topic(1)
            return true
        }
        return names
    }

    /// The filter by the topics' names of now.
    static func named(_ filter: SubscriptionFilter?, in db: Database) throws -> SubscriptionFilter? {
        guard let filter else { return nil }
        return try formerNames(in: db).name(of: filter)
    }

    static func rename(_ former: Topic, to topic: Topic, in db: Database) throws {
        for table in ["posts", "threads"] {
            try db.run("UPDATE \(table) SET topic = ? WHERE topic = ?", [.text(topic.path), .text(former.path)])
        }
    }
}
