import GRDB
package import LessonModel

/// A post to a moderated topic, and what became of it.
package struct HeldPost: Hashable, Sendable {
    /// Of one author at once; more are refused.
    package static let maxWaitingOfAuthor = 20
    /// Of everybody.
    package static let maxWaiting = 2_000

    /// The raw values are the wire's and the database's.
    package enum State: Int, CaseIterable, Sendable {
        case waiting = 1
        case approved = 2
        /// To be changed by its author and posted anew.
        case returned = 3
        case rejected = 4

        package var name: String { "\(self)" }
    }

    package var number: Int64
    package var post: SignedPost
    package var author: MemberID
    package var topic: Topic
    package var heldAt: Milliseconds
    package var state: State
    /// Why it was returned or rejected.
    package var reason: String
    /// 0: not yet.
    package var decidedAt: Milliseconds
    /// Its place in the log once it is approved; 0 before.
    package var sequence: SequenceNumber
}

extension RelayStore {
    /// Posts that were held, oldest first. Who may know of them is for the caller to ask.
    /// - Parameters:
    ///   - author: nil for everybody's.
    ///   - state: nil for any.
    ///   - after: those with a higher number.
    package func heldPosts(
        author: MemberID? = nil, state: HeldPost.State? = nil, after: Int64 = 0, limit: Int
    ) throws(StorageError) -> [HeldPost] {
        try read { db in
            try db.all(
                """
                SELECT \(HeldPostSQL.columns) FROM held_posts WHERE number > ?1 AND (?2 IS NULL OR author = ?2)
                    AND (?3 IS NULL OR state = ?3) ORDER BY number LIMIT ?4
                """,
                [
                    .integer(after), author.map { SQLValue.id($0) } ?? .null,
                    state.map { SQLValue.integer($0.rawValue) } ?? .null, .integer(max(1, limit)),
                ], HeldPostSQL.post)
        }
    }

    package func heldPost(_ number: Int64) throws(StorageError) -> HeldPost? {
        try read { db in
            try db.first(
                "SELECT \(HeldPostSQL.columns) FROM held_posts WHERE number = ?", [.integer(number)], HeldPostSQL.post)
        }
    }

    /// Returns or rejects a post that waits; its text goes, its author keeps the reason.
    /// - Throws: `.notFound` when it does not wait any more.
    package func decide(
        held number: Int64, _ state: HeldPost.State, reason: String, audit: AuditEntry
    ) throws(StorageError) {
        try write { db in
            let changed = try db.run(
                """
                UPDATE held_posts SET state = ?, reason = ?, decided_at = ?, content = x'', signature = x''
                WHERE number = ? AND state = 1
                """,
                [.integer(state.rawValue), .text(reason), .integer(audit.at), .integer(number)])
            guard changed == 1 else { throw StorageError.notFound("post that waits under this number") }
            try db.run("DELETE FROM held_attachments WHERE held = ?", [.integer(number)])
            try AuditChain.append(audit, to: db)
        }
    }
}

enum HeldPostSQL {
    static let schema = """
        ALTER TABLE topics ADD COLUMN is_moderated INTEGER NOT NULL DEFAULT 0;

        CREATE TABLE held_posts (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id BLOB NOT NULL UNIQUE,
            author BLOB NOT NULL,
            topic TEXT NOT NULL,
            content_hash BLOB NOT NULL,
            content BLOB NOT NULL,
            signature BLOB NOT NULL,
            certificate BLOB NOT NULL,
            held_at INTEGER NOT NULL,
            state INTEGER NOT NULL DEFAULT 1,
            reason TEXT NOT NULL DEFAULT '',
            decided_at INTEGER NOT NULL DEFAULT 0,
            sequence INTEGER NOT NULL DEFAULT 0
        ) STRICT;
        CREATE INDEX waiting_posts ON held_posts (author) WHERE state = 1;
        """

    static let columns = """
        number, content, signature, certificate, author, topic, held_at, state, reason, decided_at, sequence
        """

    static func post(_ columns: Columns) throws -> HeldPost {
        HeldPost(
            number: columns.integer(0),
            post: SignedPost(
                content: columns.blob(1), signature: columns.blob(2), certificateFingerprint: columns.blob(3)),
            author: try columns.memberID(4), topic: try columns.topic(5), heldAt: columns.integer(6),
            state: try columns.value(7), reason: columns.text(8), decidedAt: columns.integer(9),
            sequence: columns.integer(10))
    }

    static func known(_ id: PostID, in db: Database) throws -> (contentHash: [UInt8], state: HeldPost.State)? {
        try db.first("SELECT content_hash, state FROM held_posts WHERE id = ?", [.id(id)]) { columns in
            (columns.blob(0), try columns.value(1))
        }
    }

    /// Keeps a post that is neither in the log nor held.
    /// - Parameter topic: as it is called now.
    static func hold(
        _ request: AppendRequest, to topic: Topic, at time: Milliseconds, in db: Database
    ) throws -> AppendOutcome {
        let own = try db.first(
            "SELECT count(*) FROM held_posts WHERE author = ? AND state = 1", [.id(request.post.author)]
        ) { $0.int(0) }
        guard own ?? 0 < HeldPost.maxWaitingOfAuthor else { return .tooManyHeld(limit: HeldPost.maxWaitingOfAuthor) }
        let all = try db.first("SELECT count(*) FROM held_posts WHERE state = 1") { $0.int(0) }
        guard all ?? 0 < HeldPost.maxWaiting else { return .tooManyHeld(limit: HeldPost.maxWaiting) }
        try db.run(
            """
            INSERT INTO held_posts (id, author, topic, content_hash, content, signature, certificate, held_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .id(request.post.id), .id(request.post.author), .text(topic.path),
                .blob(request.contentHash), .blob(request.signed.content), .blob(request.signed.signature),
                .blob(request.signed.certificateFingerprint), .integer(time),
            ])
        try AttachmentSQL.hold(request.post, as: db.lastInsertedRowID, in: db)
        return .held
    }

    /// The post has come to the log: its text is there now, and only there.
    static func approve(_ id: PostID, at place: PostPlace, by audit: AuditEntry, in db: Database) throws {
        try db.run(
            """
            UPDATE held_posts SET state = 2, sequence = ?, decided_at = ?, content = x'', signature = x'' WHERE id = ?
            """,
            [.integer(place.sequence), .integer(audit.at), .id(id)])
        try db.run(
            "DELETE FROM held_attachments WHERE held = (SELECT number FROM held_posts WHERE id = ?)", [.id(id)])
        try AuditChain.append(audit, to: db)
    }
}
