import GRDB
package import LessonModel
import Synchronization

/// How long a topic keeps its threads, and when its lessons should be looked at again.
package struct TopicRetention: Hashable, Sendable {
    package static let maxDays = 36_500
    package static let day: Milliseconds = 86_400_000

    /// A thread is erased when its lesson was received longer ago; 0: never. What others said in it plays no part, so that
    /// nothing can be learned from when it goes.
    package var keepDays: Int
    /// A lesson is due for review when its last post is older; 0: never.
    package var reviewDays: Int

    package init(keepDays: Int = 0, reviewDays: Int = 0) {
        self.keepDays = keepDays
        self.reviewDays = reviewDays
    }
}

extension RelayStore {
    /// Erases what topics keep no longer: every text of the thread, its files, its title. The places in the log and the
    /// hashes stay, and the log still verifies.
    /// - Parameters:
    ///   - maxThreads: more wait for the next call.
    ///   - decode: reads signed content that goes out of the index for search; the same as for `indexForSearch`.
    /// - Returns: how many threads went.
    @discardableResult
    package func expireThreads(
        at now: Milliseconds, maxThreads: Int = 32, decode: @Sendable ([UInt8]) -> Post?
    ) throws(StorageError) -> Int {
        let isDue = try read { db in try db.exists(Retention.due + " LIMIT 1", [.integer(now)]) }
        guard isDue else { return 0 }
        let count = try write { db in
            let due = try db.all(Retention.due + " LIMIT ?2", [.integer(now), .integer(maxThreads)]) {
                (thread: $0.integer(0), topic: $0.text(1))
            }
            // Whoever appends looks at the thread anew, and finds it gone.
            log.withLock { $0.forget() }
            for (thread, _) in due {
                try withoutActuallyEscaping(decode) { try Retention.expire(thread, at: now, in: db, $0) }
            }
            for (topic, threads) in Dictionary(grouping: due, by: \.topic).sorted(by: { $0.key < $1.key }) {
                try AuditChain.append(
                    AuditEntry(
                        at: now, actor: .host, action: "topic.expire",
                        detail: ["topic": topic, "threads": "\(threads.count)"]), to: db)
            }
            return due.count
        }
        hasErasedWords.store(true, ordering: .releasing)
        hasErasedBlobs.store(true, ordering: .releasing)
        return count
    }
}

enum Retention {
    static let schema = """
        ALTER TABLE topics ADD COLUMN keep_days INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE topics ADD COLUMN review_days INTEGER NOT NULL DEFAULT 0;
        CREATE TABLE expired_threads (
            thread INTEGER PRIMARY KEY REFERENCES threads (sequence),
            expired_at INTEGER NOT NULL
        ) STRICT;
        """

    /// Threads that have had their time at parameter 1, each with its topic.
    static let due = """
        SELECT t.sequence, k.path FROM topics k CROSS JOIN threads t ON t.topic = k.id
        JOIN posts l ON l.sequence = t.sequence
        WHERE k.keep_days > 0 AND l.received_at < ?1 - k.keep_days * \(TopicRetention.day)
            AND \(isKept("t.sequence"))
        """

    /// - Parameter thread: an SQL expression for a thread's sequence number.
    static func isKept(_ thread: String) -> String {
        "NOT EXISTS (SELECT 1 FROM expired_threads x WHERE x.thread = \(thread))"
    }

    static func expire(
        _ thread: SequenceNumber, at now: Milliseconds, in db: Database, _ decode: ([UInt8]) -> Post?
    ) throws {
        let this = [SQLValue.integer(thread)]
        let posts = try db.all(
            """
            SELECT p.sequence, p.is_open, c.content FROM posts p JOIN post_contents c ON c.sequence = p.sequence
            WHERE p.sequence = ?1 OR (p.thread = ?1 AND p.kind > 1)
            """, this
        ) { ($0.integer(0), $0.flag(1), $0.blob(2)) }
        for (post, isOpen, content) in posts {
            try PostErasure.erase(post, isOpen: isOpen, searchText: decode(content)?.searchText, in: db)
        }
        try db.run("DELETE FROM thread_endorsements WHERE thread = ?", this)
        try db.run(
            """
            UPDATE threads SET title = '', is_redacted = 1, state = \(ThreadState.observation.rawValue), superseded_by = NULL
            WHERE sequence = ?
            """, this)
        try db.run("INSERT INTO expired_threads (thread, expired_at) VALUES (?, ?)", this + [.integer(now)])
    }
}

/// Takes a post's text out of every table; `secure_delete` takes it out of the file's bytes as well.
enum PostErasure {
    static func erase(
        _ post: SequenceNumber, isOpen: Bool, searchText: Post.SearchText?, in db: Database
    ) throws {
        try RelaySearch.erase(searchText, isOpen: isOpen, at: post, in: db)
        let this = [SQLValue.integer(post)]
        try db.run("DELETE FROM post_contents WHERE sequence = ?", this)
        for table in ["thread_texts", "thread_reports", "thread_translations", "post_attachments"] {
            try db.run("DELETE FROM \(table) WHERE post = ?", this)
        }
    }
}
