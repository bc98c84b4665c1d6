import GRDB
import LessonModel

/// The second version of the membership: contacts, curators' topics, removal, holds, and the indexes by which an
/// authority of 100,000 certificates is listed and searched within milliseconds.
enum MembershipSchema {
    static func migrate(_ db: Database) throws {
        try db.execute(sql: columns)
        let names = try db.all("SELECT id, name FROM members") { ($0.blob(0), $0.text(1)) }
        for (id, name) in names {
            try db.run("UPDATE members SET folded_name = ? WHERE id = ?", [.text(SearchText.folded(name)), .blob(id)])
        }
        try db.execute(sql: indexes)
        try db.execute(sql: audit)
        let organisations = try db.all("SELECT id, organisation FROM members") {
            (try $0.memberID(0).description, $0.text(1))
        }
        let homes = Dictionary(organisations, uniquingKeysWith: { first, _ in first })
        let entries = try db.all(
            """
            SELECT sequence, actor, CASE WHEN json_valid(detail) THEN json_extract(detail, '$.organisation') END
            FROM audit
            """
        ) { (sequence: $0.integer(0), actor: $0.text(1), named: $0.optionalText(2)) }
        for entry in entries {
            guard let organisation = entry.named ?? homes[entry.actor] else { continue }
            try AuditChain.file(entry.sequence, under: organisation, in: db)
        }
    }

    /// `removed_at` is set for ever: a row stays, so that its name or id is never given again and its posts have an author.
    /// A certificate's `organisation` is its member's, who never changes it.
    private static let columns = """
        ALTER TABLE organisations ADD COLUMN contact TEXT NOT NULL DEFAULT '';
        ALTER TABLE organisations ADD COLUMN removed_at INTEGER;
        ALTER TABLE members ADD COLUMN removed_at INTEGER;
        ALTER TABLE members ADD COLUMN curated_topics TEXT NOT NULL DEFAULT '';
        ALTER TABLE members ADD COLUMN folded_name TEXT NOT NULL DEFAULT '';
        ALTER TABLE invitations ADD COLUMN is_way_back INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE certificates ADD COLUMN organisation TEXT NOT NULL DEFAULT '';
        UPDATE certificates SET organisation =
            (SELECT m.organisation FROM members m WHERE m.id = certificates.member);
        """

    /// The rows of `certificates` hold the certificates themselves; walks and counts read these indexes alone.
    private static let indexes = """
        DROP INDEX members_of_organisation;
        CREATE INDEX members_of_organisation ON members (organisation, removed_at);
        CREATE INDEX suspended_members ON members (organisation) WHERE removed_at IS NULL AND is_suspended <> 0;
        DROP INDEX certificates_of_member;
        CREATE INDEX certificates_of_member ON certificates (member, not_after, revoked_at, revocation_reason);
        CREATE INDEX certificates_by_end ON certificates
            (not_after, fingerprint, organisation, member, issuer_key_id, serial, revoked_at, revocation_reason);
        CREATE INDEX certificates_of_organisation ON certificates
            (organisation, not_after, fingerprint, member, serial, revoked_at, revocation_reason);
        CREATE INDEX certificates_by_serial ON certificates (serial);
        CREATE INDEX revoked_certificates ON certificates (revoked_at) WHERE revoked_at IS NOT NULL;
        CREATE INDEX relay_administrators ON members (id) WHERE \(MembershipSQL.isRelayAdministrator);
        CREATE INDEX invitations_of_organisation ON invitations (organisation);
        CREATE INDEX open_invitations ON invitations (expires_at) WHERE redeemed_at IS NULL AND revoked_at IS NULL;
        """

    /// Which entries concern an organisation: those that name it, and those of its members that name none.
    private static let audit = """
        CREATE TABLE audit_organisations (
            organisation TEXT NOT NULL,
            sequence INTEGER NOT NULL REFERENCES audit (sequence),
            PRIMARY KEY (organisation, sequence)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX audit_by_actor ON audit (actor, sequence);
        """
}

/// How names are compared in a search.
package enum SearchText {
    package static let maxBytes = 120

    /// Upper and lower case alike, in every script.
    package static func folded(_ text: String) -> String { text.lowercased() }
}
