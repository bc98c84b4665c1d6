import GRDB
package import LessonModel

/// The user's posts that are not with the relay yet. What `add` has returned for is on the disk and survives a crash.
///
/// Several processes may send from it at once: the relay knows a repeated post by its id.
package final class Outbox: Sendable {
    static let fileName = "outbox.sqlite"

    let database: DatabaseQueue

    /// Opens or makes `outbox.sqlite` in `directory`, which exists.
    package init(directory: String) throws(StorageError) {
        do {
            database = try ClientDatabase.open(
                path: directory + "/" + Outbox.fileName, label: "outbox", migrator: Outbox.migrator)
        } catch {
            throw StorageError(error)
        }
    }

    package func close() throws(StorageError) {
        do { try database.close() } catch { throw StorageError(error) }
    }

    /// Adds `items` in their order, all or none.
    /// - Returns: for each, true when it was added, and false when its id or its import key was there before.
    @discardableResult
    package func add(_ items: [OutboxItem]) throws(StorageError) -> [Bool] {
        try database.writing { db in
            try items.map { item in
                try db.run(
                    """
                    INSERT INTO items (id, content, signature, certificate, title, created_at, import_source, import_key)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
                    """,
                    [
                        .id(item.id), .blob(item.post.content), .blob(item.post.signature),
                        .blob(item.post.certificateFingerprint), .text(item.title), .integer(item.createdAt),
                        .optional(item.importKey?.source), .optional(item.importKey?.key),
                    ]) == 1
            }
        }
    }

    /// - Returns: false when its id or its import key was there before.
    @discardableResult
    package func add(_ item: OutboxItem) throws(StorageError) -> Bool { try add([item]) == [true] }

    /// What is still to be sent, in the order of adding.
    /// - Parameter after: skips what stands at or before this item, for a sender that has it in flight.
    package func pending(limit: Int, after: PostID? = nil) throws(StorageError) -> [OutboxItem] {
        try database.reading { db in
            try db.all(
                """
                SELECT \(OutboxSQL.columns) FROM items
                WHERE state = 1 AND number > coalesce((SELECT number FROM items WHERE id = ?1), 0)
                ORDER BY number LIMIT ?2
                """,
                [.optional(after?.bytes), .integer(max(1, limit))]
            ) { try OutboxSQL.entry($0).item }
        }
    }

    package func pendingCount() throws(StorageError) -> Int {
        try database.reading { db in
            try db.first("SELECT count(*) FROM items WHERE state = 1") { $0.int(0) } ?? 0
        }
    }

    /// Everything that is in the outbox or was sent from it, in the order of adding.
    package func items() throws(StorageError) -> [OutboxEntry] {
        try database.reading { db in
            try db.all("SELECT \(OutboxSQL.columns) FROM items ORDER BY number", [], OutboxSQL.entry)
        }
    }

    package func item(_ id: PostID) throws(StorageError) -> OutboxEntry? {
        try database.reading { db in
            try db.first("SELECT \(OutboxSQL.columns) FROM items WHERE id = ?", [.id(id)], OutboxSQL.entry)
        }
    }

    /// Notes that the relay has the post, and erases its text here. An unknown id is ignored.
    package func markSent(_ id: PostID, sequence: SequenceNumber) throws(StorageError) {
        try markSent([(id, sequence)])
    }

    /// `markSent` for many in one transaction. No text stays, its title included: a redaction need not look for it here.
    package func markSent(_ sent: [(id: PostID, sequence: SequenceNumber)]) throws(StorageError) {
        try database.writing { db in
            for (id, sequence) in sent {
                try db.run(
                    """
                    UPDATE items SET state = 2, sequence = ?, title = '', content = x'', signature = x'', code = NULL,
                        reason = NULL
                    WHERE id = ?
                    """,
                    [.integer(sequence), .id(id)])
            }
        }
    }

    /// Notes that the relay refused a pending post for good, with its code and its sentence.
    package func markRefused(_ id: PostID, code: Int, reason: String) throws(StorageError) {
        try database.writing { db in
            try db.run(
                "UPDATE items SET state = 3, code = ?, reason = ? WHERE id = ? AND state = 1",
                [.integer(code), .text(reason), .id(id)])
        }
    }

    /// Takes the place of the signature of a post that waits; its content stays.
    package func replaceSignature(of id: PostID, with signed: SignedPost) throws(StorageError) {
        try database.writing { db in
            try db.run(
                "UPDATE items SET signature = ?, certificate = ? WHERE id = ? AND content = ?",
                [.blob(signed.signature), .blob(signed.certificateFingerprint), .id(id), .blob(signed.content)])
        }
    }

    /// Counts an attempt to send.
    package func noteAttempt(_ ids: [PostID], at time: Milliseconds) throws(StorageError) {
        try database.writing { db in
            for id in ids {
                try db.run(
                    "UPDATE items SET attempts = attempts + 1, last_attempt_at = ? WHERE id = ?",
                    [.integer(time), .id(id)])
            }
        }
    }

    /// Makes a refused post pending again.
    /// - Returns: false when there is no refused post with this id.
    @discardableResult
    package func retry(_ id: PostID) throws(StorageError) -> Bool {
        try database.writing { db in
            try db.run(
                "UPDATE items SET state = 1, code = NULL, reason = NULL WHERE id = ? AND state = 3", [.id(id)]) == 1
        }
    }

    /// Forgets a post, its import key included.
    /// - Returns: false when there was none.
    @discardableResult
    package func drop(_ id: PostID) throws(StorageError) -> Bool {
        try database.writing { db in try db.run("DELETE FROM items WHERE id = ?", [.id(id)]) == 1 }
    }

    /// The keys of `source` that were imported, each with its post, whatever became of it.
    package func importedKeys(source: String) throws(StorageError) -> [String: PostID] {
        try database.reading { db in
            let rows = try db.all("SELECT import_key, id FROM items WHERE import_source = ?", [.text(source)]) {
                ($0.text(0), try $0.postID(1))
            }
            return Dictionary(rows, uniquingKeysWith: { first, _ in first })
        }
    }

    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("v1") { db in
            // The states are 1 pending, 2 sent, 3 refused.
            try db.execute(
                sql: """
                    CREATE TABLE items (
                        number INTEGER PRIMARY KEY AUTOINCREMENT,
                        id BLOB NOT NULL UNIQUE,
                        state INTEGER NOT NULL DEFAULT 1,
                        content BLOB NOT NULL,
                        signature BLOB NOT NULL,
                        certificate BLOB NOT NULL,
                        title TEXT NOT NULL,
                        created_at INTEGER NOT NULL,
                        attempts INTEGER NOT NULL DEFAULT 0,
                        last_attempt_at INTEGER,
                        sequence INTEGER,
                        code INTEGER,
                        reason TEXT,
                        import_source TEXT,
                        import_key TEXT,
                        UNIQUE (import_source, import_key)
                    ) STRICT;
                    CREATE INDEX pending_items ON items (state) WHERE state = 1;
                    """)
        }
        return migrator
    }
}

private enum OutboxSQL {
    static let columns = """
        id, content, signature, certificate, title, created_at, import_source, import_key, state, sequence, code, reason,
        attempts, last_attempt_at
        """

    static func entry(_ columns: Columns) throws -> OutboxEntry {
        var importKey: OutboxItem.ImportKey?
        if let source = columns.optionalText(6), let key = columns.optionalText(7) {
            importKey = OutboxItem.ImportKey(source: source, key: key)
        }
        let state: OutboxState =
            switch columns.int(8) {
            case 1: .pending
            case 2: .sent(columns.integer(9))
            case 3: .refused(code: columns.int(10), reason: columns.text(11))
            case let other: throw StorageError.damaged("\(other) is no state of an outbox item")
            }
        return OutboxEntry(
            item: OutboxItem(
                id: try columns.postID(0),
                post: SignedPost(
                    content: columns.blob(1), signature: columns.blob(2), certificateFingerprint: columns.blob(3)),
                title: columns.text(4), createdAt: columns.integer(5), importKey: importKey),
            state: state, attempts: columns.int(12), lastAttemptAt: columns.optionalInteger(13))
    }
}
