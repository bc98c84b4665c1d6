/// Why a connection could not be made, or why it ended other than by an orderly close.
/// In every case but `configuration` the connection is closed, and its handler has told its own end of the
/// pipeline exactly once.
package enum TLSError: Error, Hashable {
    /// Certificates, keys or names given to a context do not fit together; nothing was opened. Says what to change.
    case configuration(String)
    /// This side refused the peer, or did not understand it, before the handshake was complete.
    /// - Parameters:
    ///   - alert: the RFC 8446 §6 name of the alert that the peer was sent; nil if none could be sent.
    ///   - detail: OpenSSL's reason, for logs; may hold text that the peer chose.
    case handshakeFailed(alert: String?, detail: String)
    /// The peer refused this side, during the handshake or, as TLS 1.3 does with a client's certificate, at the first
    /// read after it. `name` is the RFC 8446 §6 name, such as `certificate_revoked`, and `code` its number.
    case peerAlert(name: String, code: Int)
    /// The handshake was not complete within the time that the handler was given.
    case handshakeTimeout
    /// The transport ended before the handshake was complete, without an alert.
    case closedDuringHandshake
    /// The transport ended without the peer's close_notify: what came last may be missing.
    case uncleanShutdown
    /// The peer broke the protocol after the handshake, by a record that does not authenticate or by a flood of
    /// messages that carry no data. `alert` as for `handshakeFailed`.
    case protocolViolation(alert: String?, detail: String)
    /// More was written before the end of the handshake than `limitBytes`.
    case tooMuchWrittenBeforeHandshake(limitBytes: Int)
}

extension TLSError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .configuration(let detail):
            "TLS configuration: \(detail)"
        case .handshakeFailed(let alert?, let detail):
            "TLS handshake refused with \(alert): \(detail)"
        case .handshakeFailed(nil, let detail):
            "TLS handshake failed: \(detail)"
        case .peerAlert(let name, let code):
            "the peer refused the connection: \(name) (\(code))"
        case .handshakeTimeout:
            "the TLS handshake took too long"
        case .closedDuringHandshake:
            "the peer closed the connection during the TLS handshake"
        case .uncleanShutdown:
            "the connection ended without close_notify"
        case .protocolViolation(let alert?, let detail):
            "TLS protocol violation, answered with \(alert): \(detail)"
        case .protocolViolation(nil, let detail):
            "TLS protocol violation: \(detail)"
        case .tooMuchWrittenBeforeHandshake(let limitBytes):
            "more than \(limitBytes) bytes were written before the TLS handshake was complete"
        }
    }
}
