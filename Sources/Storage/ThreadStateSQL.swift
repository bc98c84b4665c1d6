import GRDB
import LessonModel

/// What the posts of a thread come to, `ThreadProjection`, in tables: the rows of one thread are those of its posts that
/// count. `threads.state` and `threads.title` are the present ones.
enum ThreadStateSQL {
    static let schema = """
        ALTER TABLE threads ADD COLUMN superseded_by BLOB;
        ALTER TABLE threads ADD COLUMN is_redacted INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE search_state ADD COLUMN has_erased INTEGER NOT NULL DEFAULT 0;

        CREATE TABLE thread_texts (
            post INTEGER PRIMARY KEY REFERENCES posts (sequence),
            thread INTEGER NOT NULL REFERENCES threads (sequence),
            title TEXT NOT NULL
        ) STRICT;
        CREATE INDEX texts_of_thread ON thread_texts (thread, post);
        INSERT INTO thread_texts (post, thread, title) SELECT sequence, sequence, title FROM threads;

        CREATE TABLE thread_endorsements (
            thread INTEGER NOT NULL REFERENCES threads (sequence),
            organisation TEXT NOT NULL,
            post INTEGER NOT NULL REFERENCES posts (sequence),
            PRIMARY KEY (thread, organisation)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE thread_reports (
            post INTEGER PRIMARY KEY REFERENCES posts (sequence),
            thread INTEGER NOT NULL REFERENCES threads (sequence),
            organisation TEXT NOT NULL,
            status INTEGER NOT NULL,
            has_evidence INTEGER NOT NULL,
            is_for_whole_thread INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX reports_of_thread ON thread_reports (thread, organisation, post);

        CREATE TABLE thread_translations (
            post INTEGER PRIMARY KEY REFERENCES posts (sequence),
            thread INTEGER NOT NULL REFERENCES threads (sequence),
            source BLOB NOT NULL,
            language TEXT NOT NULL,
            is_by_machine INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX translations_of_thread ON thread_translations (thread, post);

        CREATE TABLE redactions (
            post INTEGER PRIMARY KEY REFERENCES posts (sequence),
            redaction INTEGER NOT NULL REFERENCES posts (sequence)
        ) STRICT;
        """

    /// - Parameter thread: the sequence number of the thread's lesson.
    static func projection(of thread: SequenceNumber, in db: Database) throws -> ThreadProjection? {
        let found = try db.first(
            """
            SELECT l.id, l.organisation, t.state, t.superseded_by
            FROM threads t JOIN posts l ON l.sequence = t.sequence WHERE t.sequence = ?
            """,
            [.integer(thread)]
        ) { columns in
            var projection = ThreadProjection(
                lesson: try columns.postID(0), organisation: try columns.slug(1), texts: [])
            projection.state = try columns.value(2)
            projection.supersededBy = try columns.optionalPostID(3)
            return projection
        }
        guard var projection = found else { return nil }
        let this = [SQLValue.integer(thread)]
        projection.texts = try db.all(
            "SELECT p.id, x.title FROM thread_texts x JOIN posts p ON p.sequence = x.post WHERE x.thread = ? ORDER BY x.post",
            this
        ) { ThreadProjection.Text(post: try $0.postID(0), title: $0.text(1)) }
        try db.each(
            "SELECT e.organisation, p.id FROM thread_endorsements e JOIN posts p ON p.sequence = e.post WHERE e.thread = ?",
            this
        ) { columns in
            projection.endorsements[try columns.slug(0)] = try columns.postID(1)
            return true
        }
        projection.reports = try db.all(
            """
            SELECT p.id, r.organisation, r.status, r.has_evidence, r.is_for_whole_thread
            FROM thread_reports r JOIN posts p ON p.sequence = r.post WHERE r.thread = ? ORDER BY r.post
            """,
            this
        ) { columns in
            ThreadProjection.Report(
                post: try columns.postID(0), organisation: try columns.slug(1), status: try columns.value(2),
                hasEvidence: columns.flag(3), isForWholeThread: columns.flag(4))
        }
        projection.translations = try db.all(
            """
            SELECT p.id, x.source, x.language, x.is_by_machine
            FROM thread_translations x JOIN posts p ON p.sequence = x.post WHERE x.thread = ? ORDER BY x.post
            """,
            this
        ) { columns in
            ThreadProjection.Translated(
                post: try columns.postID(0), source: try columns.postID(1), language: columns.text(2),
                isByMachine: columns.flag(3))
        }
        return projection
    }
}

/// Writes what a post changes in its thread, within the transaction that appends it.
struct ThreadChange {
    let db: Database
    /// The sequence number of the thread's lesson.
    let thread: SequenceNumber
    /// Of the lesson.
    let visibility: Visibility
    /// Reads signed content that goes out of the index for search.
    let decode: ([UInt8]) -> Post?

    /// Notes a lesson's or a revision's text.
    func insertText(_ post: Post, at sequence: SequenceNumber) throws {
        try db.run(
            "INSERT INTO thread_texts (post, thread, title) VALUES (?, ?, ?)",
            [.integer(sequence), .integer(thread), .text(post.body.lesson?.title ?? "")])
    }

    /// - Parameter projection: the thread before the post.
    func apply(_ post: Post, at sequence: SequenceNumber, to projection: ThreadProjection) throws {
        switch post.body {
        case .lesson, .comment: break
        case .revision:
            try insertText(post, at: sequence)
            try updateTitle()
        case .endorsement(let endorsement):
            if endorsement.isWithdrawal {
                try db.run(
                    "DELETE FROM thread_endorsements WHERE thread = ? AND organisation = ?",
                    [.integer(thread), .text(post.organisation.text)])
            } else {
                try db.run(
                    "INSERT INTO thread_endorsements (thread, organisation, post) VALUES (?, ?, ?)",
                    [.integer(thread), .text(post.organisation.text), .integer(sequence)])
            }
        case .applicationReport(let report):
            try db.run(
                """
                INSERT INTO thread_reports (post, thread, organisation, status, has_evidence, is_for_whole_thread)
                VALUES (?, ?, ?, ?, ?, ?)
                """,
                [
                    .integer(sequence), .integer(thread), .text(post.organisation.text),
                    .integer(report.status.rawValue), .flag(report.hasEvidence),
                    .flag(post.visibility.reachesAll(of: visibility)),
                ])
        case .stateChange(let change):
            try db.run(
                "UPDATE threads SET state = ?, superseded_by = ? WHERE sequence = ?",
                [
                    .integer(change.to.rawValue), change.supersededBy.map { SQLValue.id($0) } ?? .null,
                    .integer(thread),
                ])
        case .translation(let translation):
            try db.run(
                """
                INSERT INTO thread_translations (post, thread, source, language, is_by_machine) VALUES (?, ?, ?, ?, ?)
                """,
                [
                    .integer(sequence), .integer(thread), .id(translation.source), .text(post.language),
                    .flag(translation.isByMachine),
                ])
        case .redaction(let redaction):
            for id in projection.erased(with: redaction.target) { try erase(id, by: sequence) }
            try updateTitle()
        }
    }

    private func updateTitle() throws {
        try db.run(
            """
            UPDATE threads SET
                title = coalesce((SELECT title FROM thread_texts WHERE thread = ?1 ORDER BY post DESC LIMIT 1), ''),
                is_redacted = NOT EXISTS (SELECT 1 FROM thread_texts WHERE thread = ?1)
            WHERE sequence = ?1
            """,
            [.integer(thread)])
    }

    private func erase(_ id: PostID, by redaction: SequenceNumber) throws {
        let found = try db.first(
            """
            SELECT p.sequence, p.is_open, c.content FROM posts p JOIN post_contents c ON c.sequence = p.sequence WHERE p.id = ?
            """,
            [.id(id)]
        ) { ($0.integer(0), $0.flag(1), $0.blob(2)) }
        guard let (post, isOpen, content) = found else { return }
        try PostErasure.erase(post, isOpen: isOpen, searchText: decode(content)?.searchText, in: db)
        try db.run(
            "INSERT INTO redactions (post, redaction) VALUES (?, ?) ON CONFLICT DO NOTHING",
            [.integer(post), .integer(redaction)])
    }
}

extension ThreadRules {
    /// The thread as the author of `request` meets it. Looks up more in `db` while it checks.
    init(of thread: LogState.ThreadRow, for request: AppendRequest, in db: Database) throws {
        guard let projection = try ThreadStateSQL.projection(of: thread.sequence, in: db) else {
            throw StorageError.damaged("the thread #\(thread.sequence) has no row")
        }
        let viewer = Viewer(member: request.post.author, organisation: request.post.organisation)
        self.init(
            projection: projection, visibility: thread.visibility, rights: request.rights,
            target: { id in
                let found = try db.first(
                    """
                    SELECT p.sequence, p.kind, p.content_hash, EXISTS (SELECT 1 FROM redactions WHERE post = p.sequence)
                    FROM posts p WHERE p.id = ?3 AND p.thread = ?4 AND \(VisibilitySQL.post("p"))
                    """,
                    viewer.parameters + [.id(id), .integer(thread.sequence)]
                ) { ($0.integer(0), try $0.value(1) as PostKind, $0.blob(2), $0.flag(3)) }
                guard let (sequence, kind, hash, isErased) = found else { return nil }
                return RedactionTarget(
                    kind: kind, visibility: try PostVisibilitySQL.visibility(of: sequence, in: db), contentHash: hash,
                    isErased: isErased)
            },
            isWithin: { if case .allowed = request.mayReply($0) { true } else { false } },
            otherThread: { id in
                let found = try db.first(
                    "SELECT p.sequence FROM posts p WHERE p.id = ?3 AND p.kind = 1 AND \(VisibilitySQL.post("p"))",
                    viewer.parameters + [.id(id)]
                ) { $0.integer(0) }
                return try found.map { try PostVisibilitySQL.visibility(of: $0, in: db) }
            })
    }
}

/// Who may see one post, read from its rows.
enum PostVisibilitySQL {
    /// - Parameter sequence: of a post in the log.
    static func visibility(of sequence: SequenceNumber, in db: Database) throws -> Visibility {
        let found = try db.first(
            "SELECT marking, author, organisation FROM posts WHERE sequence = ?", [.integer(sequence)]
        ) { columns in
            Visibility(
                marking: try columns.value(0), audience: .everybody, author: try columns.memberID(1),
                organisation: try columns.slug(2))
        }
        guard let found else { throw StorageError.damaged("the post #\(sequence) has no row") }
        return found.marking.isForAllMembers ? found : try withAudience(found, of: sequence, in: db)
    }

    static func withAudience(
        _ visibility: Visibility, of sequence: SequenceNumber, in db: Database
    ) throws -> Visibility {
        let organisations = try db.all(
            "SELECT organisation FROM post_organisations WHERE post = ?", [.integer(sequence)]
        ) { try $0.slug(0) }
        let members = try db.all("SELECT member FROM post_members WHERE post = ?", [.integer(sequence)]) {
            try $0.memberID(0)
        }
        var visibility = visibility
        visibility.audience = Audience(organisations: Set(organisations), members: Set(members))
        return visibility
    }
}
