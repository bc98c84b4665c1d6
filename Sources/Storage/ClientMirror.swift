import GRDB
package import LessonModel

/// What the client has received, kept on its own disk to be read without a connection. It can be thrown away and is then
/// filled again from the relay.
package final class ClientMirror: Sendable {
    static let fileName = "mirror.sqlite"

    let database: DatabaseQueue

    /// Opens or makes `mirror.sqlite` in `directory`, which exists.
    /// - Parameters:
    ///   - relayID: the relay of the profile; a mirror belongs to the first one it was opened for.
    ///   - member: whose mirror it is; nil leaves that as it was.
    /// - Throws: `.foreignRelay` when the mirror is another relay's, `.newerSchema`.
    package init(directory: String, relayID: String, member: MemberID? = nil) throws(StorageError) {
        do {
            database = try ClientDatabase.open(
                path: directory + "/" + ClientMirror.fileName, label: "mirror", migrator: ClientMirror.migrator)
            try database.write { db in
                try db.run("INSERT INTO relay (row, id) VALUES (1, ?) ON CONFLICT DO NOTHING", [.text(relayID)])
                let owner = try db.first("SELECT id FROM relay") { $0.text(0) } ?? ""
                guard owner == relayID else { throw StorageError.foreignRelay(expected: relayID, found: owner) }
                if let member { try MirrorThreadSQL.setOwner(member, in: db) }
            }
        } catch {
            throw StorageError(error)
        }
    }

    package func close() throws(StorageError) {
        do { try database.close() } catch { throw StorageError(error) }
    }

    /// Keeps `posts` and, with `cursor`, how far they go, in one transaction that is synced to the disk. A post that is
    /// there already, by its id, only has its verification brought up to date.
    /// - Returns: the sequence numbers of those that were new.
    /// - Throws: `.alreadyExists` when another post has one of the sequence numbers: the relay's log is not the one it
    ///   was, and nothing was stored.
    @discardableResult
    package func store(
        _ posts: [MirroredPost], cursor: (durable: String, through: SequenceNumber)? = nil
    ) throws(StorageError) -> [SequenceNumber] {
        try database.writing { db in
            let names = try MirrorTopicSQL.formerNames(in: db)
            let inserted = try posts.filter { try MirrorSQL.insert($0, to: names.name(of: $0.post.topic), in: db) }
            for thread in Set(posts.map(\.post.thread)) { try MirrorThreadSQL.refresh(thread, in: db) }
            if let cursor { try MirrorSQL.raise("cursor", of: cursor.durable, to: cursor.through, in: db) }
            return inserted.map(\.stored.sequence)
        }
    }

    /// How far the posts of a durable subscription were received; 0 at first.
    package func cursor(durable: String) throws(StorageError) -> SequenceNumber {
        try database.reading { db in try MirrorSQL.place("cursor", of: durable, in: db) }
    }

    /// Never lowers the cursor; see `reset(durable:to:)`.
    package func setCursor(_ through: SequenceNumber, durable: String) throws(StorageError) {
        try database.writing { db in try MirrorSQL.raise("cursor", of: durable, to: through, in: db) }
    }

    /// How far the posts of a durable subscription were shown to somebody; 0 at first.
    package func shownThrough(durable: String) throws(StorageError) -> SequenceNumber {
        try database.reading { db in try MirrorSQL.place("shown_through", of: durable, in: db) }
    }

    /// Never lowers it; see `reset(durable:to:)`.
    package func setShownThrough(_ through: SequenceNumber, durable: String) throws(StorageError) {
        try database.writing { db in try MirrorSQL.raise("shown_through", of: durable, to: through, in: db) }
    }

    /// Puts the cursor and what was shown to `place`, for a subscription that begins anew.
    package func reset(durable: String, to place: SequenceNumber) throws(StorageError) {
        try database.writing { db in
            try db.run(
                """
                INSERT INTO durables (name, cursor, shown_through) VALUES (?1, ?2, ?2)
                ON CONFLICT (name) DO UPDATE SET cursor = excluded.cursor, shown_through = excluded.shown_through
                """,
                [.text(durable), .integer(max(0, place))])
        }
    }

    package func post(_ id: PostID) throws(StorageError) -> MirrorEntry? {
        try database.reading { db in
            try db.first("SELECT \(MirrorSQL.columns) FROM posts WHERE id = ?", [.id(id)], MirrorSQL.entry)
        }
    }

    /// Posts after `after`, in order.
    package func posts(after: SequenceNumber, limit: Int) throws(StorageError) -> [MirrorEntry] {
        try database.reading { db in
            try db.all(
                "SELECT \(MirrorSQL.columns) FROM posts WHERE sequence > ? ORDER BY sequence LIMIT ?",
                [.integer(after), .integer(max(1, limit))], MirrorSQL.entry)
        }
    }

    /// The posts of a thread in order; empty when none is in the mirror.
    package func thread(_ id: PostID) throws(StorageError) -> [MirrorEntry] {
        try database.reading { db in
            try db.all(
                "SELECT \(MirrorSQL.columns) FROM posts WHERE thread = ? ORDER BY sequence", [.id(id)], MirrorSQL.entry)
        }
    }

    /// Threads that have a post which the relay received at `time` or later, those with the newest last.
    package func threads(withPostsSince time: Milliseconds) throws(StorageError) -> [PostID] {
        try database.reading { db in
            try db.all(
                "SELECT thread FROM posts WHERE received_at >= ? GROUP BY thread ORDER BY max(sequence)",
                [.integer(time)]
            ) { try $0.postID(0) }
        }
    }

    /// Posts whose signature was not checked yet, in order.
    package func unchecked(limit: Int) throws(StorageError) -> [MirrorEntry] {
        try database.reading { db in
            try db.all(
                "SELECT \(MirrorSQL.columns) FROM posts WHERE verification = ? ORDER BY sequence LIMIT ?",
                [.integer(PostVerification.unchecked.rawValue), .integer(max(1, limit))], MirrorSQL.entry)
        }
    }

    /// Threads whose lesson is in the mirror.
    package func threads(_ query: MirrorQuery) throws(StorageError) -> [MirrorThread] {
        try database.reading { db in
            let key = query.order == .newest ? "c.lesson" : "c.last_sequence"
            var threads: [MirrorThread] = []
            let filter = try MirrorTopicSQL.named(query.filter, in: db)
            try db.each(
                """
                SELECT \(MirrorThreadSQL.columns) FROM threads c CROSS JOIN posts l ON l.sequence = c.lesson
                WHERE \(key) < ?1 AND (?2 IS NULL OR l.organisation = ?2) AND (NOT ?3 OR c.unread > 0)
                ORDER BY \(key) DESC
                """,
                [.integer(query.before ?? .max), .optional(query.organisation?.text), .flag(query.unreadOnly)]
            ) { columns in
                let thread = try MirrorThreadSQL.thread(columns)
                if MirrorSQL.selects(filter, thread) { threads.append(thread) }
                return threads.count < max(1, query.limit)
            }
            return threads
        }
    }

    package func counts() throws(StorageError) -> MirrorCounts {
        try database.reading { db in
            try db.first("SELECT sum(kind = 1), count(*), coalesce(max(sequence), 0) FROM posts") { columns in
                MirrorCounts(threads: columns.int(0), posts: columns.int(1), lastSequence: columns.integer(2))
            } ?? MirrorCounts(threads: 0, posts: 0, lastSequence: 0)
        }
    }

    /// Erases posts, from the file's bytes too.
    /// - Returns: how many were there.
    @discardableResult
    package func purge(_ ids: [PostID]) throws(StorageError) -> Int {
        try database.writing { db in
            let threads = try ids.compactMap { id in
                try db.first("SELECT thread FROM posts WHERE id = ?", [.id(id)]) { try $0.postID(0) }
            }
            let count = try ids.reduce(0) { try $0 + db.run("DELETE FROM posts WHERE id = ?", [.id($1)]) }
            for thread in Set(threads) { try MirrorThreadSQL.refresh(thread, in: db) }
            if count > 0 { try MirrorSearch.index.removeAll(in: db) }
            return count
        }
    }

    /// Keeps an author's certificate, in DER, by its SHA-256 fingerprint.
    package func storeCertificate(_ der: [UInt8], fingerprint: [UInt8]) throws(StorageError) {
        try database.writing { db in
            try db.run(
                "INSERT INTO certificates (fingerprint, der) VALUES (?, ?) ON CONFLICT DO NOTHING",
                [.blob(fingerprint), .blob(der)])
        }
    }

    package func certificate(fingerprint: [UInt8]) throws(StorageError) -> [UInt8]? {
        try database.reading { db in
            try db.first("SELECT der FROM certificates WHERE fingerprint = ?", [.blob(fingerprint)]) { $0.blob(0) }
        }
    }

    /// The fingerprints under which certificates are kept.
    package func certificateFingerprints() throws(StorageError) -> [[UInt8]] {
        try database.reading { db in try db.all("SELECT fingerprint FROM certificates", [], { $0.blob(0) }) }
    }

    /// Puts another certificate in the place of one that is kept, whose bytes leave the file; nil puts none there.
    package func replaceCertificate(fingerprint: [UInt8], with der: [UInt8]?) throws(StorageError) {
        try database.writing { db in
            if let der {
                try db.run(
                    "UPDATE certificates SET der = ? WHERE fingerprint = ?", [.blob(der), .blob(fingerprint)])
            } else {
                try db.run("DELETE FROM certificates WHERE fingerprint = ?", [.blob(fingerprint)])
            }
        }
    }

    /// Until when names that were erased at the relay have been erased here.
    package func namesErasedAt() throws(StorageError) -> Milliseconds {
        try database.reading { db in try db.first("SELECT names_erased_at FROM relay") { $0.integer(0) } ?? 0 }
    }

    package func setNamesErasedAt(_ time: Milliseconds) throws(StorageError) {
        try database.writing { db in try db.run("UPDATE relay SET names_erased_at = ?", [.integer(time)]) }
    }

    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("v1") { db in
            try db.execute(
                sql: """
                    CREATE TABLE relay (row INTEGER PRIMARY KEY CHECK (row = 1), id TEXT NOT NULL) STRICT;
                    CREATE TABLE posts (
                        sequence INTEGER PRIMARY KEY,
                        id BLOB NOT NULL UNIQUE,
                        thread BLOB NOT NULL,
                        kind INTEGER NOT NULL,
                        topic TEXT NOT NULL,
                        marking INTEGER NOT NULL,
                        language TEXT NOT NULL,
                        organisation TEXT NOT NULL,
                        author BLOB NOT NULL,
                        created_at INTEGER NOT NULL,
                        received_at INTEGER NOT NULL,
                        verification INTEGER NOT NULL,
                        title TEXT NOT NULL,
                        signature BLOB NOT NULL,
                        certificate BLOB NOT NULL,
                        content BLOB NOT NULL
                    ) STRICT;
                    CREATE INDEX posts_of_thread ON posts (thread, sequence);
                    CREATE INDEX unchecked_posts ON posts (verification) WHERE verification = 2;
                    CREATE TABLE durables (
                        name TEXT PRIMARY KEY,
                        cursor INTEGER NOT NULL DEFAULT 0,
                        shown_through INTEGER NOT NULL DEFAULT 0
                    ) STRICT, WITHOUT ROWID;
                    CREATE TABLE certificates (
                        fingerprint BLOB PRIMARY KEY,
                        der BLOB NOT NULL
                    ) STRICT, WITHOUT ROWID;
                    """)
        }
        migrator.registerMigration("v2-search") { db in try db.execute(sql: MirrorSearch.index.schema) }
        migrator.registerMigration("v3-threads") { db in
            try db.execute(
                sql: """
                    ALTER TABLE posts ADD COLUMN source BLOB;
                    CREATE TABLE redactions (
                        post BLOB PRIMARY KEY,
                        redaction BLOB NOT NULL
                    ) STRICT, WITHOUT ROWID;
                    """)
        }
        migrator.registerMigration("v4-reading") { db in
            try db.execute(sql: MirrorThreadSQL.schema)
            for thread in try db.all("SELECT DISTINCT thread FROM posts", [], { try $0.postID(0) }) {
                try MirrorThreadSQL.refresh(thread, in: db)
            }
        }
        migrator.registerMigration("v5-retention") { db in
            try db.execute(
                sql: """
                    ALTER TABLE topics ADD COLUMN keep_days INTEGER NOT NULL DEFAULT 0;
                    ALTER TABLE topics ADD COLUMN review_days INTEGER NOT NULL DEFAULT 0;
                    """)
        }
        migrator.registerMigration("v6-topic-moves") { db in try db.execute(sql: MirrorTopicSQL.formerPaths) }
        migrator.registerMigration("v7-erased-names") { db in
            try db.execute(sql: "ALTER TABLE relay ADD COLUMN names_erased_at INTEGER NOT NULL DEFAULT 0")
        }
        return migrator
    }
}

enum MirrorSQL {
    static let columns = """
        sequence, received_at, content, signature, certificate, id, thread, verification
        """

    static func entry(_ columns: Columns) throws -> MirrorEntry {
        MirrorEntry(
            id: try columns.postID(5), thread: try columns.postID(6), stored: StoredPosts.post(columns),
            verification: try columns.value(7))
    }

    static func selects(_ filter: SubscriptionFilter?, _ thread: MirrorThread) -> Bool {
        guard let filter else { return true }
        return filter.selects(topic: thread.topic)
            && (filter.languages.isEmpty || filter.languages.contains(LanguageTag.primary(of: thread.language)))
            && (filter.states.isEmpty || filter.states.contains(thread.state))
    }

    /// - Parameter topic: as it is called now.
    /// - Returns: true when the post was new.
    static func insert(_ mirrored: MirroredPost, to topic: Topic, in db: Database) throws -> Bool {
        let post = mirrored.post
        let stored = mirrored.stored
        let known = try db.run(
            "UPDATE posts SET verification = ? WHERE id = ?",
            [.integer(mirrored.verification.rawValue), .id(post.id)])
        guard known == 0 else { return false }
        // What was erased may still be on its way here.
        guard try !db.exists("SELECT 1 FROM redactions WHERE post = ?", [.id(post.id)]) else { return false }
        let changed = try db.run(
            """
            INSERT INTO posts (sequence, id, thread, kind, topic, marking, language, organisation, author,
                created_at, received_at, verification, title, signature, certificate, content, source, verdict)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
            """,
            [
                .integer(stored.sequence), .id(post.id), .id(post.thread), .integer(post.body.kind.rawValue),
                .text(topic.path), .integer(post.marking.rawValue),
                .text(post.language), .text(post.organisation.text), .id(post.author), .integer(post.createdAt),
                .integer(stored.receivedAt), .integer(mirrored.verification.rawValue), .text(title(of: post)),
                .blob(stored.post.signature), .blob(stored.post.certificateFingerprint), .blob(stored.post.content),
                source(of: post), MirrorThreadSQL.verdict(of: post).map(SQLValue.integer) ?? .null,
            ])
        guard changed == 1 else {
            throw StorageError.alreadyExists("another post with the sequence number \(stored.sequence)")
        }
        if case .redaction(let redaction) = post.body, mirrored.verification == .verified {
            try erase(redaction.target, in: post.thread, by: post.id, db)
        }
        return true
    }

    /// Of a text of the thread's lesson in the lesson's language.
    private static func title(of post: Post) -> String {
        switch post.body {
        case .lesson, .revision: post.body.lesson?.title ?? ""
        default: ""
        }
    }

    /// What a translation translates.
    private static func source(of post: Post) -> SQLValue {
        if case .translation(let translation) = post.body { .id(translation.source) } else { .null }
    }

    /// Erases a post and what says the same, from the file's bytes too; see `Redaction`.
    private static func erase(_ target: PostID, in thread: PostID, by redaction: PostID, _ db: Database) throws {
        var erased = [target]
        if target == thread {
            erased += try db.all(
                "SELECT id FROM posts WHERE thread = ? AND kind = ?",
                [.id(thread), .integer(PostKind.revision.rawValue)]
            ) { try $0.postID(0) }
        }
        for source in erased {
            erased += try db.all("SELECT id FROM posts WHERE thread = ? AND source = ?", [.id(thread), .id(source)]) {
                try $0.postID(0)
            }
        }
        var count = 0
        for id in erased {
            try db.run(
                "INSERT INTO redactions (post, redaction) VALUES (?, ?) ON CONFLICT DO NOTHING",
                [.id(id), .id(redaction)])
            count += try db.run("DELETE FROM posts WHERE id = ? AND thread = ?", [.id(id), .id(thread)])
        }
        // The index is made anew from what is left at the next search.
        if count > 0 { try MirrorSearch.index.removeAll(in: db) }
    }

    /// The title of the thread that the lesson `l` opens.
    static let presentTitle = """
        coalesce((SELECT r.title FROM posts r WHERE r.thread = l.id AND r.kind = \(PostKind.revision.rawValue)
            ORDER BY r.sequence DESC LIMIT 1), l.title)
        """

    /// - Parameter column: a name from this file, never from outside.
    static func place(_ column: String, of durable: String, in db: Database) throws -> SequenceNumber {
        try db.first("SELECT \(column) FROM durables WHERE name = ?", [.text(durable)]) { $0.integer(0) } ?? 0
    }

    /// - Parameter column: a name from this file, never from outside.
    static func raise(_ column: String, of durable: String, to place: SequenceNumber, in db: Database) throws {
        try db.run(
            """
            INSERT INTO durables (name, \(column)) VALUES (?, ?)
            ON CONFLICT (name) DO UPDATE SET \(column) = max(\(column), excluded.\(column))
            """,
            [.text(durable), .integer(max(0, place))])
    }
}
