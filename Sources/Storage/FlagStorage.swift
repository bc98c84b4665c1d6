import GRDB
package import LessonModel

/// A member's word that a post should be looked at.
package struct PostFlag: Hashable, Sendable {
    package static let maxOpenOfMember = 50
    package static let maxTextBytes = 2_000

    package var number: Int64
    package var post: PostID
    package var sequence: SequenceNumber
    package var topic: Topic
    package var member: MemberID
    package var reason: String
    package var flaggedAt: Milliseconds
    /// 0: open.
    package var closedAt: Milliseconds
    package var outcome: String
}

extension RelayStore {
    /// Notes a flag on a post.
    /// - Parameter audit: made with the flag's topic.
    /// - Throws: `.notFound` when there is no such post that is for the viewer, `.alreadyExists` while an earlier flag of the
    ///   same member is open, `.limit` when too many are.
    package func flag(
        _ post: PostID, by viewer: Viewer, reason: String, at now: Milliseconds, audit: (Topic) -> AuditEntry
    ) throws(StorageError) {
        try write { db in
            let found = try db.first(
                """
                SELECT p.sequence, k.path FROM posts p JOIN topics k ON k.id = p.topic
                WHERE p.id = ?3 AND \(VisibilitySQL.post("p"))
                """,
                viewer.parameters + [.id(post)]
            ) { ($0.integer(0), try $0.topic(1)) }
            guard let (sequence, topic) = found else { throw StorageError.notFound("such post") }
            let open = try db.first(
                "SELECT count(*) FROM flags WHERE member = ? AND closed_at = 0", [.id(viewer.member)]
            ) { $0.int(0) }
            guard open ?? 0 < PostFlag.maxOpenOfMember else {
                throw StorageError.limit(
                    "\(PostFlag.maxOpenOfMember) flags of yours are open; wait until some are closed")
            }
            let added = try db.run(
                "INSERT INTO flags (post, member, reason, flagged_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                [.integer(sequence), .id(viewer.member), .text(reason), .integer(now)])
            guard added == 1 else { throw StorageError.alreadyExists("your flag on that post") }
            try AuditChain.append(audit(topic), to: db)
        }
    }

    /// Flags on posts that the viewer may see, oldest first. Who may know of others' flags is for the caller to ask.
    /// - Parameters:
    ///   - mine: the viewer's own, open or closed; else everybody's open ones.
    ///   - after: those with a higher number.
    package func flags(
        mine: Bool, after: Int64 = 0, limit: Int, viewer: Viewer
    ) throws(StorageError) -> [PostFlag] {
        try read { db in
            try db.all(
                """
                SELECT \(FlagSQL.columns) FROM \(FlagSQL.tables)
                WHERE f.number > ?3 AND \(mine ? "f.member = ?1" : "f.closed_at = 0") AND \(VisibilitySQL.post("p"))
                ORDER BY f.number LIMIT ?4
                """,
                viewer.parameters + [.integer(after), .integer(max(1, limit))], FlagSQL.flag)
        }
    }

    /// An open flag on a post that the viewer may see.
    package func openFlag(_ number: Int64, viewer: Viewer) throws(StorageError) -> PostFlag? {
        try read { db in
            try db.first(
                """
                SELECT \(FlagSQL.columns) FROM \(FlagSQL.tables)
                WHERE f.number = ?3 AND f.closed_at = 0 AND \(VisibilitySQL.post("p"))
                """,
                viewer.parameters + [.integer(number)], FlagSQL.flag)
        }
    }

    /// - Throws: `.notFound` when it is closed already.
    package func closeFlag(_ number: Int64, outcome: String, audit: AuditEntry) throws(StorageError) {
        try write { db in
            let changed = try db.run(
                "UPDATE flags SET closed_at = ?, outcome = ? WHERE number = ? AND closed_at = 0",
                [.integer(audit.at), .text(outcome), .integer(number)])
            guard changed == 1 else { throw StorageError.notFound("open flag under this number") }
            try AuditChain.append(audit, to: db)
        }
    }
}

enum FlagSQL {
    static let schema = """
        CREATE TABLE flags (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            post INTEGER NOT NULL REFERENCES posts (sequence),
            member BLOB NOT NULL,
            reason TEXT NOT NULL,
            flagged_at INTEGER NOT NULL,
            closed_at INTEGER NOT NULL DEFAULT 0,
            outcome TEXT NOT NULL DEFAULT ''
        ) STRICT;
        CREATE UNIQUE INDEX open_flags ON flags (post, member) WHERE closed_at = 0;
        CREATE INDEX flags_of_member ON flags (member);
        """

    static let tables = "flags f JOIN posts p ON p.sequence = f.post JOIN topics k ON k.id = p.topic"
    static let columns = """
        f.number, p.id, p.sequence, k.path, f.member, f.reason, f.flagged_at, f.closed_at, f.outcome
        """

    static func flag(_ columns: Columns) throws -> PostFlag {
        PostFlag(
            number: columns.integer(0), post: try columns.postID(1), sequence: columns.integer(2),
            topic: try columns.topic(3), member: try columns.memberID(4), reason: columns.text(5),
            flaggedAt: columns.integer(6), closedAt: columns.integer(7), outcome: columns.text(8))
    }
}
