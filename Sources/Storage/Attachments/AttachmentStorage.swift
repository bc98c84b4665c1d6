import GRDB
package import LessonModel
import Synchronization

/// How much of a file the relay has from a member.
package struct UploadStanding: Hashable, Sendable {
    /// The bytes from here on are missing.
    package var offset: Int64
    /// Nothing needs to be sent.
    package var isComplete: Bool
}

/// What one member may have uploaded that no post carries yet.
package struct UploadLimits: Hashable, Sendable {
    package var maxFiles: Int
    package var maxBytes: Int64
    /// Left free on the disk, so that a file never takes the log's last space.
    package var minFreeBytes: Int64

    package init(maxFiles: Int, maxBytes: Int64, minFreeBytes: Int64) {
        self.maxFiles = maxFiles
        self.maxBytes = maxBytes
        self.minFreeBytes = minFreeBytes
    }
}

/// The bytes of attachments. What others have uploaded is never told of: a member who may not see a post with the file
/// uploads all of it, whether it is here or not.
extension RelayStore {
    /// How long an upload that no post carries is kept.
    package static let uploadLifetime: Milliseconds = 24 * 3_600_000
    /// An upload that goes on is noted about this often.
    private static let noteBytes: Int64 = 16 << 20

    /// Begins an upload, or finds one that was begun.
    /// - Throws: `.limit` when the member has too much waiting, `.full` when the disk has no room for it.
    package func openUpload(
        _ digest: [UInt8], size: Int64, by viewer: Viewer, at now: Milliseconds, limits: UploadLimits
    ) throws(StorageError) -> UploadStanding {
        let known = try write { db -> UploadStanding? in
            let isHere = try db.exists(
                """
                SELECT 1 FROM blobs b WHERE b.digest = ?3 AND b.size = ?4 AND (\(AttachmentSQL.isVisible("?3"))
                    OR EXISTS (SELECT 1 FROM blob_uploads u WHERE u.member = ?1 AND u.digest = ?3 AND u.is_complete))
                """,
                viewer.parameters + [.blob(digest), .integer(size)])
            if isHere {
                // So that it is still here when the post comes.
                try db.run(
                    "UPDATE blob_uploads SET updated_at = ? WHERE member = ? AND digest = ?",
                    [.integer(now), .id(viewer.member), .blob(digest)])
                return UploadStanding(offset: size, isComplete: true)
            }
            let others = try db.first(
                "SELECT count(*), coalesce(sum(size), 0) FROM blob_uploads WHERE member = ? AND digest <> ?",
                [.id(viewer.member), .blob(digest)]
            ) { ($0.int(0), $0.integer(1)) }
            let (count, bytes) = others ?? (0, 0)
            guard count < limits.maxFiles, bytes.addingReportingOverflow(size).partialValue <= limits.maxBytes else {
                throw StorageError.limit(
                    "you have uploaded \(count) files of \(bytes / 1_048_576) MiB that no post carries yet; post with them, "
                        + "or wait a day until they are deleted")
            }
            try db.run(
                """
                INSERT INTO blob_uploads (member, digest, size, updated_at) VALUES (?, ?, ?, ?)
                ON CONFLICT (member, digest) DO UPDATE SET size = excluded.size, is_complete = 0,
                    updated_at = excluded.updated_at
                """,
                [.id(viewer.member), .blob(digest), .integer(size), .integer(now)])
            return nil
        }
        if let known { return known }
        let offset = try blobs.withLock { (files) throws(StorageError) in
            let offset = files.partialSize(digest, of: viewer.member.description)
            guard offset > size else { return offset }
            files.removePartial(digest, of: viewer.member.description)
            return 0
        }
        try checkSpace(for: size - offset, limits)
        return UploadStanding(offset: offset, isComplete: false)
    }

    /// Adds a piece to an upload, if it is the next one.
    /// - Returns: nil when the member has opened no such upload.
    /// - Throws: `.limit` when it would grow over the size that was said, `.full`; what was there stays.
    package func appendUpload(
        _ bytes: UnsafeRawBufferPointer, at offset: Int64, of digest: [UInt8], by member: MemberID,
        at now: Milliseconds,
        limits: UploadLimits
    ) throws(StorageError) -> UploadStanding? {
        guard let upload = try upload(digest, by: member) else { return nil }
        guard !upload.isComplete else { return UploadStanding(offset: upload.size, isComplete: true) }
        try checkSpace(for: Int64(bytes.count), limits)
        let (before, after) = try blobs.withLock { (files) throws(StorageError) in
            let before = files.partialSize(digest, of: member.description)
            guard before == offset, bytes.count > 0 else { return (before, before) }
            guard before + Int64(bytes.count) <= upload.size else {
                throw StorageError.limit("the upload would be longer than the \(upload.size) bytes that were announced")
            }
            return (before, try files.append(bytes, to: digest, of: member.description))
        }
        if before / Self.noteBytes != after / Self.noteBytes {
            try write { db in
                try db.run(
                    "UPDATE blob_uploads SET updated_at = ? WHERE member = ? AND digest = ?",
                    [.integer(now), .id(member), .blob(digest)])
            }
        }
        return UploadStanding(offset: after, isComplete: false)
    }

    /// Checks an upload that is whole, and puts it where posts can carry it, on the disk.
    /// - Returns: false when its bytes are not those of the digest; the upload begins anew then.
    /// - Throws: `.notFound` for an upload that was not opened, `.limit` when bytes are missing.
    package func finishUpload(_ digest: [UInt8], by member: MemberID, at now: Milliseconds) throws(StorageError) -> Bool
    {
        guard let upload = try upload(digest, by: member) else { throw .notFound("upload of that file; open it first") }
        guard !upload.isComplete else { return true }
        return try blobs.withLock { (files) throws(StorageError) in
            let size = files.partialSize(digest, of: member.description)
            guard size == upload.size else {
                throw StorageError.limit("\(upload.size - size) bytes of the file are missing; send them first")
            }
            guard try files.finish(digest, of: member.description) else { return false }
            try write { db in
                try db.run(
                    "INSERT INTO blobs (digest, size) VALUES (?, ?) ON CONFLICT (digest) DO NOTHING",
                    [.blob(digest), .integer(upload.size)])
                try db.run(
                    "UPDATE blob_uploads SET is_complete = 1, updated_at = ? WHERE member = ? AND digest = ?",
                    [.integer(now), .id(member), .blob(digest)])
            }
            return true
        }
    }

    /// True when the post is in the log, carries the file, and `viewer` may see it.
    package func carries(_ post: PostID, _ digest: [UInt8], viewer: Viewer) throws(StorageError) -> Bool {
        try read { db in
            try db.exists(
                """
                SELECT 1 FROM posts p CROSS JOIN post_attachments a ON a.post = p.sequence AND a.digest = ?4
                WHERE p.id = ?3 AND \(VisibilitySQL.post("p"))
                """,
                viewer.parameters + [.id(post), .blob(digest)])
        }
    }

    /// The post with this id that waits for a curator and carries the file.
    package func heldPost(_ post: PostID, carrying digest: [UInt8]) throws(StorageError) -> HeldPost? {
        try read { db in
            try db.first(
                """
                SELECT \(HeldPostSQL.columns) FROM held_posts WHERE id = ?1 AND state = 1 AND EXISTS (
                    SELECT 1 FROM held_attachments h WHERE h.held = held_posts.number AND h.digest = ?2)
                """,
                [.id(post), .blob(digest)], HeldPostSQL.post)
        }
    }

    /// A piece of a file that is whole. Who may read it is for the caller to ask.
    /// - Returns: nil when it is not here any more.
    package func blobPiece(_ digest: [UInt8], at offset: Int64, count: Int) throws(StorageError) -> [UInt8]? {
        try blobFiles.read(digest, at: offset, count: min(max(0, count), BlobFiles.maxPieceBytes))
    }

    // MARK: Upkeep

    /// Gives up uploads that were last touched before `time`, and deletes every file that no post carries and nobody has
    /// just uploaded: that of a redacted post among them.
    /// - Returns: how many files went.
    @discardableResult
    package func collectBlobs(uploadsBefore time: Milliseconds) throws(StorageError) -> Int {
        hasErasedBlobs.store(false, ordering: .releasing)
        var isDone = false
        defer { if !isDone { hasErasedBlobs.store(true, ordering: .releasing) } }
        let count = try blobs.withLock { (files) throws(StorageError) in
            let (partial, orphans) = try write { db in
                let old = try db.all(
                    "SELECT member, digest FROM blob_uploads WHERE updated_at < ?", [.integer(time)]
                ) { (member: try $0.memberID(0), digest: $0.blob(1)) }
                try db.run("DELETE FROM blob_uploads WHERE updated_at < ?", [.integer(time)])
                let orphans = try db.all(
                    """
                    SELECT digest FROM blobs WHERE digest NOT IN (SELECT digest FROM post_attachments)
                        AND digest NOT IN (SELECT digest FROM held_attachments)
                        AND digest NOT IN (SELECT digest FROM blob_uploads WHERE is_complete)
                    """
                ) { $0.blob(0) }
                for digest in orphans { try db.run("DELETE FROM blobs WHERE digest = ?", [.blob(digest)]) }
                return (old, orphans)
            }
            for upload in partial { files.removePartial(upload.digest, of: upload.member.description) }
            for digest in orphans { files.remove(digest) }
            return partial.count + orphans.count
        }
        isDone = true
        return count
    }

    /// A post with attachments may have been erased since `collectBlobs`.
    package var mayHaveErasedBlobs: Bool { hasErasedBlobs.load(ordering: .acquiring) }

    /// Deletes files that a process left behind when it was killed between two steps.
    package func sweepBlobFiles() throws(StorageError) {
        try blobs.withLock { (files) throws(StorageError) in
            let (whole, partial) = files.list()
            let known = try read { db in
                (
                    Set(try db.all("SELECT digest FROM blobs") { $0.blob(0) }),
                    Set(
                        try db.all("SELECT member, digest FROM blob_uploads WHERE NOT is_complete") {
                            "\(try $0.memberID(0))-\(Hex.text(of: $0.blob(1)))"
                        })
                )
            }
            for digest in whole where !known.0.contains(digest) { files.remove(digest) }
            for name in partial where !known.1.contains(name) { files.removePartial(named: name) }
        }
    }

    /// What is wrong with the files, a sentence each. Reads all of them.
    func blobProblems(_ db: Database) throws -> [String] {
        try db.all("SELECT digest FROM blobs") { $0.blob(0) }.filter { !blobFiles.isSound($0) }
            .prefix(RelayStore.maxProblemsPerKind).map {
                "an attachment's file is missing or damaged: \(Hex.text(of: $0))"
            }
    }

    private func upload(
        _ digest: [UInt8], by member: MemberID
    ) throws(StorageError) -> (size: Int64, isComplete: Bool)? {
        try read { db in
            try db.first(
                "SELECT size, is_complete FROM blob_uploads WHERE member = ? AND digest = ?",
                [.id(member), .blob(digest)]
            ) { ($0.integer(0), $0.flag(1)) }
        }
    }

    private func checkSpace(for bytes: Int64, _ limits: UploadLimits) throws(StorageError) {
        guard let free = blobFiles.freeBytes, free - bytes < limits.minFreeBytes else { return }
        throw .full
    }
}
