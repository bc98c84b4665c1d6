/// Where third parties fetch what this authority publishes, over plain HTTP (RFC 5280 §4.2.1.13 and §4.2.2.1).
///
/// For a base of `http://relay.example/pki` and an issuing key identifier 0a1b... these are `/0a1b....crl`,
/// `/0a1b....cer` and `/ocsp` below it. The names carry the key identifier, so that a new issuing certificate never
/// takes over the addresses written into old certificates.
///
/// An authority without one leaves these extensions out: its certificates then say nothing of where to ask, and only
/// those who ask the relay itself learn of a revocation.
package struct PublicationURLs: Sendable, Hashable {
    /// Without a slash at its end.
    package let base: String

    /// Printable, but not part of an address here: `"`, `#`, `<`, `>`, `?`, `\`, `^`, the back quote and braces.
    private static let forbidden = Array("\"#<>?\\^`{|}".utf8)

    /// - Throws: `.invalidName` unless `base` is a plain `http://` address in ASCII without query or fragment. HTTPS
    ///   is refused: checking its certificate would need the very answers that are fetched.
    package init(base: String) throws(PKIError) {
        let prefix = "http://"
        var trimmed = Substring(base)
        while trimmed.hasSuffix("/") { trimmed.removeLast() }
        let host = trimmed.dropFirst(prefix.count)
        guard trimmed.hasPrefix(prefix), !host.isEmpty, !host.hasPrefix("/"), host.utf8.count <= 200,
            host.utf8.allSatisfy({ (0x21...0x7E).contains($0) && !Self.forbidden.contains($0) })
        else { throw .invalidName("\"\(printable(base))\" is not an address that begins with http://") }
        self.base = String(trimmed)
    }

    /// The revocation list of the authority with this subject key identifier.
    package func revocationList(of authorityKeyID: [UInt8]) -> String { "\(base)/\(hexadecimal(authorityKeyID)).crl" }

    /// The certificate of the authority with this subject key identifier.
    package func certificate(of authorityKeyID: [UInt8]) -> String { "\(base)/\(hexadecimal(authorityKeyID)).cer" }

    package var statusService: String { "\(base)/ocsp" }
}
