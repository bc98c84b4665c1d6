import FoundationEssentials
import LessonModel
import Storage
import TerminalUI
import Wire

/// The audit log as a file: JSON lines, oldest first, with what its hashes are made of, so that it can be checked where
/// no relay is.
enum AuditFile {
    /// What a walk over a file found.
    struct Found: Equatable {
        var entries: Int
        var headHash: [UInt8]
        /// The first line that is no entry, or does not follow from the one before; 0: the file is whole.
        var firstBrokenLine = 0
    }

    static func line(of record: WireAuditRecord) -> JSONNode {
        .object([
            ("number", .integer(record.sequence)), ("at_ms", .integer(record.atMs)),
            ("at", .string(TimeText.iso(record.atMs))), ("actor", .string(record.actor)),
            ("actor_name", .text(record.actorName.nonEmpty)),
            (
                "certificate",
                record.certificateFingerprint.isEmpty ? .null : .string(Hex.text(of: record.certificateFingerprint))
            ),
            // As a text: the hash covers it as it is written.
            ("action", .string(record.action)), ("detail", .string(record.detail)),
            ("hash", .string(Hex.text(of: record.hash))),
            ("erased_by", record.erasedBy > 0 ? .integer(record.erasedBy) : .null),
        ])
    }

    /// Checks that the file begins with the first entry of a log and that each follows from the one before.
    static func verify(_ lines: some Sequence<Substring>) -> Found {
        var check = AuditChainCheck()
        for line in lines {
            guard let record = try? JSONDecoder().decode(Line.self, from: Data(line.utf8)).record else {
                let before = check.result()
                return Found(
                    entries: before.entryCount, headHash: before.headHash,
                    firstBrokenLine: min(Int(before.firstBroken ?? .max), before.entryCount + 1))
            }
            check.take(record)
        }
        let result = check.result()
        return Found(
            entries: result.entryCount, headHash: result.headHash, firstBrokenLine: Int(result.firstBroken ?? 0))
    }

    private struct Line: Decodable {
        var number: Int64
        // swift-format-ignore: AlwaysUseLowerCamelCase
        var at_ms: Int64
        var actor: String
        var certificate: String?
        var action: String
        var detail: String
        var hash: String
        // swift-format-ignore: AlwaysUseLowerCamelCase
        var erased_by: Int64?

        /// Nil when bytes are not written in hexadecimal digits.
        var record: Storage.AuditRecord? {
            guard let hash = Hex.bytes(of: hash) else { return nil }
            var fingerprint: [UInt8]?
            if let certificate {
                guard let bytes = Hex.bytes(of: certificate) else { return nil }
                fingerprint = bytes
            }
            return Storage.AuditRecord(
                sequence: number, at: at_ms, actor: actor, certificate: fingerprint, action: action, detail: detail,
                hash: hash, erasedBy: erased_by)
        }
    }
}
