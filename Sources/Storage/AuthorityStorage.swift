import GRDB
package import LessonModel

/// What the store knows of the issuing certificates: in which state the relay has last taken them into use, and how many
/// certificates rely on each.
package struct StoredIssuer: Hashable, Sendable {
    package enum State: Int, Sendable {
        /// What it signed is accepted; it signs nothing.
        case accepted = 1
        case signing = 2
        /// What it signed is accepted no more. Final.
        case retired = 3
    }

    /// The subject key identifier.
    package var keyID: [UInt8]
    /// For people: the common name.
    package var name: String
    package var state: State

    package init(keyID: [UInt8], name: String, state: State) {
        self.keyID = keyID
        self.name = name
        self.state = state
    }
}

extension RelayStore {
    /// All that were ever in use.
    package func issuers() throws(StorageError) -> [StoredIssuer] {
        try read { db in try AuthoritySQL.issuers(in: db) }
    }

    /// Certificates that are neither revoked nor ended, by their issuer's key identifier. Reads an index alone.
    package func certificatesInUse(now: Milliseconds) throws(StorageError) -> [[UInt8]: Int] {
        try read { db in try AuthoritySQL.certificatesInUse(now: now, in: db) }
    }

    /// Notes the authority as the relay takes it into use, with an audit entry for each difference from before:
    /// `authority.import`, `authority.activate`, `authority.retire`. The first call of a database only notes.
    ///
    /// Whatever still relies on an issuer that becomes retired is revoked in the same transaction.
    /// - Parameters:
    ///   - issuers: all of them, the retired too.
    ///   - reason: a CRLReason (RFC 5280 §5.3.1) for what is revoked, by key identifier.
    /// - Returns: how many certificates were revoked.
    /// - Throws: `.lastRelayAdministrator` when the revocations would leave no relay administrator; nothing is changed then.
    package func note(
        _ issuers: [StoredIssuer], reasons: [[UInt8]: Int], now: Milliseconds
    ) throws(StorageError) -> Int {
        try write { db in
            let before = try AuthoritySQL.issuers(in: db)
            let known = Dictionary(before.map { ($0.keyID, $0) }, uniquingKeysWith: { first, _ in first })
            var revoked = 0
            for issuer in issuers where known[issuer.keyID]?.state != issuer.state {
                try db.run(
                    """
                    INSERT INTO issuers (key_id, name, state, changed_at) VALUES (?1, ?2, ?3, ?4)
                    ON CONFLICT (key_id) DO UPDATE SET name = ?2, state = ?3, changed_at = ?4
                    """,
                    [
                        .blob(issuer.keyID), .text(issuer.name), .integer(issuer.state.rawValue), .integer(now),
                    ])
                var detail = ["issuer": issuer.name, "key": Hex.text(of: issuer.keyID)]
                if issuer.state == .retired {
                    let reason = reasons[issuer.keyID] ?? AuthoritySQL.superseded
                    let count = try AuthoritySQL.revoke(issuer.keyID, reason: reason, now: now, in: db)
                    revoked += count
                    detail["revoked"] = "\(count)"
                }
                guard !before.isEmpty else { continue }
                for action in AuthoritySQL.actions(from: known[issuer.keyID]?.state, to: issuer.state) {
                    try AuditChain.append(AuditEntry(at: now, actor: .host, action: action, detail: detail), to: db)
                }
            }
            return revoked
        }
    }
}

enum AuthoritySQL {
    static let superseded = 4

    static let schema = """
        CREATE TABLE issuers (
            key_id BLOB PRIMARY KEY,
            name TEXT NOT NULL,
            state INTEGER NOT NULL,
            changed_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX certificates_in_use_of_issuer ON certificates (issuer_key_id, not_after) WHERE revoked_at IS NULL;
        """

    static func issuers(in db: Database) throws -> [StoredIssuer] {
        try db.all("SELECT key_id, name, state FROM issuers ORDER BY changed_at, key_id") { columns in
            StoredIssuer(keyID: columns.blob(0), name: columns.text(1), state: try columns.value(2))
        }
    }

    static func certificatesInUse(now: Milliseconds, in db: Database) throws -> [[UInt8]: Int] {
        var counts: [[UInt8]: Int] = [:]
        // From one issuer to the next by the index of serial numbers: a walk over all certificates costs a fifth of a second
        // among 100,000.
        try db.each(
            """
            WITH RECURSIVE issuer (id) AS (
                SELECT min(issuer_key_id) FROM certificates
                UNION ALL
                SELECT (SELECT min(c.issuer_key_id) FROM certificates c WHERE c.issuer_key_id > issuer.id)
                FROM issuer WHERE issuer.id IS NOT NULL
            )
            SELECT id, (SELECT count(*) FROM certificates c INDEXED BY certificates_in_use_of_issuer
                WHERE c.issuer_key_id = issuer.id AND c.revoked_at IS NULL AND c.not_after >= ?)
            FROM issuer WHERE id IS NOT NULL
            """, [.integer(now / 1_000)]
        ) { columns in
            counts[columns.blob(0)] = columns.int(1)
            return true
        }
        return counts
    }

    /// What an administrator reads in the audit log for one issuer's way from one state to another.
    static func actions(from before: StoredIssuer.State?, to after: StoredIssuer.State) -> [String] {
        let arrival = before == nil ? ["authority.import"] : []
        return switch after {
        case .accepted: arrival
        case .signing: arrival + ["authority.activate"]
        case .retired: ["authority.retire"]
        }
    }

    /// Revokes what `keyID` signed and is still in use.
    static func revoke(_ keyID: [UInt8], reason: Int, now: Milliseconds, in db: Database) throws -> Int {
        var count = 0
        try MembershipSQL.keepingRelayAdministrator(at: now, in: db) {
            count = try db.run(
                """
                UPDATE certificates SET revoked_at = ?1, revocation_reason = ?2
                WHERE issuer_key_id = ?3 AND revoked_at IS NULL AND not_after >= ?4
                """,
                [.integer(now), .integer(reason), .blob(keyID), .integer(now / 1_000)])
        }
        return count
    }
}
