import COpenSSL

/// What went wrong with a key, a certificate or an authority, told so that the caller can act on it.
package enum PKIError: Error, Equatable {
    /// The text or bytes are not a well-formed `what`; nothing of them was used.
    case malformed(what: String, detail: String)
    /// The key is encrypted and no passphrase was given.
    case passphraseNeeded
    /// The passphrase does not open the key (or the file is damaged: the encryption cannot tell these apart).
    case wrongPassphrase
    /// An empty passphrase protects nothing, so none is accepted.
    case emptyPassphrase
    /// The key's algorithm or curve is not one this relay works with; the text names what it is and what is accepted.
    case unsupportedKey(String)
    /// The request is not signed by the key it asks a certificate for.
    case noProofOfPossession
    /// A name for a certificate cannot be used as given; the text says which one and why.
    case invalidName(String)
    /// A longer lifetime was asked for than the certificate's profile allows.
    case lifetimeTooLong(maximumSeconds: Int64)
    /// The issuing certificate cannot sign this now: it is expired, not yet valid, no authority, or not of this root.
    case issuerUnusable(String)
    /// The private key does not belong to the certificate.
    case keyMismatch(String)
    /// OpenSSL refused; `detail` is its drained error queue.
    case openSSL(operation: String, detail: String)
}

extension PKIError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .malformed(let what, let detail): "this is not a well-formed \(what): \(detail)"
        case .passphraseNeeded: "the private key is encrypted: give its passphrase"
        case .wrongPassphrase: "the passphrase does not open the private key (or its file is damaged)"
        case .emptyPassphrase: "the passphrase is empty: give one, or none at all for an unencrypted key"
        case .unsupportedKey(let reason): "this key cannot be used: \(reason)"
        case .noProofOfPossession: "the request is not signed by its own key: make a new request with the key"
        case .invalidName(let reason): "this name cannot be used in a certificate: \(reason)"
        case .lifetimeTooLong(let maximum):
            "the lifetime is too long for this kind of certificate: at most \(maximum / 86_400) days"
        case .issuerUnusable(let reason): "the issuing certificate cannot be used: \(reason)"
        case .keyMismatch(let reason): "the private key does not belong to the certificate: \(reason)"
        case .openSSL(let operation, let detail): "OpenSSL could not \(operation): \(detail)"
        }
    }
}

extension PKIError {
    /// The error for a call that just failed; empties this thread's OpenSSL error queue.
    static func drained(_ operation: String) -> PKIError {
        .openSSL(operation: operation, detail: drainErrorQueue())
    }

    /// As `drained`, for input that could not be parsed.
    static func malformedDraining(_ what: String) -> PKIError {
        .malformed(what: what, detail: drainErrorQueue())
    }
}

/// Empties this thread's OpenSSL error queue into one line, oldest entry first, at most eight entries long.
func drainErrorQueue() -> String {
    var entries: [String] = []
    while true {
        var data: UnsafePointer<CChar>?
        var flags: Int32 = 0
        let code = unsafe ERR_get_error_all(nil, nil, nil, &data, &flags)
        if code == 0 { break }
        guard entries.count < 8 else { continue }
        var entry = "error \(code)"
        if let reason = unsafe ERR_reason_error_string(code) {
            entry = unsafe String(cString: reason)
        }
        if flags & ERR_TXT_STRING != 0, let data = unsafe data {
            let text = unsafe String(cString: data)
            if !text.isEmpty { entry += " (\(text))" }
        }
        entries.append(entry)
    }
    return entries.isEmpty ? "no reason given" : entries.joined(separator: "; ")
}
