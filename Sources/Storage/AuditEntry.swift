package import LessonModel

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
    /// SHA-256 over the hash of the entry before and this entry's fields.
    package var hash: [UInt8]
}

/// What a walk over the audit chain found.
package struct AuditVerification: Hashable, Sendable {
    package var entryCount: Int
    /// The hash of the last entry, 32 bytes: kept elsewhere, it proves later that nothing before it was changed.
    package var headHash: [UInt8]
    /// The first entry that does not follow from the one before; nil when the chain is whole.
    package var firstBroken: Int64?
}
