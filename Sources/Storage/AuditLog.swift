import FoundationEssentials
import GRDB
import LessonModel
import PKI

/// The audit log: each entry's hash covers the one before, so that none can be changed or taken out of the middle
/// without a break that `verifyAuditChain` finds.
extension RelayStore {
    /// Entries after `after`, in order.
    package func audit(after: Int64 = 0, limit: Int) throws(StorageError) -> [AuditRecord] {
        try read { db in
            try db.all(
                "SELECT \(AuditChain.columns) FROM audit WHERE sequence > ? ORDER BY sequence LIMIT ?",
                [.integer(after), .integer(max(1, limit))], AuditChain.record)
        }
    }

    package func verifyAuditChain() throws(StorageError) -> AuditVerification {
        try read { db in try AuditChain.verify(db) }
    }

    /// Writes `entry` alone, for an act that changes nothing else in the database.
    package func record(_ entry: AuditEntry) throws(StorageError) {
        try write { db in try AuditChain.append(entry, to: db) }
    }
}

enum AuditChain {
    static let columns = "sequence, at, actor, certificate, action, detail, hash, erased_by"

    static func columns(of table: String) -> String {
        "\(table)." + columns.replacing(", ", with: ", \(table).")
    }

    static func record(_ columns: Columns) -> AuditRecord {
        AuditRecord(
            sequence: columns.integer(0), at: columns.integer(1), actor: columns.text(2),
            certificate: columns.optionalBlob(3), action: columns.text(4), detail: columns.text(5),
            hash: columns.blob(6), erasedBy: columns.optionalInteger(7))
    }

    /// Adds `entry` in the transaction that is running.
    /// - Returns: its number.
    @discardableResult
    static func append(_ entry: AuditEntry, to db: Database) throws -> Int64 {
        let detail = try text(of: entry.detail)
        var certificate: [UInt8]?
        if case .member(_, let fingerprint) = entry.actor { certificate = fingerprint }
        let last = try db.first("SELECT hash FROM audit ORDER BY sequence DESC LIMIT 1") { $0.blob(0) }
        let previous = last ?? AuditRecord.originHash
        // The number goes into the hash, so it must be known before the entry is written.
        let number = try db.first("SELECT seq FROM sqlite_sequence WHERE name = 'audit'") { $0.integer(0) } ?? 0
        var record = AuditRecord(
            sequence: number + 1, at: entry.at, actor: entry.actor.description, certificate: certificate,
            action: entry.action, detail: detail, hash: [])
        record.hash = record.hash(after: previous)
        try db.run(
            """
            INSERT INTO audit (sequence, at, actor, certificate, action, detail, previous_hash, hash)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .integer(record.sequence), .integer(record.at), .text(record.actor), .optional(certificate),
                .text(record.action), .text(detail), .blob(previous), .blob(record.hash),
            ])
        if let organisation = try organisation(of: entry, in: db) {
            try file(record.sequence, under: organisation, in: db)
        }
        return record.sequence
    }

    static func text(of detail: [String: String]) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return String(decoding: try encoder.encode(detail), as: UTF8.self)
    }

    /// Makes the entry one of those that `AuditQuery.organisation` selects.
    static func file(_ sequence: Int64, under organisation: String, in db: Database) throws {
        try db.run(
            "INSERT INTO audit_organisations (organisation, sequence) VALUES (?, ?)",
            [.text(organisation), .integer(sequence)])
    }

    private static func organisation(of entry: AuditEntry, in db: Database) throws -> String? {
        if let named = entry.detail["organisation"] { return named }
        guard case .member(let id, _) = entry.actor else { return nil }
        return try db.first("SELECT organisation FROM members WHERE id = ?", [.id(id)]) { $0.text(0) }
    }

    static func verify(_ db: Database) throws -> AuditVerification {
        var check = AuditChainCheck()
        try db.each("SELECT \(columns) FROM audit ORDER BY sequence") { columns in
            check.take(record(columns))
            return true
        }
        var result = check.result()
        let given = try db.first("SELECT seq FROM sqlite_sequence WHERE name = 'audit'") { $0.integer(0) } ?? 0
        if result.firstBroken == nil, given > Int64(result.entryCount) {
            result.firstBroken = Int64(result.entryCount) + 1
        }
        return result
    }
}
