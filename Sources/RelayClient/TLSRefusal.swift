internal import TLS
internal import Wire

/// Turns the end of a TLS connection into what a person can act on.
extension ClientError {
    init(_ error: TLSError, address: RelayAddress) {
        switch error {
        case .configuration(let detail):
            self = .identity("the certificate, key or host name cannot be used: \(detail)")
        case .peerAlert(let name, let code):
            self = Self.refusal(alert: name, code: code, address: address)
        case .handshakeFailed(let alert, let detail):
            self = Self.failure(alert: alert, detail: detail, address: address)
        case .handshakeTimeout:
            self = .unreachable("\(address) did not complete the TLS handshake in time; is this the relay's port?")
        case .closedDuringHandshake:
            self = .unreachable("\(address) closed the connection during the TLS handshake; is this the relay's port?")
        case .uncleanShutdown:
            self = .disconnected("the connection to \(address) broke")
        case .protocolViolation(_, let detail):
            self = .protocolViolation("\(address) broke the TLS protocol: \(detail)")
        case .tooMuchWrittenBeforeHandshake:
            self = .unreachable("\(address) did not complete the TLS handshake")
        }
    }

    /// The relay refused this side: in TLS 1.3 a client learns so at its first read.
    private static func refusal(alert: String, code: Int, address: RelayAddress) -> ClientError {
        let wire: WireErrorCode
        switch alert {
        case "certificate_revoked": wire = .certificateRevoked
        case "certificate_expired": wire = .certificateExpired
        case "unknown_ca":
            return .refused(
                code: .notAMember,
                reason: "\(address) does not accept the authority that issued your certificate; "
                    + "ask an administrator for a new invitation", retryAfter: nil)
        case "bad_certificate", "unsupported_certificate", "certificate_unknown", "access_denied",
            "certificate_required", "decrypt_error":
            wire = .notAMember
        case "no_application_protocol":
            return .unreachable("\(address) is no port of a Lessons Relay for this; check host and port")
        default:
            return .unreachable("\(address) refused the TLS handshake with \(alert) (\(code))")
        }
        return .refused(code: wire, reason: wire.sentence, retryAfter: nil)
    }

    /// This side refused the relay, or did not understand it.
    private static func failure(alert: String?, detail: String, address: RelayAddress) -> ClientError {
        switch alert {
        case "unknown_ca", "bad_certificate", "certificate_unknown", "unsupported_certificate", "decrypt_error",
            "certificate_revoked":
            .untrusted(
                "\(address) does not prove to be the relay that was joined (\(detail)); "
                    + "check host and port, and ask the relay's administrator before going on")
        case "certificate_expired":
            .untrusted("the certificate of \(address) is not valid now (\(detail)); check this machine's clock")
        default:
            .unreachable("\(address) does not speak TLS 1.3 as a Lessons Relay does (\(detail))")
        }
    }
}
