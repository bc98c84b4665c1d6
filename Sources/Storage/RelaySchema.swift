import GRDB

/// The history of the relay's database. A released migration is never changed, only followed by another.
enum RelaySchema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("v1") { db in
            try db.execute(sql: log)
            try db.execute(sql: membership)
        }
        migrator.registerMigration("v2-membership", migrate: MembershipSchema.migrate)
        migrator.registerMigration("v2-search") { db in try db.execute(sql: RelaySearch.schema) }
        migrator.registerMigration("v2-publication") { db in try db.execute(sql: PublicationSQL.schema) }
        migrator.registerMigration("v2-authority") { db in try db.execute(sql: AuthoritySQL.schema) }
        migrator.registerMigration("v3-threads") { db in try db.execute(sql: ThreadStateSQL.schema) }
        migrator.registerMigration("v4-moderation") { db in try db.execute(sql: HeldPostSQL.schema) }
        migrator.registerMigration("v5-thread-marks") { db in try db.execute(sql: ThreadMarkSQL.schema) }
        migrator.registerMigration("v6-attachments") { db in try db.execute(sql: AttachmentSQL.schema) }
        migrator.registerMigration("v6-retention") { db in try db.execute(sql: Retention.schema) }
        migrator.registerMigration("v6-flags") { db in try db.execute(sql: FlagSQL.schema) }
        migrator.registerMigration("v7-topic-moves") { db in try db.execute(sql: TopicMoveSQL.schema) }
        migrator.registerMigration("v7-erased-names") { db in try db.execute(sql: NameErasureSQL.schema) }
        return migrator
    }

    /// The log. `posts` is narrow, so that a walk over it for somebody who may see little touches few pages; what was
    /// signed stands in `post_contents`. A lesson's `thread` is its own sequence number.
    ///
    /// A query finds a thread's posts by `posts_of_thread` only where it says `kind > 1` in just these words, whatever else it
    /// says of the kind: SQLite does not conclude that one condition follows from another.
    ///
    /// A post is open when every member may see it: it and its thread's lesson are CLEAR or GREEN. The counters of
    /// topics and threads hold open posts only (a thread's lesson counts as open in its own thread), and the rest is
    /// counted for each viewer.
    private static let log = """
        CREATE TABLE topics (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            path TEXT NOT NULL UNIQUE,
            description TEXT NOT NULL,
            is_archived INTEGER NOT NULL DEFAULT 0,
            open_threads INTEGER NOT NULL DEFAULT 0,
            open_posts INTEGER NOT NULL DEFAULT 0,
            open_last_sequence INTEGER NOT NULL DEFAULT 0
        ) STRICT;

        CREATE TABLE posts (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT,
            id BLOB NOT NULL UNIQUE,
            topic INTEGER NOT NULL REFERENCES topics (id),
            thread INTEGER NOT NULL REFERENCES posts (sequence),
            kind INTEGER NOT NULL,
            marking INTEGER NOT NULL,
            is_open INTEGER NOT NULL,
            organisation TEXT NOT NULL,
            author BLOB NOT NULL,
            received_at INTEGER NOT NULL,
            content_hash BLOB NOT NULL
        ) STRICT;
        CREATE INDEX posts_of_thread ON posts (thread) WHERE kind > 1;
        CREATE INDEX restricted_posts_of_topic ON posts (topic) WHERE is_open = 0;

        CREATE TABLE post_contents (
            sequence INTEGER PRIMARY KEY REFERENCES posts (sequence),
            content BLOB NOT NULL,
            signature BLOB NOT NULL,
            certificate BLOB NOT NULL
        ) STRICT;

        CREATE TABLE post_organisations (
            post INTEGER NOT NULL REFERENCES posts (sequence),
            organisation TEXT NOT NULL,
            PRIMARY KEY (post, organisation)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE post_members (
            post INTEGER NOT NULL REFERENCES posts (sequence),
            member BLOB NOT NULL,
            PRIMARY KEY (post, member)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE threads (
            sequence INTEGER PRIMARY KEY REFERENCES posts (sequence),
            topic INTEGER NOT NULL REFERENCES topics (id),
            marking INTEGER NOT NULL,
            state INTEGER NOT NULL,
            country TEXT,
            organisation_kind INTEGER NOT NULL,
            language TEXT NOT NULL,
            primary_language TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            open_posts INTEGER NOT NULL,
            open_last_sequence INTEGER NOT NULL,
            restricted_posts INTEGER NOT NULL,
            title TEXT NOT NULL
        ) STRICT;
        CREATE INDEX threads_by_activity ON threads (open_last_sequence);
        CREATE INDEX threads_with_restricted_posts ON threads (restricted_posts) WHERE restricted_posts > 0;

        CREATE TABLE log_hours (
            hour INTEGER PRIMARY KEY,
            first_sequence INTEGER NOT NULL
        ) STRICT;
        """

    /// Organisations, members and what belongs to them. Bytes of tokens are never stored, only their SHA-256.
    private static let membership = """
        CREATE TABLE settings (
            key TEXT PRIMARY KEY,
            value TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE organisations (
            slug TEXT PRIMARY KEY,
            name TEXT NOT NULL,
            country TEXT,
            kind INTEGER NOT NULL,
            is_suspended INTEGER NOT NULL DEFAULT 0,
            created_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE organisation_clients (
            organisation TEXT NOT NULL REFERENCES organisations (slug),
            client TEXT NOT NULL REFERENCES organisations (slug),
            PRIMARY KEY (organisation, client)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX clients_of_organisations ON organisation_clients (client);

        CREATE TABLE members (
            id BLOB PRIMARY KEY,
            organisation TEXT NOT NULL REFERENCES organisations (slug),
            name TEXT NOT NULL,
            kind INTEGER NOT NULL,
            roles INTEGER NOT NULL,
            is_suspended INTEGER NOT NULL DEFAULT 0,
            created_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX members_of_organisation ON members (organisation);

        CREATE TABLE certificates (
            fingerprint BLOB PRIMARY KEY,
            member BLOB NOT NULL REFERENCES members (id),
            issuer_key_id BLOB NOT NULL,
            serial BLOB NOT NULL,
            der BLOB NOT NULL,
            not_before INTEGER NOT NULL,
            not_after INTEGER NOT NULL,
            recorded_at INTEGER NOT NULL,
            revoked_at INTEGER,
            revocation_reason INTEGER,
            UNIQUE (issuer_key_id, serial)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX certificates_of_member ON certificates (member);

        CREATE TABLE invitations (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            token_hash BLOB NOT NULL UNIQUE,
            organisation TEXT NOT NULL REFERENCES organisations (slug),
            member_name TEXT NOT NULL,
            member_kind INTEGER NOT NULL,
            roles INTEGER NOT NULL,
            existing_member BLOB REFERENCES members (id),
            created_by BLOB REFERENCES members (id),
            created_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL,
            redeemed_at INTEGER,
            redeemed_by BLOB REFERENCES members (id),
            revoked_at INTEGER
        ) STRICT;

        CREATE TABLE subscriptions (
            member BLOB NOT NULL REFERENCES members (id),
            durable TEXT NOT NULL,
            filters TEXT NOT NULL,
            cursor INTEGER NOT NULL,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            PRIMARY KEY (member, durable)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE audit (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT,
            at INTEGER NOT NULL,
            actor TEXT NOT NULL,
            certificate BLOB,
            action TEXT NOT NULL,
            detail TEXT NOT NULL,
            previous_hash BLOB NOT NULL,
            hash BLOB NOT NULL
        ) STRICT;
        CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
            BEGIN SELECT RAISE(ABORT, 'an audit entry is never changed'); END;
        CREATE TRIGGER audit_is_never_shortened BEFORE DELETE ON audit
            BEGIN SELECT RAISE(ABORT, 'an audit entry is never deleted'); END;
        """
}
