import GRDB
package import LessonModel

/// A relay is never left without a relay administrator: one who has the role, is not suspended, whose organisation is
/// not, and who holds a certificate that is neither revoked nor ended.
extension RelayStore {
    /// Whether there is a relay administrator who can connect at `now`, other than `member` and the members of
    /// `organisation`.
    package func hasRelayAdministrator(
        at now: Milliseconds, except member: MemberID? = nil, outside organisation: OrganisationSlug? = nil
    ) throws(StorageError) -> Bool {
        try read { db in
            try MembershipSQL.hasRelayAdministrator(at: now, except: member, outside: organisation, in: db)
        }
    }

    /// How many relay administrators can connect at `now`.
    package func relayAdministratorCount(at now: Milliseconds) throws(StorageError) -> Int {
        try read { db in
            try db.first(
                "SELECT count(*) \(MembershipSQL.relayAdministrators)", [.integer(now / 1_000), .null, .null]
            ) { $0.int(0) } ?? 0
        }
    }
}

extension MembershipSQL {
    /// Who can connect at ?1, other than the member ?2 and the members of the organisation ?3.
    static let relayAdministrators = """
        FROM members m JOIN organisations o ON o.slug = m.organisation
        WHERE m.\(isRelayAdministrator) AND m.is_suspended = 0 AND o.is_suspended = 0
            AND m.removed_at IS NULL AND o.removed_at IS NULL
            AND (?2 IS NULL OR m.id <> ?2) AND (?3 IS NULL OR o.slug <> ?3)
            AND EXISTS (
                SELECT 1 FROM certificates c
                WHERE c.member = m.id AND c.revoked_at IS NULL AND c.not_after >= ?1)
        """

    /// A literal, so that the index of relay administrators serves it.
    static let isRelayAdministrator = "roles & \(bits([.relayAdministrator])) <> 0"

    /// Runs `change` in the transaction that is running.
    /// - Throws: `.lastRelayAdministrator` when there was such an administrator before and is none after it; nothing of
    ///   the transaction stays then. A relay that has none, as before its first one has joined, may be changed freely.
    static func keepingRelayAdministrator(at now: Milliseconds, in db: Database, _ change: () throws -> Void) throws {
        let had = try hasRelayAdministrator(at: now, in: db)
        try change()
        guard try !had || hasRelayAdministrator(at: now, in: db) else { throw StorageError.lastRelayAdministrator }
    }

    static func hasRelayAdministrator(
        at now: Milliseconds, except member: MemberID? = nil, outside organisation: OrganisationSlug? = nil,
        in db: Database
    ) throws -> Bool {
        try db.exists(
            "SELECT 1 \(relayAdministrators) LIMIT 1",
            [.integer(now / 1_000), .optional(member?.bytes), .optional(organisation?.text)])
    }
}
