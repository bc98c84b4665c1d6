import GRDB
package import LessonModel

/// A member's marks on threads, which all their devices share. Whether a thread exists is never asked: a mark tells
/// nothing.
extension RelayStore {
    /// More would be no member's reading.
    package static let maxThreadMarks = 200_000

    /// Takes marks over. What is read never falls, unless a mark says that its thread is unread.
    /// - Parameter marks: each with true when its `readThrough` takes the place of a higher one.
    /// - Returns: the version of the member's marks afterwards.
    /// - Throws: `.limit` for more than `maxThreadMarks` of one member; nothing was stored.
    package func setThreadMarks(
        _ marks: [(mark: ThreadMark, isUnread: Bool)], of member: MemberID
    ) throws(StorageError) -> Int64 {
        try write { db in
            var version = try ThreadMarkSQL.version(of: member, in: db)
            for (mark, isUnread) in marks {
                let known = try db.first(
                    "SELECT read_through, attention FROM thread_marks WHERE member = ? AND thread = ?",
                    [.id(member), .id(mark.thread)]
                ) { ($0.integer(0), $0.int(1)) }
                let through = isUnread ? mark.readThrough : max(mark.readThrough, known?.0 ?? 0)
                if let known, known == (through, mark.attention.rawValue) { continue }
                version += 1
                try db.run(
                    """
                    INSERT OR REPLACE INTO thread_marks (member, thread, read_through, attention, version)
                    VALUES (?, ?, ?, ?, ?)
                    """,
                    [
                        .id(member), .id(mark.thread), .integer(through), .integer(mark.attention.rawValue),
                        .integer(version),
                    ])
            }
            let count = try db.first("SELECT count(*) FROM thread_marks WHERE member = ?", [.id(member)]) { $0.int(0) }
            guard count ?? 0 <= RelayStore.maxThreadMarks else {
                throw StorageError.limit("a member marks at most \(RelayStore.maxThreadMarks) threads")
            }
            return version
        }
    }

    /// Marks that changed after a version, in the order of their versions.
    package func threadMarks(
        of member: MemberID, after version: Int64, limit: Int
    ) throws(StorageError) -> (marks: [(mark: ThreadMark, version: Int64)], version: Int64) {
        try read { db in
            let marks = try db.all(
                """
                SELECT thread, read_through, attention, version FROM thread_marks
                WHERE member = ? AND version > ? ORDER BY version LIMIT ?
                """,
                [.id(member), .integer(version), .integer(max(1, limit))]
            ) { columns in
                (
                    ThreadMark(
                        thread: try columns.postID(0), readThrough: columns.integer(1), attention: try columns.value(2)),
                    columns.integer(3)
                )
            }
            return (marks, try ThreadMarkSQL.version(of: member, in: db))
        }
    }
}

enum ThreadMarkSQL {
    static let schema = """
        CREATE TABLE thread_marks (
            member BLOB NOT NULL REFERENCES members (id),
            thread BLOB NOT NULL,
            read_through INTEGER NOT NULL,
            attention INTEGER NOT NULL,
            version INTEGER NOT NULL,
            PRIMARY KEY (member, thread)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX thread_marks_by_version ON thread_marks (member, version);
        """

    static func version(of member: MemberID, in db: Database) throws -> Int64 {
        try db.first("SELECT coalesce(max(version), 0) FROM thread_marks WHERE member = ?", [.id(member)]) {
            $0.integer(0)
        } ?? 0
    }
}
