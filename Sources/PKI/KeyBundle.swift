import COpenSSL

/// A key with its certificates in one encrypted file that other programs read (PKCS#12, RFC 7292).
package enum KeyBundle {
    private static let iterations: Int32 = 100_000
    package static let minPassphraseBytes = 8

    /// Encrypted with AES-256 under PBKDF2 with SHA-256, protected by an HMAC with SHA-256; in DER.
    /// - Parameters:
    ///   - chain: the key's certificate first, then its issuers.
    ///   - name: shown by programs that list it.
    ///   - passphrase: UTF-8, without zero bytes.
    /// - Throws: `.emptyPassphrase`, `.keyMismatch`, `.malformed` for an unusable passphrase.
    package static func make(
        key: PrivateKey, chain: [Certificate], name: String, passphrase: [UInt8]
    ) throws(PKIError) -> [UInt8] {
        guard !passphrase.isEmpty else { throw .emptyPassphrase }
        guard passphrase.count >= minPassphraseBytes, !passphrase.contains(0) else {
            throw .malformed(
                what: "passphrase", detail: "it has fewer than \(minPassphraseBytes) bytes, or a zero byte")
        }
        guard let leaf = chain.first, leaf.publicKey == key.publicKey else {
            throw .keyMismatch(chain.first?.subject ?? "no certificate")
        }
        ERR_clear_error()
        guard let others = unsafe lessons_sk_X509_new_null() else { throw .drained("make a bundle") }
        // The stack borrows the certificates, which `chain` keeps alive.
        defer { unsafe lessons_sk_X509_free(others) }
        for certificate in chain.dropFirst() {
            guard unsafe certificate.withX509({ unsafe lessons_sk_X509_push(others, $0) }) > 0 else {
                throw .drained("make a bundle")
            }
        }
        let secret = passphrase.map { CChar(bitPattern: $0) } + [0]
        let bundle = unsafe key.withEVP { evp in
            unsafe leaf.withX509 { certificate in
                unsafe PKCS12_create(
                    secret, name, evp, certificate, others, NID_aes_256_cbc, NID_aes_256_cbc, iterations, iterations, 0)
            }
        }
        guard let bundle = unsafe bundle else { throw .drained("make a bundle") }
        defer { unsafe PKCS12_free(bundle) }
        return unsafe try encodeDER("encode a bundle") { unsafe i2d_PKCS12(bundle, $0) }
    }
}
