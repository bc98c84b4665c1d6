internal import COpenSSL

/// The calling thread's OpenSSL error queue, taken out: empty afterwards.
struct OpenSSLErrorQueue {
    /// Oldest first, as OpenSSL reports them; the first is the cause.
    private let codes: [UInt]

    static func clear() { ERR_clear_error() }

    /// Takes at most the 16 entries that OpenSSL keeps.
    static func drain() -> OpenSSLErrorQueue {
        var codes: [UInt] = []
        while case let code = ERR_get_error(), code != 0 { codes.append(code) }
        return OpenSSLErrorQueue(codes: codes)
    }

    /// The alert that the peer sent, if that is what ended the connection: libssl reports it as reason 1000 + number.
    var receivedAlert: TLSAlert? {
        for code in codes where lessons_ERR_GET_LIB(code) == ERR_LIB_SSL {
            if let alert = UInt8(exactly: lessons_ERR_GET_REASON(code) - SSL_AD_REASON_OFFSET) {
                return TLSAlert(code: alert)
            }
        }
        return nil
    }

    func contains(sslReason reason: Int32) -> Bool {
        codes.contains { lessons_ERR_GET_LIB($0) == ERR_LIB_SSL && lessons_ERR_GET_REASON($0) == reason }
    }

    /// The reasons in words, separated by semicolons; "no reason given" when OpenSSL left none.
    var text: String {
        guard !codes.isEmpty else { return "no reason given" }
        return codes.map { code in
            guard let reason = unsafe ERR_reason_error_string(code) else { return "error \(code)" }
            return unsafe String(cString: reason)
        }.joined(separator: "; ")
    }
}
