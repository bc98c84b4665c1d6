import GRDB
import LessonModel

/// What the writer remembers of the log between appends, so that a post costs no look-ups that an earlier one has
/// made. It is thrown away whenever a transaction fails, and read again as needed.
struct LogState: Sendable {
    struct TopicRow: Sendable {
        let id: Int64
        let isArchived: Bool
        let isModerated: Bool
        var openThreads: Int64
        var openPosts: Int64
        var openLastSequence: SequenceNumber
    }

    /// What a post in a thread needs to know of it.
    struct ThreadRow: Sendable {
        let sequence: SequenceNumber
        let topicID: Int64
        let visibility: Visibility
        var facts: ThreadFacts
    }

    /// The last sequence number ever given; nil until it was read.
    var lastSequence: SequenceNumber?
    /// The last hour that `log_hours` has been told of.
    var hour: Int64?
    /// Nil until they were read; all of them then.
    var topics: [Topic: TopicRow]?
    /// Read with `topics`.
    private(set) var formerNames = FormerTopicNames()
    /// Whether a post was ever held. Read with `topics`.
    var hasHeldPosts = false
    var threads = RecentValues<PostID, ThreadRow>(limit: 4_096)

    mutating func load(from db: Database) throws {
        if lastSequence == nil {
            lastSequence = try db.first("SELECT seq FROM sqlite_sequence WHERE name = 'posts'") { $0.integer(0) } ?? 0
        }
        if topics == nil {
            let rows = try db.all(
                """
                SELECT path, id, is_archived, open_threads, open_posts, open_last_sequence, is_moderated
                FROM topics
                """
            ) { columns in
                (
                    try columns.topic(0),
                    TopicRow(
                        id: columns.integer(1), isArchived: columns.flag(2), isModerated: columns.flag(6),
                        openThreads: columns.integer(3),
                        openPosts: columns.integer(4), openLastSequence: columns.integer(5))
                )
            }
            topics = Dictionary(rows, uniquingKeysWith: { first, _ in first })
            formerNames = try TopicMoveSQL.formerNames(in: db)
            hasHeldPosts = try db.first("SELECT EXISTS (SELECT 1 FROM held_posts)") { $0.flag(0) } ?? false
        }
    }

    mutating func forget() { self = LogState() }
}

/// Keeps between `limit` and twice `limit` of the values that were used last, at the price of two dictionaries.
struct RecentValues<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private let limit: Int
    private var young: [Key: Value] = [:]
    private var old: [Key: Value] = [:]

    init(limit: Int) { self.limit = limit }

    subscript(key: Key) -> Value? {
        mutating get {
            if let value = young[key] { return value }
            guard let value = old[key] else { return nil }
            self[key] = value
            return value
        }
        set {
            if young.count >= limit {
                old = young
                young = [:]
            }
            young[key] = newValue
        }
    }
}
