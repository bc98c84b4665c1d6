import GRDB
package import LessonModel

/// Moves of topics. A topic is its row; what it is called changes, and every name that it ever had stays its own.
extension RelayStore {
    /// The topics at and below `topic`, archived ones too, in the order of their paths.
    package func topics(at topic: Topic) throws(StorageError) -> [Topic] {
        try read { db in try TopicMoveSQL.topics(at: topic, in: db) }
    }

    /// Moves a topic and everything below it. Threads, posts, retention and counters go along; posts that wait for a curator,
    /// durable subscriptions and what curators curate are changed so that they mean the same topics as before. The
    /// former names go on standing for the topics. The log is unchanged.
    /// - Returns: what moved, by the paths before.
    /// - Throws: `.notFound` when there is no such topic, or none above the new place; `.alreadyExists` when the new place is
    ///   taken, by a topic or by the former name of one; `.limit` when a topic would stand too deep. Nothing was changed then.
    @discardableResult
    package func moveTopic(_ move: TopicMove, audit: AuditEntry) throws(StorageError) -> [Topic] {
        try changeTopics { db in
            let moving = try TopicMoveSQL.topics(at: move.from, in: db)
            guard moving.first == move.from else { throw StorageError.notFound("topic \(move.from)") }
            if let parent = move.to.parent, try TopicMoveSQL.id(of: parent, in: db) == nil {
                throw StorageError.notFound("topic \(parent)")
            }
            guard try TopicMoveSQL.topics(at: move.to, in: db).isEmpty else {
                throw StorageError.alreadyExists("the topic \(move.to)")
            }
            for topic in moving { try TopicMoveSQL.rename(topic, by: move, in: db) }
            try TopicMoveSQL.follow(move, of: moving, in: db)
            try AuditChain.append(audit, to: db)
            return moving
        }
    }
}

enum TopicMoveSQL {
    /// `id` rises with every move: what was remembered of the tree holds while the highest one is the same.
    static let schema = """
        CREATE TABLE topic_former_paths (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            path TEXT NOT NULL UNIQUE,
            topic INTEGER NOT NULL REFERENCES topics (id)
        ) STRICT;
        """

    static func topics(at topic: Topic, in db: Database) throws -> [Topic] {
        try db.all(
            "SELECT path FROM topics WHERE path = ?1 OR substr(path, 1, length(?1) + 1) = ?1 || '/' ORDER BY path",
            [.text(topic.path)]
        ) { try $0.topic(0) }
    }

    static func id(of topic: Topic, in db: Database) throws -> Int64? {
        try db.first("SELECT id FROM topics WHERE path = ?", [.text(topic.path)]) { $0.integer(0) }
    }

    static func formerNames(in db: Database) throws -> FormerTopicNames {
        var names = FormerTopicNames()
        try db.each("SELECT f.path, k.path FROM topic_former_paths f JOIN topics k ON k.id = f.topic") { columns in
            names[try columns.topic(0)] = try columns.topic(1)
            return true
        }
        return names
    }

    /// - Throws: `.alreadyExists` when `topic` is a former name.
    static func requireUnused(_ topic: Topic, in db: Database) throws {
        let owner = try db.first(
            "SELECT k.path FROM topic_former_paths f JOIN topics k ON k.id = f.topic WHERE f.path = ?",
            [.text(topic.path)]
        ) { $0.text(0) }
        if let owner { throw StorageError.alreadyExists("the former name \(topic) of the topic \(owner)") }
    }

    static func rename(_ topic: Topic, by move: TopicMove, in db: Database) throws {
        let place: Topic
        do { place = try move.place(of: topic) } catch { throw StorageError.limit("\(error)") }
        guard let id = try id(of: topic, in: db) else { throw StorageError.notFound("topic \(topic)") }
        // A topic may come back to a place where it was before.
        try db.run("DELETE FROM topic_former_paths WHERE path = ? AND topic = ?", [.text(place.path), .integer(id)])
        try requireUnused(place, in: db)
        try db.run("UPDATE topics SET path = ? WHERE id = ?", [.text(place.path), .integer(id)])
        try db.run("INSERT INTO topic_former_paths (path, topic) VALUES (?, ?)", [.text(topic.path), .integer(id)])
        try db.run("UPDATE held_posts SET topic = ? WHERE topic = ?", [.text(place.path), .text(topic.path)])
    }

    /// Changes what names topics by their paths.
    static func follow(_ move: TopicMove, of topics: [Topic], in db: Database) throws {
        try SubscriptionSQL.changeFilters(in: db) { $0.following(move, of: topics) }
        let curators = try db.all("SELECT id, curated_topics FROM members WHERE curated_topics <> ''") {
            (id: try $0.memberID(0), topics: MembershipSQL.topics($0.text(1)))
        }
        for curator in curators {
            let moved = Set(try curator.topics.map { try move.place(of: $0) })
            guard moved != curator.topics else { continue }
            try db.run(
                "UPDATE members SET curated_topics = ? WHERE id = ?",
                [.text(MembershipSQL.text(of: moved)), .id(curator.id)])
        }
    }
}
