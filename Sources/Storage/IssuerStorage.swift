import Foundation
import GRDB
package import LessonModel

/// What an issuing certificate has signed.
extension RelayStore {
    /// Certificates of members that are neither revoked nor ended.
    package func validCertificateCount(issuerKeyID: [UInt8], now: Milliseconds) throws(StorageError) -> Int {
        try read { db in try IssuerSQL.validCount(issuerKeyID, now, db) }
    }

    /// The same for the database in `directory`, which a relay may have open: it is read only.
    package static func validCertificateCount(
        directory: String, issuerKeyID: [UInt8], now: Milliseconds
    ) throws(StorageError) -> Int {
        do {
            var configuration = Configuration()
            configuration.readonly = true
            configuration.busyMode = .timeout(5)
            let database = try DatabaseQueue(path: directory + "/" + fileName, configuration: configuration)
            defer { try? database.close() }
            return try database.read { db in try IssuerSQL.validCount(issuerKeyID, now, db) }
        } catch {
            throw StorageError(error)
        }
    }

    /// Revokes what the issuer has signed and is neither revoked nor ended, members' certificates all of them, the last
    /// relay administrator's too: an issuing certificate that is trusted no more leaves no choice.
    /// - Parameter reason: a CRLReason (RFC 5280 §5.3.1).
    /// - Returns: how many.
    package func revokeCertificates(
        issuerKeyID: [UInt8], reason: Int, audit: AuditEntry
    ) throws(StorageError) -> Int {
        try write { db in
            let count = try db.run(
                """
                UPDATE certificates SET revoked_at = ?, revocation_reason = ?
                WHERE issuer_key_id = ? AND revoked_at IS NULL AND not_after >= ?
                """,
                [.integer(audit.at), .integer(reason), .blob(issuerKeyID), .integer(audit.at / 1_000)])
            var entry = audit
            entry.detail["certificates"] = "\(count)"
            try AuditChain.append(entry, to: db)
            return count
        }
    }
}

private enum IssuerSQL {
    static func validCount(_ issuerKeyID: [UInt8], _ now: Milliseconds, _ db: Database) throws -> Int {
        try db.first(
            """
            SELECT count(*) FROM certificates WHERE issuer_key_id = ? AND revoked_at IS NULL AND not_after >= ?
            """,
            [.blob(issuerKeyID), .integer(now / 1_000)]
        ) { $0.int(0) } ?? 0
    }
}
