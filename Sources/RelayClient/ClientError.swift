package import Storage
package import Wire

/// Why the client could not do what was asked. Every case carries a sentence that a person can act on.
package enum ClientError: Error, Equatable {
    /// No connection could be made, or what answers is no relay. Nothing was sent; trying later may help.
    case unreachable(String)
    /// What answers does not prove to be the relay that this identity joined. Nothing was sent; trying later does not help
    /// unless the relay or the network is put right.
    case untrusted(String)
    /// The relay ended the connection and said why, in a frame or by a TLS alert. With `retryAfter`, coming back after
    /// that time is of use.
    case refused(code: WireErrorCode, reason: String, retryAfter: Duration?)
    /// The relay answered one request with an error; it changed nothing, and the connection lives.
    case request(WireError)
    /// The connection ended before the answer came. Whether the relay carried the request out is not known.
    case disconnected(String)
    /// The relay sent what `lessons/1` does not allow; the connection was closed.
    case protocolViolation(String)
    /// The post breaks a rule that is checked before anything is sent.
    case invalidPost(String)
    /// The identity of the profile is missing, damaged, or in the way.
    case identity(String)
    /// A file of the profile could not be read or written.
    case storage(StorageError)
    /// The task was cancelled.
    case cancelled
}

extension ClientError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unreachable(let sentence), .untrusted(let sentence), .disconnected(let sentence),
            .protocolViolation(let sentence), .invalidPost(let sentence), .identity(let sentence):
            sentence
        case .refused(_, let reason, _): reason
        case .request(let error): error.message
        case .storage(let error): error.description
        case .cancelled: "interrupted"
        }
    }
}

extension ClientError {
    /// The relay's stable code, where the relay refused.
    package var code: WireErrorCode? {
        switch self {
        case .refused(let code, _, _): code
        case .request(let error): error.code
        default: nil
        }
    }

    /// The shortest time after which the relay wants to be asked again, where it said one.
    package var retryAfter: Duration? {
        switch self {
        case .refused(_, _, let retryAfter): retryAfter
        case .request(let error) where error.retryable: .milliseconds(Int64(error.retryAfterMs))
        default: nil
        }
    }

    /// True when the same may succeed later although nobody puts anything right.
    package var isRetryable: Bool {
        switch self {
        case .unreachable, .disconnected: true
        // A relay that breaks the protocol may have been in the middle of an upgrade.
        case .protocolViolation: true
        case .refused(let code, _, let retryAfter): retryAfter != nil || !code.isAboutMembership
        case .request(let error): error.retryable
        case .untrusted, .invalidPost, .identity, .storage, .cancelled: false
        }
    }
}

extension WireErrorCode {
    /// Refusals that only an administrator, a new certificate or newer software can change.
    var isAboutMembership: Bool { (200..<300).contains(rawValue) || self == .versionUnsupported }

    /// The name as lessons.proto writes it, such as `UNKNOWN_TOPIC`; `CODE_<number>` for one this version does not know.
    package var name: String {
        switch self {
        case .unspecified: "UNSPECIFIED"
        case .malformedFrame: "MALFORMED_FRAME"
        case .frameTooLarge: "FRAME_TOO_LARGE"
        case .unsupported: "UNSUPPORTED"
        case .versionUnsupported: "VERSION_UNSUPPORTED"
        case .helloExpected: "HELLO_EXPECTED"
        case .invalidUtf8: "INVALID_UTF8"
        case .idle: "IDLE"
        case .closing: "CLOSING"
        case .notAMember: "NOT_A_MEMBER"
        case .certificateRevoked: "CERTIFICATE_REVOKED"
        case .certificateExpired: "CERTIFICATE_EXPIRED"
        case .memberSuspended: "MEMBER_SUSPENDED"
        case .organisationSuspended: "ORGANISATION_SUSPENDED"
        case .certificateOnHold: "CERTIFICATE_ON_HOLD"
        case .invitationUnknown: "INVITATION_UNKNOWN"
        case .invitationUsed: "INVITATION_USED"
        case .invitationExpired: "INVITATION_EXPIRED"
        case .invitationRevoked: "INVITATION_REVOKED"
        case .badCertificateRequest: "BAD_CERTIFICATE_REQUEST"
        case .badSignature: "BAD_SIGNATURE"
        case .foreignAuthor: "FOREIGN_AUTHOR"
        case .foreignCertificate: "FOREIGN_CERTIFICATE"
        case .forbidden: "FORBIDDEN"
        case .widerThanThread: "WIDER_THAN_THREAD"
        case .lastRelayAdministrator: "LAST_RELAY_ADMINISTRATOR"
        case .narrowerThanThread: "NARROWER_THAN_THREAD"
        case .invalid: "INVALID"
        case .unknownTopic: "UNKNOWN_TOPIC"
        case .unknownThread: "UNKNOWN_THREAD"
        case .unknownParent: "UNKNOWN_PARENT"
        case .notFound: "NOT_FOUND"
        case .topicMismatch: "TOPIC_MISMATCH"
        case .conflict: "CONFLICT"
        case .badFilter: "BAD_FILTER"
        case .alreadyExists: "ALREADY_EXISTS"
        case .unknownAudience: "UNKNOWN_AUDIENCE"
        case .stale: "STALE"
        case .evidenceMissing: "EVIDENCE_MISSING"
        case .attachmentMissing: "ATTACHMENT_MISSING"
        case .digestMismatch: "DIGEST_MISMATCH"
        case .overloaded: "OVERLOADED"
        case .limitExceeded: "LIMIT_EXCEEDED"
        case .draining: "DRAINING"
        case .slowConsumer: "SLOW_CONSUMER"
        case .rateLimited: "RATE_LIMITED"
        case .storageFailed: "STORAGE_FAILED"
        case .storageFull: "STORAGE_FULL"
        case .UNRECOGNIZED(let number): "CODE_\(number)"
        }
    }

    /// What a refusal with this code means, for a relay that gave no sentence of its own.
    var sentence: String {
        switch self {
        case .notAMember: "this certificate belongs to no member of the relay; ask an administrator for an invitation"
        case .certificateRevoked: "your certificate was revoked or is on hold; ask an administrator"
        case .certificateOnHold: "your certificate is on hold; ask an administrator to release it"
        case .certificateExpired: "your certificate has expired; ask an administrator for a new invitation"
        case .memberSuspended: "your membership is suspended; ask an administrator"
        case .organisationSuspended: "your organisation is suspended; ask an administrator"
        case .invitationUnknown: "the relay does not know this invitation; check that it was copied whole"
        case .invitationUsed: "the invitation was used before; ask an administrator for a new one"
        case .invitationExpired: "the invitation has expired; ask an administrator for a new one"
        case .invitationRevoked: "the invitation was withdrawn; ask an administrator for a new one"
        case .versionUnsupported:
            "the relay speaks no version of the protocol that this client speaks; update the client"
        case .draining: "the relay is about to stop or restart"
        case .overloaded: "the relay is overloaded"
        case .idle: "the relay heard nothing from this client for too long"
        case .closing: "the relay closed the connection"
        default: "the relay ended the connection with \(name)"
        }
    }
}
