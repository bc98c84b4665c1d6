import GRDB
package import LessonModel

/// How far a person has read a thread, and whether they want to hear of it.
package struct ThreadMark: Hashable, Sendable {
    /// The raw values are the database's and the protocol's.
    package enum Attention: Int, CaseIterable, Sendable {
        case normal = 0
        /// Posts of the thread are wanted, whatever the subscription selects.
        case followed = 1
        /// Posts of the thread count as read.
        case muted = 2
    }

    package var thread: PostID
    /// Posts up to this number are read; 0 for none.
    package var readThrough: SequenceNumber
    package var attention: Attention

    package init(thread: PostID, readThrough: SequenceNumber = 0, attention: Attention = .normal) {
        self.thread = thread
        self.readThrough = readThrough
        self.attention = attention
    }
}

extension ClientMirror {
    /// The thread with the newest post that is not read, of those before `before`; nil where all is read.
    package func newestUnread(
        in filter: SubscriptionFilter? = nil, except thread: PostID? = nil
    ) throws(StorageError) -> MirrorThread? {
        try database.reading { db in
            var found: MirrorThread?
            let filter = try MirrorTopicSQL.named(filter, in: db)
            try db.each(
                """
                SELECT \(MirrorThreadSQL.columns) FROM threads c JOIN posts l ON l.sequence = c.lesson
                WHERE c.unread > 0 AND c.id IS NOT ?1 ORDER BY c.last_sequence DESC
                """,
                [.optional(thread?.bytes)]
            ) { columns in
                let thread = try MirrorThreadSQL.thread(columns)
                if MirrorSQL.selects(filter, thread) { found = thread }
                return found == nil
            }
            return found
        }
    }

    /// Posts of all threads whose lesson is here that are not read.
    package func unreadCount() throws(StorageError) -> Int {
        try database.reading { db in
            try db.first("SELECT coalesce(sum(unread), 0) FROM threads WHERE lesson IS NOT NULL") { $0.int(0) } ?? 0
        }
    }

    package func mark(of thread: PostID) throws(StorageError) -> ThreadMark {
        try database.reading { db in try MirrorThreadSQL.mark(thread, in: db) }
    }

    /// Notes that the posts of a thread are read up to a number, which never falls; the relay is to be told.
    package func markRead(_ thread: PostID, through: SequenceNumber) throws(StorageError) {
        try change(thread) { $0.readThrough = max($0.readThrough, through) }
    }

    /// Notes that the whole of a thread is unread; the relay is to be told.
    package func markUnread(_ thread: PostID) throws(StorageError) { try change(thread) { $0.readThrough = 0 } }

    package func setAttention(_ attention: ThreadMark.Attention, to thread: PostID) throws(StorageError) {
        try change(thread) { $0.attention = attention }
    }

    /// Marks every thread in the filter's topics as read; nil for all.
    /// - Returns: how many threads had something unread.
    @discardableResult
    package func markAllRead(in filter: SubscriptionFilter? = nil) throws(StorageError) -> Int {
        try database.writing { db in
            let filter = try MirrorTopicSQL.named(filter, in: db)
            let threads = try db.all("SELECT id, topic, last_sequence FROM threads WHERE unread > 0") {
                (try $0.postID(0), try $0.topic(1), $0.integer(2))
            }.filter { filter?.selects(topic: $0.1) ?? true }
            for (thread, _, last) in threads {
                var mark = try MirrorThreadSQL.mark(thread, in: db)
                mark.readThrough = max(mark.readThrough, last)
                try MirrorThreadSQL.write(mark, isUnsent: true, in: db)
                try MirrorThreadSQL.refresh(thread, in: db)
            }
            return threads.count
        }
    }

    /// Marks that the relay has not been told of, each with true when it was set to unread.
    package func unsentMarks(limit: Int) throws(StorageError) -> [(mark: ThreadMark, isUnread: Bool)] {
        try database.reading { db in
            try db.all(
                "SELECT thread, read_through, attention FROM thread_marks WHERE is_unsent = 1 LIMIT ?",
                [.integer(max(1, limit))]
            ) { columns in
                let mark = ThreadMark(
                    thread: try columns.postID(0), readThrough: columns.integer(1), attention: try columns.value(2))
                return (mark, mark.readThrough == 0)
            }
        }
    }

    /// Notes that the relay has these marks; one that has changed meanwhile is still to be told.
    package func noteSent(_ marks: [ThreadMark]) throws(StorageError) {
        try database.writing { db in
            for mark in marks {
                try db.run(
                    """
                    UPDATE thread_marks SET is_unsent = 0
                    WHERE thread = ? AND read_through = ? AND attention = ?
                    """,
                    [.id(mark.thread), .integer(mark.readThrough), .integer(mark.attention.rawValue)])
            }
        }
    }

    /// Up to which version the relay's marks are here; 0 at first.
    package func marksVersion() throws(StorageError) -> Int64 {
        try database.reading { db in
            try db.first("SELECT version FROM marks_version") { $0.integer(0) } ?? 0
        }
    }

    /// Takes marks of the member's other devices over; what was changed here and not told yet stays.
    package func takeMarks(_ marks: [ThreadMark], version: Int64) throws(StorageError) {
        try database.writing { db in
            for mark in marks {
                let isUnsent = try db.exists(
                    "SELECT 1 FROM thread_marks WHERE thread = ? AND is_unsent = 1", [.id(mark.thread)])
                guard !isUnsent else { continue }
                try MirrorThreadSQL.write(mark, isUnsent: false, in: db)
                try MirrorThreadSQL.refresh(mark.thread, in: db)
            }
            try db.run(
                "INSERT INTO marks_version (row, version) VALUES (1, ?1) ON CONFLICT (row) DO UPDATE SET version = ?1",
                [.integer(version)])
        }
    }

    /// Threads that are followed, whatever the subscription selects.
    package func followedThreads() throws(StorageError) -> Set<PostID> {
        try database.reading { db in
            Set(try db.all("SELECT thread FROM thread_marks WHERE attention = 1") { try $0.postID(0) })
        }
    }

    private func change(_ thread: PostID, _ body: (inout ThreadMark) -> Void) throws(StorageError) {
        try database.writing { db in
            let old = try MirrorThreadSQL.mark(thread, in: db)
            var mark = old
            body(&mark)
            guard mark != old else { return }
            try MirrorThreadSQL.write(mark, isUnsent: true, in: db)
            try MirrorThreadSQL.refresh(thread, in: db)
        }
    }

    /// Reads the verdicts of posts that came before the mirror kept them.
    /// - Parameter decode: reads signed content; nil where it cannot be read.
    package func completeVerdicts(decode: ([UInt8]) -> Post?) throws(StorageError) {
        let isComplete = try database.reading { db in
            try !db.exists("SELECT 1 FROM posts WHERE kind IN (4, 5, 6) AND verdict IS NULL", [])
        }
        guard !isComplete else { return }
        try database.writing { db in
            let rows = try db.all(
                "SELECT sequence, thread, content FROM posts WHERE kind IN (4, 5, 6) AND verdict IS NULL"
            ) { ($0.integer(0), try $0.postID(1), $0.blob(2)) }
            for (sequence, thread, content) in rows {
                let verdict = decode(content).flatMap(MirrorThreadSQL.verdict(of:)) ?? 0
                try db.run(
                    "UPDATE posts SET verdict = ? WHERE sequence = ?", [.integer(verdict), .integer(sequence)])
                try MirrorThreadSQL.refresh(thread, in: db)
            }
        }
    }
}

/// The mirror's threads, each with what a listing shows of it. A row is made anew from the thread's posts whenever one
/// of them or the thread's mark changes, so that no counter can drift.
enum MirrorThreadSQL {
    /// `verdict` is what a listing needs of a post's body, see `verdict(of:)`. `owner` holds whose mirror it is.
    static let schema = """
        ALTER TABLE posts ADD COLUMN verdict INTEGER;
        CREATE INDEX posts_without_verdict ON posts (sequence) WHERE kind IN (4, 5, 6) AND verdict IS NULL;
        CREATE TABLE owner (row INTEGER PRIMARY KEY CHECK (row = 1), member BLOB NOT NULL) STRICT;
        CREATE TABLE threads (
            id BLOB PRIMARY KEY,
            lesson INTEGER,
            topic TEXT NOT NULL,
            last_sequence INTEGER NOT NULL,
            posts INTEGER NOT NULL,
            unread INTEGER NOT NULL,
            state INTEGER NOT NULL,
            endorsements INTEGER NOT NULL,
            adopted INTEGER NOT NULL,
            failed INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX threads_by_activity ON threads (last_sequence);
        CREATE INDEX threads_by_lesson ON threads (lesson);
        CREATE INDEX threads_of_topic ON threads (topic, last_sequence);
        CREATE INDEX listed_threads ON threads (topic, unread) WHERE lesson IS NOT NULL;
        CREATE INDEX unread_threads ON threads (last_sequence) WHERE unread > 0;
        CREATE TABLE thread_marks (
            thread BLOB PRIMARY KEY,
            read_through INTEGER NOT NULL,
            attention INTEGER NOT NULL,
            is_unsent INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX unsent_marks ON thread_marks (is_unsent) WHERE is_unsent = 1;
        CREATE TABLE marks_version (row INTEGER PRIMARY KEY CHECK (row = 1), version INTEGER NOT NULL) STRICT;
        CREATE TABLE topics (
            path TEXT PRIMARY KEY,
            description TEXT NOT NULL,
            is_archived INTEGER NOT NULL,
            is_moderated INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """

    /// Of `threads c` joined with the lesson's row `posts l`.
    static let columns = """
        c.id, c.lesson, c.last_sequence, c.topic, \(MirrorSQL.presentTitle), l.language, l.marking, l.organisation,
        l.author, c.posts, l.created_at, l.received_at, c.unread, c.state, c.endorsements, c.adopted, c.failed,
        coalesce((SELECT m.attention FROM thread_marks m WHERE m.thread = c.id), 0)
        """

    static func thread(_ columns: Columns) throws -> MirrorThread {
        MirrorThread(
            id: try columns.postID(0), sequence: columns.integer(1), lastSequence: columns.integer(2),
            topic: try columns.topic(3), title: columns.text(4), language: columns.text(5),
            marking: try columns.value(6), organisation: try columns.slug(7), author: try columns.memberID(8),
            postCount: columns.int(9), createdAt: columns.integer(10), receivedAt: columns.integer(11),
            unread: columns.int(12), state: try columns.value(13), endorsements: columns.int(14),
            adopted: columns.int(15), failed: columns.int(16), attention: try columns.value(17))
    }

    /// What the person who owns the mirror wrote is never unread to them.
    static func setOwner(_ member: MemberID, in db: Database) throws {
        try db.run(
            """
            INSERT INTO owner (row, member) VALUES (1, ?1)
            ON CONFLICT (row) DO UPDATE SET member = ?1 WHERE member <> ?1
            """,
            [.id(member)])
    }

    /// An endorsement's 1 or, taken back, 0; a report's status; a state change's new state.
    static func verdict(of post: Post) -> Int? {
        switch post.body {
        case .endorsement(let endorsement): endorsement.isWithdrawal ? 0 : 1
        case .applicationReport(let report): report.status.rawValue
        case .stateChange(let change): change.to.rawValue
        case .lesson, .comment, .revision, .translation, .redaction: nil
        }
    }

    /// Makes the thread's row anew; it goes when no post of the thread is left.
    static func refresh(_ thread: PostID, in db: Database) throws {
        let proved = "thread = ?1 AND verification = \(PostVerification.verified.rawValue)"
        func lastReports(_ status: ApplicationReport.Status) -> String {
            """
            (SELECT count(*) FROM (SELECT verdict, max(sequence) FROM posts
                WHERE \(proved) AND kind = \(PostKind.applicationReport.rawValue) GROUP BY organisation)
                WHERE verdict = \(status.rawValue))
            """
        }
        let changed = try db.run(
            """
            INSERT OR REPLACE INTO threads
                (id, lesson, topic, last_sequence, posts, unread, state, endorsements, adopted, failed)
            SELECT ?1, max(CASE WHEN kind = 1 AND id = ?1 THEN sequence END),
                coalesce(max(CASE WHEN id = ?1 THEN topic END), max(topic)), max(sequence), count(*),
                CASE WHEN coalesce((SELECT attention FROM thread_marks WHERE thread = ?1), 0) = 2 THEN 0 ELSE
                    sum(sequence > coalesce((SELECT read_through FROM thread_marks WHERE thread = ?1), 0)
                        AND author IS NOT (SELECT member FROM owner)) END,
                coalesce((SELECT verdict FROM posts WHERE \(proved) AND kind = \(PostKind.stateChange.rawValue)
                    ORDER BY sequence DESC LIMIT 1), \(ThreadState.observation.rawValue)),
                (SELECT count(*) FROM (SELECT verdict, max(sequence) FROM posts
                    WHERE \(proved) AND kind = \(PostKind.endorsement.rawValue) GROUP BY organisation)
                    WHERE verdict = 1),
                \(lastReports(.adopted)), \(lastReports(.triedAndFailed))
            FROM posts WHERE thread = ?1 HAVING count(*) > 0
            """,
            [.blob(thread.bytes)])
        if changed == 0 { try db.run("DELETE FROM threads WHERE id = ?", [.id(thread)]) }
    }

    static func mark(_ thread: PostID, in db: Database) throws -> ThreadMark {
        try db.first("SELECT read_through, attention FROM thread_marks WHERE thread = ?", [.id(thread)]) { columns in
            ThreadMark(thread: thread, readThrough: columns.integer(0), attention: try columns.value(1))
        } ?? ThreadMark(thread: thread)
    }

    static func write(_ mark: ThreadMark, isUnsent: Bool, in db: Database) throws {
        try db.run(
            "INSERT OR REPLACE INTO thread_marks (thread, read_through, attention, is_unsent) VALUES (?, ?, ?, ?)",
            [.id(mark.thread), .integer(mark.readThrough), .integer(mark.attention.rawValue), .flag(isUnsent)])
    }
}
