import GRDB
package import LessonModel
package import PKI

/// A revocation list that others may have.
package struct PublishedRevocationList: Hashable, Sendable {
    package var list: RevocationList
    /// SHA-256 over what stands on it, number and times aside.
    package var contentHash: [UInt8]

    package init(list: RevocationList, contentHash: [UInt8]) {
        self.list = list
        self.contentHash = contentHash
    }
}

/// What the relay publishes about certificates for the rest of the world.
extension RelayStore {
    /// The list that was made last for the issuer with this subject key identifier; nil when there was none.
    package func revocationList(issuerKeyID: [UInt8]) throws(StorageError) -> PublishedRevocationList? {
        try read { db in
            try db.first(
                "SELECT der, number, this_update, next_update, content_hash FROM revocation_lists WHERE issuer_key_id = ?",
                [.blob(issuerKeyID)]
            ) { columns in
                PublishedRevocationList(
                    list: RevocationList(
                        der: columns.blob(0), number: columns.integer(1), thisUpdate: columns.integer(2),
                        nextUpdate: columns.integer(3)),
                    contentHash: columns.blob(4))
            }
        }
    }

    /// Keeps `list` in the place of the one before, from which on it may be handed out: its number is never given again.
    /// - Throws: `.alreadyExists` when a list with this number or a higher one is there.
    package func keep(_ published: PublishedRevocationList, issuerKeyID: [UInt8]) throws(StorageError) {
        let list = published.list
        try write { db in
            let changed = try db.run(
                """
                INSERT INTO revocation_lists (issuer_key_id, number, this_update, next_update, der, content_hash)
                VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT (issuer_key_id) DO UPDATE SET number = excluded.number, this_update = excluded.this_update,
                    next_update = excluded.next_update, der = excluded.der, content_hash = excluded.content_hash
                WHERE excluded.number > number
                """,
                [
                    .blob(issuerKeyID), .integer(list.number), .integer(list.thisUpdate), .integer(list.nextUpdate),
                    .blob(list.der), .blob(published.contentHash),
                ])
            guard changed == 1 else {
                throw StorageError.alreadyExists("a revocation list with the number \(list.number)")
            }
        }
    }

    /// What stands on the next list of an issuer: certificates that are revoked or on hold, but for those that had ended
    /// when the list before was made (RFC 5280 §3.3: each is on at least one list beyond its end).
    /// - Parameter previousUpdate: of that list, seconds since 1970.
    package func revocations(
        issuerKeyID: [UInt8], previousUpdate: Int64
    ) throws(StorageError) -> [RevocationList.Entry] {
        try read { db in
            try db.all(
                """
                SELECT serial, revocation_reason, revoked_at FROM certificates INDEXED BY revocations_of_issuer
                WHERE issuer_key_id = ? AND revoked_at IS NOT NULL AND not_after >= ? ORDER BY serial
                """,
                [.blob(issuerKeyID), .integer(previousUpdate)]
            ) { columns in
                RevocationList.Entry(
                    serialNumber: columns.blob(0),
                    reason: RevocationReason(rawValue: columns.int(1)) ?? .unspecified,
                    time: columns.integer(2) / 1_000)
            }
        }
    }

    /// Whether a certificate was issued here, to a member or to the relay itself.
    package func isIssued(issuerKeyID: [UInt8], serial: [UInt8]) throws(StorageError) -> Bool {
        try read { db in
            try db.exists(
                """
                SELECT 1 FROM certificates WHERE issuer_key_id = ?1 AND serial = ?2
                UNION ALL SELECT 1 FROM own_certificates WHERE issuer_key_id = ?1 AND serial = ?2
                """,
                [.blob(issuerKeyID), .blob(serial)])
        }
    }

    /// Remembers a certificate that the authority has issued to the relay itself. Repeating it changes nothing.
    /// - Parameter purpose: such as `relay`, `status`.
    package func recordOwnCertificate(
        _ certificate: Certificate, purpose: String, at time: Milliseconds
    ) throws(StorageError) {
        guard let issuerKeyID = certificate.authorityKeyID else { return }
        try write { db in
            try db.run(
                """
                INSERT INTO own_certificates (issuer_key_id, serial, purpose, not_after, recorded_at)
                VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
                """,
                [
                    .blob(issuerKeyID), .blob(certificate.serialNumber), .text(purpose),
                    .integer(certificate.notAfter), .integer(time),
                ])
        }
    }
}

enum PublicationSQL {
    static let schema = """
        CREATE TABLE revocation_lists (
            issuer_key_id BLOB PRIMARY KEY,
            number INTEGER NOT NULL,
            this_update INTEGER NOT NULL,
            next_update INTEGER NOT NULL,
            der BLOB NOT NULL,
            content_hash BLOB NOT NULL
        ) STRICT;

        CREATE TABLE own_certificates (
            issuer_key_id BLOB NOT NULL,
            serial BLOB NOT NULL,
            purpose TEXT NOT NULL,
            not_after INTEGER NOT NULL,
            recorded_at INTEGER NOT NULL,
            PRIMARY KEY (issuer_key_id, serial)
        ) STRICT, WITHOUT ROWID;

        CREATE INDEX revocations_of_issuer ON certificates (issuer_key_id, not_after, revocation_reason, revoked_at, serial)
            WHERE revoked_at IS NOT NULL;
        """
}
