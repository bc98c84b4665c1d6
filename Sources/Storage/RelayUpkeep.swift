import GRDB
import LessonModel
import PKI

/// What an operator asks of the database beside its daily work.
extension RelayStore {
    /// Writes the whole log of changes back into the database file and empties it, so that nothing erased is left
    /// there.
    /// - Throws: `.failed` with SQLITE_BUSY when a read has gone on for too long; trying again is safe.
    package func checkpoint() throws(StorageError) {
        do {
            try pool.writeWithoutTransaction { db in _ = try db.checkpoint(.truncate) }
        } catch {
            throw StorageError(error)
        }
    }

    /// Reads a page of the database file.
    /// - Throws: when it cannot be read.
    package func probe() throws(StorageError) {
        _ = try read { db in try db.first("SELECT count(*) FROM settings") { $0.integer(0) } }
    }

    /// Copies the database to the new file `path` while posts go on, as it was at one instant. A relay opens the copy
    /// under the name `relay.sqlite`, and goes on with the next sequence number.
    /// - Throws: `.alreadyExists` when `path` exists. After any failure nothing is at `path`.
    package func backup(to path: String) throws(StorageError) {
        guard !PrivateFile.exists(path) else { throw .alreadyExists("the file \(path)") }
        let partial = path + ".partial"
        PrivateFile.remove(partial)
        try PrivateFile.create(partial)
        do {
            let target = try DatabaseQueue(path: partial)
            try pool.backup(to: target)
            // One file, without a log of changes beside it, can be moved and copied.
            try target.writeWithoutTransaction { db in
                try db.execute(sql: "PRAGMA synchronous = FULL; PRAGMA journal_mode = DELETE")
            }
            try target.close()
        } catch {
            for suffix in ["", "-journal", "-wal", "-shm"] { PrivateFile.remove(partial + suffix) }
            throw StorageError(error)
        }
        try PrivateFile.move(partial, to: path)
    }

    /// Everything that is wrong with the database, a sentence each, of one kind at most `maxProblemsPerKind`; empty when
    /// it is sound. Reads all of it.
    package func integrityProblems() throws(StorageError) -> [String] {
        try read { db in
            var problems = try db.all("PRAGMA integrity_check(\(RelayStore.maxProblemsPerKind))") { $0.text(0) }
            problems.removeAll { $0 == "ok" }
            problems += try RelayStore.problems(db, "PRAGMA foreign_key_check") { columns in
                "a row of \(columns.text(0)) refers to a missing row of \(columns.text(2))"
            }
            for check in IntegrityCheck.all {
                problems += try RelayStore.problems(db, check.sql) { "\(check.problem): \($0.text(0))" }
            }
            problems += try RelayStore.problems(
                db,
                """
                SELECT p.sequence, p.content_hash, c.content FROM posts p
                CROSS JOIN post_contents c ON c.sequence = p.sequence
                """
            ) { columns in
                guard SHA256.digest(columns.blob(2)) != columns.blob(1) else { return nil }
                return "the content of a post differs from its hash: \(columns.integer(0))"
            }
            problems += try blobProblems(db)
            if let broken = try AuditChain.verify(db).firstBroken {
                problems.append("the audit chain is broken at its entry: \(broken)")
            }
            return problems
        }
    }

    package static let maxProblemsPerKind = 100

    private static func problems(
        _ db: Database, _ sql: String, _ problem: (Columns) throws -> String?
    ) throws -> [String] {
        var found: [String] = []
        try db.each(sql) { columns in
            if let problem = try problem(columns) { found.append(problem) }
            return found.count < maxProblemsPerKind
        }
        return found
    }
}

/// A query whose rows name what contradicts the log.
private struct IntegrityCheck {
    let problem: String
    let sql: String

    static let all = [
        IntegrityCheck(
            problem: "a certificate is not of its member's organisation",
            sql: """
                SELECT lower(hex(c.fingerprint)) FROM certificates c JOIN members m ON m.id = c.member
                WHERE c.organisation <> m.organisation
                """),
        IntegrityCheck(
            problem: "an entry of the audit log is not found by the organisation that it names",
            sql: """
                SELECT a.sequence FROM audit a
                WHERE json_valid(a.detail) AND json_extract(a.detail, '$.organisation') IS NOT NULL AND NOT EXISTS (
                    SELECT 1 FROM audit_organisations o
                    WHERE o.organisation = json_extract(a.detail, '$.organisation') AND o.sequence = a.sequence)
                """),
        IntegrityCheck(
            problem: "a post has no content",
            sql: """
                SELECT sequence FROM posts WHERE sequence NOT IN (SELECT sequence FROM post_contents)
                    AND sequence NOT IN (SELECT post FROM redactions)
                    AND thread NOT IN (SELECT thread FROM expired_threads)
                """),
        IntegrityCheck(
            problem: "a post of a thread that was kept long enough still has its content",
            sql: """
                SELECT p.sequence FROM posts p JOIN post_contents c ON c.sequence = p.sequence
                WHERE p.thread IN (SELECT thread FROM expired_threads)
                """),
        IntegrityCheck(
            problem: "a redacted post still has its content",
            sql: "SELECT post FROM redactions WHERE post IN (SELECT sequence FROM post_contents)"),
        IntegrityCheck(
            problem: "a redacted post still has attachments",
            sql: "SELECT post FROM redactions WHERE post IN (SELECT post FROM post_attachments)"),
        IntegrityCheck(
            problem: "a lesson has no thread",
            sql: "SELECT sequence FROM posts WHERE kind = 1 AND sequence NOT IN (SELECT sequence FROM threads)"),
        IntegrityCheck(
            problem: "a thread is not as its lesson says",
            sql: """
                SELECT t.sequence FROM threads t JOIN posts p ON p.sequence = t.sequence
                WHERE p.kind <> 1 OR p.topic <> t.topic OR p.marking <> t.marking OR p.thread <> p.sequence
                """),
        IntegrityCheck(
            problem: "a post is wrongly marked as open or restricted",
            sql: """
                SELECT p.sequence FROM posts p JOIN posts l ON l.sequence = p.thread
                WHERE p.is_open <> (p.marking <= 2 AND l.marking <= 2)
                """),
        IntegrityCheck(
            problem: "the counters of a thread are wrong",
            sql: """
                SELECT t.sequence FROM threads t JOIN (
                    SELECT thread, sum(is_open OR kind = 1) AS open, sum(NOT is_open AND kind > 1) AS restricted,
                        max(CASE WHEN is_open OR kind = 1 THEN sequence END) AS last
                    FROM posts GROUP BY thread
                ) c ON c.thread = t.sequence
                WHERE t.open_posts <> c.open OR t.restricted_posts <> c.restricted OR t.open_last_sequence <> c.last
                """),
        IntegrityCheck(
            problem: "the counters of a topic are wrong",
            sql: """
                SELECT k.path FROM topics k LEFT JOIN (
                    SELECT topic, sum(is_open AND kind = 1) AS threads, sum(is_open) AS posts,
                        max(CASE WHEN is_open THEN sequence ELSE 0 END) AS last
                    FROM posts GROUP BY topic
                ) c ON c.topic = k.id
                WHERE k.open_threads <> coalesce(c.threads, 0) OR k.open_posts <> coalesce(c.posts, 0)
                    OR k.open_last_sequence <> coalesce(c.last, 0)
                """),
        IntegrityCheck(
            problem: "the log's next number would be one that was given before",
            sql: """
                SELECT max(sequence) FROM posts
                HAVING max(sequence) > coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'posts'), 0)
                """),
    ]
}
