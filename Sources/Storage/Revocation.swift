import GRDB
package import LessonModel
import PKI

/// What a revocation did.
package struct RevocationOutcome: Hashable, Sendable {
    /// Those that this call has revoked or put on hold, oldest first.
    package var certificates: [StoredCertificate]
    /// Invitations that would have brought their owners back; they are withdrawn.
    package var withdrawnInvitations: [Int64]
}

/// What a removal did.
package struct RemovalOutcome: Hashable, Sendable {
    package var memberCount: Int
    package var certificates: [StoredCertificate]
    package var withdrawnInvitations: [Int64]
}

/// Who or what is removed for ever.
package enum RemovalTarget: Hashable, Sendable {
    case organisation(OrganisationSlug)
    case member(MemberID)
}

/// Taking certificates out of force, and what goes with it, each in one transaction with its audit entries.
extension RelayStore {
    /// Revokes what `selection` names and is not revoked yet; with `certificateHold`, puts it on hold. What is on hold is
    /// revoked for ever by any other reason. Invitations that would bring the owners back are withdrawn: those of their
    /// further devices; and of a member or an organisation as a whole, those that they made, or that are for them.
    /// - Parameters:
    ///   - reason: a CRLReason (RFC 5280 §5.3.1).
    ///   - audit: the facts of what was revoked are added to it.
    /// - Throws: `.notFound` when the certificate, member or organisation itself is unknown; `.lastRelayAdministrator`.
    @discardableResult
    package func revokeCertificates(
        _ selection: CertificateSelection, reason: Int, audit: AuditEntry
    ) throws(StorageError) -> RevocationOutcome {
        try write { db in
            try RevocationSQL.require(selection, in: db)
            var revoked: [StoredCertificate] = []
            try MembershipSQL.keepingRelayAdministrator(at: audit.at, in: db) {
                revoked = try RevocationSQL.revoke(selection, reason: reason, at: audit.at, in: db)
            }
            var entry = audit
            entry.detail.merge(RevocationSQL.facts(of: revoked)) { given, _ in given }
            try AuditChain.append(entry, to: db)
            let withdrawn = try RevocationSQL.withdrawInvitations(of: selection, audit: audit, in: db)
            return RevocationOutcome(certificates: revoked, withdrawnInvitations: withdrawn)
        }
    }

    /// Takes back the hold of what `selection` names. What is revoked for another reason stays so.
    /// - Returns: those that are in force again, as they were on hold.
    /// - Throws: `.notFound` when the certificate, member or organisation itself is unknown.
    package func releaseHold(
        _ selection: CertificateSelection, audit: AuditEntry
    ) throws(StorageError) -> [StoredCertificate] {
        try write { db in
            try RevocationSQL.require(selection, in: db)
            let held = try RevocationSQL.certificates(
                selection, "revocation_reason = \(RevocationReason.certificateHold.rawValue)", in: db)
            for certificate in held {
                try db.run(
                    "UPDATE certificates SET revoked_at = NULL, revocation_reason = NULL WHERE fingerprint = ?",
                    [.blob(certificate.issued.fingerprint)])
            }
            var entry = audit
            entry.detail.merge(RevocationSQL.facts(of: held)) { given, _ in given }
            try AuditChain.append(entry, to: db)
            return held
        }
    }

    /// Removes a member, or an organisation with all its members, for ever: certificates revoked, open invitations
    /// withdrawn, subscriptions and namings as client deleted. Rows and posts stay.
    /// - Parameter audit: the numbers of members and certificates are added to it.
    /// - Throws: `.notFound`, `.lastRelayAdministrator`.
    package func remove(_ target: RemovalTarget, audit: AuditEntry) throws(StorageError) -> RemovalOutcome {
        try write { db in
            let selection: CertificateSelection
            let members: (condition: String, value: SQLValue)
            let reason: RevocationReason
            switch target {
            case .organisation(let slug):
                selection = .organisation(slug)
                members = ("organisation = ?1", .text(slug.text))
                reason = .cessationOfOperation
            case .member(let id):
                selection = .member(id)
                members = ("id = ?1", .id(id))
                reason = .affiliationChanged
            }
            try RevocationSQL.require(selection, in: db)
            var outcome = RemovalOutcome(memberCount: 0, certificates: [], withdrawnInvitations: [])
            try MembershipSQL.keepingRelayAdministrator(at: audit.at, in: db) {
                outcome.certificates = try RevocationSQL.revoke(
                    selection, reason: reason.rawValue, at: audit.at, in: db)
                try db.run(
                    """
                    DELETE FROM subscriptions WHERE member IN (SELECT id FROM members WHERE \(members.condition))
                    """, [members.value])
                outcome.memberCount = try db.run(
                    "UPDATE members SET removed_at = ?2 WHERE removed_at IS NULL AND \(members.condition)",
                    [members.value, .integer(audit.at)])
                if case .organisation(let slug) = target {
                    try db.run(
                        "UPDATE organisations SET removed_at = ?2 WHERE slug = ?1",
                        [.text(slug.text), .integer(audit.at)])
                    try db.run(
                        "DELETE FROM organisation_clients WHERE organisation = ?1 OR client = ?1", [.text(slug.text)])
                }
            }
            var entry = audit
            entry.detail["members"] = String(outcome.memberCount)
            entry.detail["certificates"] = String(outcome.certificates.count)
            try AuditChain.append(entry, to: db)
            outcome.withdrawnInvitations = try RevocationSQL.withdrawInvitations(
                of: selection, audit: audit, in: db)
            return outcome
        }
    }
}

private enum RevocationSQL {
    /// Fingerprints that an audit entry names; of more it tells the number.
    static let maxNamed = 32

    /// - Throws: `.notFound` when what `selection` names is not there.
    static func require(_ selection: CertificateSelection, in db: Database) throws {
        switch selection {
        case .fingerprint(let fingerprint):
            guard try db.exists("SELECT 1 FROM certificates WHERE fingerprint = ?", [.blob(fingerprint)]) else {
                throw StorageError.notFound("certificate \(Hex.text(of: fingerprint))")
            }
        case .member(let member):
            guard try MembershipSQL.member(member, in: db) != nil else {
                throw StorageError.notFound("member \(member)")
            }
        case .organisation(let slug):
            guard try MembershipSQL.exists(slug, in: db) else { throw StorageError.notFound("organisation \(slug)") }
        }
    }

    static func certificates(
        _ selection: CertificateSelection, _ condition: String, in db: Database
    ) throws -> [StoredCertificate] {
        let (chosen, value) = selected(by: selection)
        return try db.all(
            """
            SELECT \(CertificateSQL.columns) FROM certificates WHERE \(chosen) AND (\(condition))
            ORDER BY recorded_at, fingerprint
            """, [value], CertificateSQL.certificate)
    }

    static func revoke(
        _ selection: CertificateSelection, reason: Int, at time: Milliseconds, in db: Database
    ) throws -> [StoredCertificate] {
        let hold = RevocationReason.certificateHold.rawValue
        var revoked = try certificates(
            selection, reason == hold ? "revoked_at IS NULL" : "revoked_at IS NULL OR revocation_reason = \(hold)",
            in: db)
        for index in revoked.indices {
            revoked[index].revocation = StoredCertificate.Revocation(at: time, reason: reason)
            try db.run(
                "UPDATE certificates SET revoked_at = ?, revocation_reason = ? WHERE fingerprint = ?",
                [.integer(time), .integer(reason), .blob(revoked[index].issued.fingerprint)])
        }
        return revoked
    }

    /// - Parameter audit: of the act that takes them along; each gets an entry of its own.
    static func withdrawInvitations(
        of selection: CertificateSelection, audit: AuditEntry, in db: Database
    ) throws -> [Int64] {
        let condition: String
        let value: SQLValue
        switch selection {
        case .fingerprint(let fingerprint):
            condition = "existing_member = (SELECT member FROM certificates WHERE fingerprint = ?1)"
            value = .blob(fingerprint)
        case .member(let id):
            condition = "(existing_member = ?1 OR created_by = ?1)"
            value = .id(id)
        case .organisation(let slug):
            condition = "(organisation = ?1 OR created_by IN (SELECT id FROM members WHERE organisation = ?1))"
            value = .text(slug.text)
        }
        let open = try db.all(
            """
            SELECT id, organisation, member_name FROM invitations
            WHERE redeemed_at IS NULL AND revoked_at IS NULL AND \(condition) ORDER BY id
            """, [value]
        ) { (id: $0.integer(0), organisation: $0.text(1), name: $0.text(2)) }
        for invitation in open {
            try db.run(
                "UPDATE invitations SET revoked_at = ? WHERE id = ?", [.integer(audit.at), .integer(invitation.id)])
            var entry = audit
            entry.action = "invitation.revoke"
            entry.detail = [
                "organisation": invitation.organisation, "invitation": String(invitation.id),
                "name": invitation.name, "because": audit.action,
            ]
            try AuditChain.append(entry, to: db)
        }
        return open.map(\.id)
    }

    static func facts(of certificates: [StoredCertificate]) -> [String: String] {
        var facts = ["certificates": String(certificates.count)]
        if (1...maxNamed).contains(certificates.count) {
            facts["fingerprints"] = certificates.map { Hex.text(of: $0.issued.fingerprint) }.joined(separator: " ")
        }
        return facts
    }

    private static func selected(by selection: CertificateSelection) -> (String, SQLValue) {
        switch selection {
        case .fingerprint(let fingerprint): ("fingerprint = ?1", .blob(fingerprint))
        case .member(let member): ("member = ?1", .id(member))
        case .organisation(let slug): ("organisation = ?1", .text(slug.text))
        }
    }
}
