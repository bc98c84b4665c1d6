import GRDB
package import LessonModel
import PKI

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

    package func certificate(fingerprint: [UInt8]) throws(StorageError) -> StoredCertificate? {
        try read { db in try CertificateSQL.certificate(fingerprint, in: db) }
    }

    /// Those of `fingerprints` that are known, in the order asked for.
    package func certificates(fingerprints: [[UInt8]]) throws(StorageError) -> [StoredCertificate] {
        try read { db in try fingerprints.compactMap { try CertificateSQL.certificate($0, in: db) } }
    }

    /// Whether `member` holds a certificate that is in force at `now`, or on hold and not ended.
    package func mayConnect(_ member: MemberID, at now: Milliseconds) throws(StorageError) -> Bool {
        try read { db in try CertificateSQL.mayConnect(member, at: now, in: db) }
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

extension RelayStore {
    /// Certificates of one member that are neither revoked nor over. Two for each device are in use around a renewal.
    package static let maxCertificatesPerMember = 32
}

enum CertificateSQL {
    /// Of `certificates`, by that name. One whose owner's name was erased is shown as the one that replaces it, or as
    /// nothing.
    static let columns = """
        fingerprint, member, issuer_key_id, serial,
        CASE WHEN replaced_by IS NULL THEN der ELSE
            (SELECT r.der FROM certificates r WHERE r.fingerprint = certificates.replaced_by) END,
        not_before, not_after, recorded_at, revoked_at, revocation_reason
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

    /// Whether `member` holds a certificate that is in force at `now`, or on hold.
    static func mayConnect(_ member: MemberID, at now: Milliseconds, in db: Database) throws -> Bool {
        try db.exists(
            """
            SELECT 1 FROM certificates WHERE member = ? AND not_after > ?
                AND (revoked_at IS NULL OR revocation_reason = \(RevocationReason.certificateHold.rawValue))
            """, [.id(member), .integer(now / 1_000)])
    }

    /// Certificates of `member` that are neither revoked nor over.
    static func inForceCount(of member: MemberID, at now: Milliseconds, in db: Database) throws -> Int {
        try db.first(
            "SELECT count(*) FROM certificates WHERE member = ? AND not_after > ? AND revoked_at IS NULL",
            [.id(member), .integer(now / 1_000)]
        ) { $0.int(0) } ?? 0
    }

    static func insert(
        _ certificate: IssuedCertificate, of member: MemberID, at time: Milliseconds, in db: Database
    ) throws {
        let changed = try db.run(
            """
            INSERT INTO certificates (fingerprint, member, issuer_key_id, serial, der, not_before, not_after,
                recorded_at, organisation)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, (SELECT organisation FROM members WHERE id = ?2))
            ON CONFLICT DO NOTHING
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
