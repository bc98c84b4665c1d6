import GRDB
package import LessonModel

/// The members' certificates. None is ever deleted.
extension RelayStore {
    /// Adds a further certificate of `member`, such as a renewal.
    /// - Throws: `.notFound` for an unknown member, `.alreadyExists` for a known fingerprint or serial number.
    package func recordCertificate(
        _ certificate: IssuedCertificate, of member: MemberID, audit: AuditEntry
    ) throws(StorageError) {
        try write { db in
            guard try MembershipSQL.member(member, in: db) != nil else {
                throw StorageError.notFound("member \(member)")
            }
            try CertificateSQL.insert(certificate, of: member, at: audit.at, in: db)
            try AuditChain.append(audit, to: db)
        }
    }

    /// Revokes what `selection` names and is not revoked yet. Without any such certificate only the audit entry is
    /// written.
    /// - Parameter reason: a CRLReason (RFC 5280 §5.3.1).
    /// - Returns: those that this call has revoked.
    /// - Throws: `.notFound` when the certificate, member or organisation itself is unknown; `.lastRelayAdministrator`.
    package func revokeCertificates(
        _ selection: CertificateSelection, reason: Int, audit: AuditEntry
    ) throws(StorageError) -> [StoredCertificate] {
        try write { db in
            let condition: String
            let value: SQLValue
            switch selection {
            case .fingerprint(let fingerprint):
                (condition, value) = ("fingerprint = ?", .blob(fingerprint))
                guard try db.exists("SELECT 1 FROM certificates WHERE fingerprint = ?", [value]) else {
                    throw StorageError.notFound("certificate \(Hex.text(of: fingerprint))")
                }
            case .member(let member):
                (condition, value) = ("member = ?", .id(member))
                guard try MembershipSQL.member(member, in: db) != nil else {
                    throw StorageError.notFound("member \(member)")
                }
            case .organisation(let slug):
                (condition, value) = ("member IN (SELECT id FROM members WHERE organisation = ?)", .text(slug.text))
                guard try MembershipSQL.exists(slug, in: db) else {
                    throw StorageError.notFound("organisation \(slug)")
                }
            }
            var revoked = try db.all(
                """
                SELECT \(CertificateSQL.columns) FROM certificates
                WHERE revoked_at IS NULL AND \(condition) ORDER BY recorded_at, fingerprint
                """,
                [value], CertificateSQL.certificate)
            try MembershipSQL.keepingRelayAdministrator(at: audit.at, in: db) {
                for index in revoked.indices {
                    revoked[index].revocation = StoredCertificate.Revocation(at: audit.at, reason: reason)
                    try db.run(
                        "UPDATE certificates SET revoked_at = ?, revocation_reason = ? WHERE fingerprint = ?",
                        [.integer(audit.at), .integer(reason), .blob(revoked[index].issued.fingerprint)])
                }
            }
            try AuditChain.append(audit, to: db)
            return revoked
        }
    }

    package func certificate(fingerprint: [UInt8]) throws(StorageError) -> StoredCertificate? {
        try read { db in try CertificateSQL.certificate(fingerprint, in: db) }
    }

    /// Those of `fingerprints` that are known, in the order asked for.
    package func certificates(fingerprints: [[UInt8]]) throws(StorageError) -> [StoredCertificate] {
        try read { db in try fingerprints.compactMap { try CertificateSQL.certificate($0, in: db) } }
    }

    /// All certificates of `member`, oldest first.
    package func certificates(of member: MemberID) throws(StorageError) -> [StoredCertificate] {
        try read { db in
            try db.all(
                "SELECT \(CertificateSQL.columns) FROM certificates WHERE member = ? ORDER BY recorded_at, fingerprint",
                [.id(member)], CertificateSQL.certificate)
        }
    }
}

enum CertificateSQL {
    static let columns = """
        fingerprint, member, issuer_key_id, serial, der, not_before, not_after, recorded_at, revoked_at,
        revocation_reason
        """

    static func certificate(_ columns: Columns) throws -> StoredCertificate {
        StoredCertificate(
            issued: IssuedCertificate(
                fingerprint: columns.blob(0), issuerKeyID: columns.blob(2), serial: columns.blob(3),
                der: columns.blob(4), notBeforeSeconds: columns.integer(5), notAfterSeconds: columns.integer(6)),
            member: try columns.memberID(1), recordedAt: columns.integer(7),
            revocation: columns.optionalInteger(8).map {
                StoredCertificate.Revocation(at: $0, reason: columns.int(9))
            })
    }

    static func certificate(_ fingerprint: [UInt8], in db: Database) throws -> StoredCertificate? {
        try db.first("SELECT \(columns) FROM certificates WHERE fingerprint = ?", [.blob(fingerprint)], certificate)
    }

    static func insert(
        _ certificate: IssuedCertificate, of member: MemberID, at time: Milliseconds, in db: Database
    ) throws {
        let changed = try db.run(
            """
            INSERT INTO certificates (fingerprint, member, issuer_key_id, serial, der, not_before, not_after, recorded_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
            """,
            [
                .blob(certificate.fingerprint), .id(member), .blob(certificate.issuerKeyID), .blob(certificate.serial),
                .blob(certificate.der), .integer(certificate.notBeforeSeconds), .integer(certificate.notAfterSeconds),
                .integer(time),
            ])
        guard changed == 1 else {
            throw StorageError.alreadyExists("the certificate \(Hex.text(of: certificate.serial))")
        }
    }
}
