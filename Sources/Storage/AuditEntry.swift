package import LessonModel
import PKI

/// Who did what an audit entry tells.
package enum AuditActor: Hashable, Sendable, CustomStringConvertible {
    /// Somebody with access to the relay's machine.
    case host
    /// A member over the wire, with the SHA-256 fingerprint of the certificate used.
    case member(MemberID, certificate: [UInt8]?)

    package var description: String {
        switch self {
        case .host: "host"
        case .member(let id, _): id.description
        }
    }
}

/// One act of administration. It is written in the same transaction as the act itself.
package struct AuditEntry: Hashable, Sendable {
    package var at: Milliseconds
    package var actor: AuditActor
    /// Dotted and stable, such as `organisation.add`.
    package var action: String
    /// The facts. Never a token, a key or a post's text.
    package var detail: [String: String]

    package init(at: Milliseconds, actor: AuditActor, action: String, detail: [String: String] = [:]) {
        self.at = at
        self.actor = actor
        self.action = action
        self.detail = detail
    }
}

/// An entry in its place in the chain.
package struct AuditRecord: Hashable, Sendable {
    package var sequence: Int64
    package var at: Milliseconds
    /// `host` or a member's id.
    package var actor: String
    package var certificate: [UInt8]?
    package var action: String
    /// A JSON object of texts, keys sorted.
    package var detail: String
    /// SHA-256 over the hash of the entry before and this entry's fields; of the detail as it was written first.
    package var hash: [UInt8]
    /// The entry that tells that names were erased from this one's detail, which its hash does not cover any more.
    package var erasedBy: Int64?

    package init(
        sequence: Int64, at: Milliseconds, actor: String, certificate: [UInt8]?, action: String, detail: String,
        hash: [UInt8], erasedBy: Int64? = nil
    ) {
        self.sequence = sequence
        self.at = at
        self.actor = actor
        self.certificate = certificate
        self.action = action
        self.detail = detail
        self.hash = hash
        self.erasedBy = erasedBy
    }

    /// What stands for the hash before the first entry.
    package static let originHash = [UInt8](repeating: 0, count: SHA256.byteCount)

    /// What `hash` has to be behind an entry with the hash `previous`: SHA-256 over that hash and the fields, each text
    /// behind its length, so that no two entries look alike.
    package func hash(after previous: [UInt8]) -> [UInt8] {
        let fields = [
            String(sequence), String(at), actor, certificate.map { Hex.text(of: $0) } ?? "", action, detail,
        ]
        var bytes = previous
        for field in fields { bytes += Array("\(field.utf8.count):\(field)\n".utf8) }
        return SHA256.digest(bytes)
    }
}

/// What a walk over the audit chain found.
package struct AuditVerification: Hashable, Sendable {
    package var entryCount: Int
    /// The hash of the last entry, 32 bytes: kept elsewhere, it proves later that nothing before it was changed.
    package var headHash: [UInt8]
    /// The first entry that does not follow from the one before; nil when the chain is whole.
    package var firstBroken: Int64?
}
