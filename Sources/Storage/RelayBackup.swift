import GRDB
package import LessonModel

/// Copies of a relay's database and files, made while the relay runs and posts go on, from another process: SQLite's
/// write-ahead log lets it read one instant without a lock on the relay.
package enum RelayBackup {
    /// What was copied.
    package struct Report: Hashable, Sendable {
        /// The last post that is in the copy.
        package var head: SequenceNumber
        package var attachments: Int
        package var bytes: Int64
    }

    /// A restored relay leaves this many places of its log free, so that no number is given again which members have
    /// received for a post that came after the backup.
    package static let restoredGap: SequenceNumber = 100_000

    /// Copies the database as it is at one instant, and then the files of its attachments, into `target`, which exists.
    /// - Parameter progress: told how many of how many attachments are copied.
    /// - Throws: `.alreadyExists` when a database is there; after any failure what is in `target` is no backup.
    package static func copy(
        from directory: String, to target: String, progress: (Int, Int) -> Void = { _, _ in }
    ) throws(StorageError) -> Report {
        let path = target + "/" + RelayStore.fileName
        guard !PrivateFile.exists(path) else { throw .alreadyExists("the file \(path)") }
        guard PrivateFile.exists(directory + "/" + RelayStore.fileName) else {
            throw .notFound("relay's database in \(directory)")
        }
        try PrivateFile.create(path)
        do {
            var configuration = Configuration()
            configuration.readonly = true
            configuration.busyMode = .timeout(5)
            let source = try DatabaseQueue(path: directory + "/" + RelayStore.fileName, configuration: configuration)
            let copy = try DatabaseQueue(path: path)
            try source.backup(to: copy)
            try source.close()
            // One file, without a log of changes beside it.
            try copy.writeWithoutTransaction { db in
                try db.execute(sql: "PRAGMA synchronous = FULL; PRAGMA journal_mode = DELETE")
            }
            let (head, digests) = try copy.read { db in
                (
                    try db.first("SELECT coalesce(max(sequence), 0) FROM posts") { $0.integer(0) } ?? 0,
                    // A database of an earlier version has none.
                    try db.tableExists("blobs") ? try db.all("SELECT digest FROM blobs") { $0.blob(0) } : []
                )
            }
            try copy.close()
            let bytes = try copyFiles(digests, from: directory, to: target, progress)
            return Report(head: head, attachments: digests.count, bytes: bytes)
        } catch {
            throw StorageError(error)
        }
    }

    private static func copyFiles(
        _ digests: [[UInt8]], from directory: String, to target: String, _ progress: (Int, Int) -> Void
    ) throws -> Int64 {
        let source = try BlobFiles(directory: directory + "/" + RelayStore.blobDirectoryName)
        let copies = try BlobFiles(directory: target + "/" + RelayStore.blobDirectoryName)
        var bytes: Int64 = 0
        for (index, digest) in digests.enumerated() {
            // A post that was redacted meanwhile has taken its file along.
            guard source.has(digest) else { continue }
            let (copied, size) = try copies.take(source.path(digest), maxBytes: .max)
            guard copied == digest else {
                throw StorageError.damaged("the attachment \(Hex.text(of: digest)) has other bytes than its name says")
            }
            bytes += size
            progress(index + 1, digests.count)
        }
        return bytes
    }

    /// Makes a copy a relay's own again: attachments whose file is missing are let go, and the log goes on `restoredGap`
    /// places after its end.
    /// - Parameter now: milliseconds since 1970, for the audit log.
    /// - Returns: the number that the next post gets.
    package static func adopt(_ directory: String, at now: Milliseconds) throws(StorageError) -> SequenceNumber {
        let store = try RelayStore(directory: directory)
        defer { try? store.close() }
        return try store.write { db in
            let missing = try db.all("SELECT digest FROM blobs") { $0.blob(0) }.filter { !store.blobFiles.has($0) }
            for digest in missing {
                for table in ["post_attachments", "held_attachments", "blob_uploads", "blobs"] {
                    try db.run("DELETE FROM \(table) WHERE digest = ?", [.blob(digest)])
                }
            }
            let last = try db.first("SELECT seq FROM sqlite_sequence WHERE name = 'posts'") { $0.integer(0) }
            let next = (last ?? 0) + restoredGap
            if last != nil {
                try db.run("UPDATE sqlite_sequence SET seq = ? WHERE name = 'posts'", [.integer(next)])
            } else {
                try db.run("INSERT INTO sqlite_sequence (name, seq) VALUES ('posts', ?)", [.integer(next)])
            }
            try AuditChain.append(
                AuditEntry(
                    at: now, actor: .host, action: "relay.restore",
                    detail: ["next-post": "\(next + 1)", "missing-attachments": "\(missing.count)"]), to: db)
            return next + 1
        }
    }
}
