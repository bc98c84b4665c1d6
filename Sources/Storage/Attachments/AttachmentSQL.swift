import GRDB
import LessonModel

/// Which posts carry which files, and who has uploaded what. The bytes stand in `BlobFiles`.
enum AttachmentSQL {
    /// `blobs` are the files that are whole and on the disk. A row of `blob_uploads` lasts until a post of the member
    /// carries the file, or it is given up. `held_attachments` are those of posts that wait for a curator.
    static let schema = """
        CREATE TABLE blobs (
            digest BLOB PRIMARY KEY,
            size INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE blob_uploads (
            member BLOB NOT NULL,
            digest BLOB NOT NULL,
            size INTEGER NOT NULL,
            is_complete INTEGER NOT NULL DEFAULT 0,
            updated_at INTEGER NOT NULL,
            PRIMARY KEY (member, digest)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX uploads_of_blob ON blob_uploads (digest);

        CREATE TABLE post_attachments (
            post INTEGER NOT NULL REFERENCES posts (sequence),
            digest BLOB NOT NULL REFERENCES blobs (digest),
            PRIMARY KEY (post, digest)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX posts_of_blob ON post_attachments (digest);

        CREATE TABLE held_attachments (
            held INTEGER NOT NULL REFERENCES held_posts (number),
            digest BLOB NOT NULL REFERENCES blobs (digest),
            PRIMARY KEY (held, digest)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX held_posts_of_blob ON held_attachments (digest);
        """

    /// A post that the viewer, parameters 1 and 2, may see carries the file `digest`, an SQL expression.
    static func isVisible(_ digest: String) -> String {
        """
        EXISTS (SELECT 1 FROM post_attachments a CROSS JOIN posts p ON p.sequence = a.post
            WHERE a.digest = \(digest) AND \(VisibilitySQL.post("p")))
        """
    }

    /// The first file of a post that its author has not brought here and may not see either; nil when the post can go on.
    static func missing(_ request: AppendRequest, in db: Database) throws -> Attachment? {
        let post = request.post
        let viewer = Viewer(member: post.author, organisation: post.organisation)
        return try post.attachments.first { attachment in
            try !db.exists(
                """
                SELECT 1 FROM blobs b WHERE b.digest = ?3 AND b.size = ?4 AND (
                    EXISTS (SELECT 1 FROM blob_uploads u WHERE u.member = ?1 AND u.digest = ?3 AND u.is_complete)
                    OR \(isVisible("?3"))
                    OR EXISTS (SELECT 1 FROM held_attachments h JOIN held_posts w ON w.number = h.held
                        WHERE h.digest = ?3 AND w.id = ?5))
                """,
                viewer.parameters + [.blob(attachment.digest), .integer(attachment.size), .id(post.id)])
        }
    }

    /// The post has come to the log with its files.
    static func insert(_ post: Post, at sequence: SequenceNumber, in db: Database) throws {
        for digest in Set(post.attachments.map(\.digest)) {
            try db.run(
                "INSERT INTO post_attachments (post, digest) VALUES (?, ?)", [.integer(sequence), .blob(digest)])
            try release(digest, by: post.author, in: db)
        }
    }

    /// The post waits for a curator with its files.
    static func hold(_ post: Post, as number: Int64, in db: Database) throws {
        for digest in Set(post.attachments.map(\.digest)) {
            try db.run(
                "INSERT INTO held_attachments (held, digest) VALUES (?, ?)", [.integer(number), .blob(digest)])
            try release(digest, by: post.author, in: db)
        }
    }

    private static func release(_ digest: [UInt8], by member: MemberID, in db: Database) throws {
        try db.run("DELETE FROM blob_uploads WHERE member = ? AND digest = ?", [.id(member), .blob(digest)])
    }
}
