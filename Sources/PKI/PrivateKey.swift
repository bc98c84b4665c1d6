import COpenSSL

/// A private key that was made here or read from its PKCS#8 text; it leaves only through `pem(passphrase:)`.
@safe package final class PrivateKey: @unchecked Sendable {
    // Why unchecked: as for PublicKey, OpenSSL guards an EVP_PKEY by its own lock and nothing changes it after init.
    private let key: OpaquePointer

    package let kind: KeyKind

    /// The public half.
    package let publicKey: PublicKey

    /// Makes a new key with OpenSSL's random generator.
    package static func generate(_ kind: KeyKind) throws(PKIError) -> PrivateKey {
        ERR_clear_error()
        let key =
            switch kind {
            case .p256, .p384: unsafe lessons_EVP_EC_gen(kind.rawValue)
            case .ed25519: unsafe lessons_EVP_PKEY_Q_keygen_ED25519()
            }
        guard let key = unsafe key else { throw .drained("make a \(kind.rawValue) key") }
        return unsafe try PrivateKey(takingOwnership: key)
    }

    /// Reads the first private key of `pem`, a PKCS#8 text (RFC 5958; label `PRIVATE KEY` or `ENCRYPTED PRIVATE KEY`).
    /// Never asks on a terminal.
    /// - Parameter passphrase: not looked at when the key is not encrypted.
    /// - Throws: `.passphraseNeeded`, `.wrongPassphrase`, `.unsupportedKey` or `.malformed`.
    package convenience init(pem: String, passphrase: [UInt8]?) throws(PKIError) {
        guard let block = try PEM.blocks(pem).first(where: { $0.label.hasSuffix("PRIVATE KEY") }) else {
            throw .malformed(what: "private key", detail: "the text has no PRIVATE KEY block")
        }
        let info: OpaquePointer
        switch block.label {
        case "PRIVATE KEY":
            unsafe info = try decodeDER(
                block.bytes, as: "private key", free: { unsafe PKCS8_PRIV_KEY_INFO_free($0) },
                { unsafe d2i_PKCS8_PRIV_KEY_INFO(nil, $0, $1) })
        case "ENCRYPTED PRIVATE KEY":
            guard let passphrase else { throw .passphraseNeeded }
            unsafe info = try Self.decrypt(block.bytes, passphrase: passphrase)
        default:
            throw .unsupportedKey(
                "\"\(block.label)\" is an old format; convert it with: openssl pkcs8 -topk8 -in OLD -out NEW")
        }
        defer { unsafe PKCS8_PRIV_KEY_INFO_free(info) }
        ERR_clear_error()
        guard let key = unsafe EVP_PKCS82PKEY(info) else { throw .malformedDraining("private key") }
        unsafe try self.init(takingOwnership: key)
    }

    /// `key` moves in, also when this throws `.unsupportedKey`.
    private init(takingOwnership key: OpaquePointer) throws(PKIError) {
        guard let kind = unsafe KeyKind(key) else {
            let refusal = unsafe KeyKind.refusal(key)
            unsafe EVP_PKEY_free(key)
            throw refusal
        }
        let publicKey: PublicKey
        do throws(PKIError) {
            let spki = unsafe try encodeDER("encode the public key") { unsafe i2d_PUBKEY(key, $0) }
            // A key object of its own, so that nothing private is reachable from the public half.
            publicKey = try PublicKey(spkiDER: spki)
        } catch {
            unsafe EVP_PKEY_free(key)
            throw error
        }
        unsafe self.key = key
        self.kind = kind
        self.publicKey = publicKey
    }

    deinit { unsafe EVP_PKEY_free(key) }

    /// The key as PKCS#8; with a passphrase encrypted by PBES2 with scrypt (RFC 7914) and AES-256-CBC, so that
    /// `openssl pkey` reads it as well. One encryption or decryption costs some 0.2 s of one core and 16 MB.
    package func pem(passphrase: [UInt8]?) throws(PKIError) -> String {
        ERR_clear_error()
        guard let info = unsafe EVP_PKEY2PKCS8(key) else { throw .drained("encode the private key") }
        defer { unsafe PKCS8_PRIV_KEY_INFO_free(info) }
        guard let passphrase else {
            let der = unsafe try encodeDER("encode the private key") { unsafe i2d_PKCS8_PRIV_KEY_INFO(info, $0) }
            return PEM.text(label: "PRIVATE KEY", bytes: der)
        }
        let encrypted = unsafe try Self.encrypt(info, passphrase: passphrase)
        defer { unsafe X509_SIG_free(encrypted) }
        let der = unsafe try encodeDER("encode the encrypted private key") { unsafe i2d_X509_SIG(encrypted, $0) }
        return PEM.text(label: "ENCRYPTED PRIVATE KEY", bytes: der)
    }

    /// The signature over `bytes`: ECDSA in DER with SHA-256 (P-256) or SHA-384 (P-384), or Ed25519.
    package func sign(_ bytes: [UInt8]) throws(PKIError) -> [UInt8] {
        let result = unsafe bytes.withUnsafeBytes { unsafe signing($0) }
        return try result.get()
    }

    /// As above, for octets that lie elsewhere.
    package func sign(_ bytes: UnsafeRawBufferPointer) throws(PKIError) -> [UInt8] {
        try unsafe signing(bytes).get()
    }

    /// Lends the EVP_PKEY for the duration of `body`.
    package func withEVP<R>(_ body: (OpaquePointer) throws -> R) rethrows -> R {
        try unsafe body(key)
    }

    private func signing(_ bytes: UnsafeRawBufferPointer) -> Result<[UInt8], PKIError> {
        ERR_clear_error()
        guard let context = unsafe EVP_MD_CTX_new() else { return .failure(.drained("sign")) }
        defer { unsafe EVP_MD_CTX_free(context) }
        let start = unsafe bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        var count = 0
        guard unsafe EVP_DigestSignInit(context, nil, kind.digest?.md, nil, key) == 1,
            unsafe EVP_DigestSign(context, nil, &count, start, bytes.count) == 1
        else { return .failure(.drained("sign")) }
        var signature = [UInt8](repeating: 0, count: count)
        guard unsafe EVP_DigestSign(context, &signature, &count, start, bytes.count) == 1 else {
            return .failure(.drained("sign"))
        }
        signature.removeLast(signature.count - count)
        return .success(signature)
    }
}

// MARK: Encryption by a passphrase

extension PrivateKey {
    /// OWASP's recommendation for 16 MiB; OpenSSL's tools refuse to read files that need more than 32 MiB.
    private enum Scrypt {
        static let cost: UInt64 = 1 << 14
        static let blockSize: UInt64 = 8
        static let parallelism: UInt64 = 5
        static let saltBytes = 16
    }

    private static func encrypt(_ info: OpaquePointer, passphrase: [UInt8]) throws(PKIError) -> OpaquePointer {
        guard !passphrase.isEmpty else { throw .emptyPassphrase }
        var salt = SecureRandom.bytes(Scrypt.saltBytes)
        ERR_clear_error()
        guard
            let algorithm = unsafe PKCS5_pbe2_set_scrypt(
                EVP_aes_256_cbc(), &salt, Int32(salt.count), nil, Scrypt.cost, Scrypt.blockSize, Scrypt.parallelism)
        else { throw .drained("set up the key's encryption") }
        let encrypted = unsafe withCharacters(passphrase) {
            unsafe PKCS8_set0_pbe($0, Int32($1), info, algorithm)
        }
        guard let encrypted = unsafe encrypted else {
            unsafe X509_ALGOR_free(algorithm)
            throw .drained("encrypt the private key")
        }
        return unsafe encrypted
    }

    /// - Returns: a PKCS8_PRIV_KEY_INFO that the caller frees.
    private static func decrypt(_ bytes: [UInt8], passphrase: [UInt8]) throws(PKIError) -> OpaquePointer {
        let encrypted = unsafe try decodeDER(
            bytes, as: "encrypted private key", free: { unsafe X509_SIG_free($0) },
            { unsafe d2i_X509_SIG(nil, $0, $1) })
        defer { unsafe X509_SIG_free(encrypted) }
        guard !passphrase.isEmpty else { throw .wrongPassphrase }
        ERR_clear_error()
        let info = unsafe withCharacters(passphrase) { unsafe PKCS8_decrypt(encrypted, $0, Int32($1)) }
        guard let info = unsafe info else {
            ERR_clear_error()
            throw .wrongPassphrase
        }
        return unsafe info
    }

    private static func withCharacters(
        _ passphrase: [UInt8], _ body: (UnsafePointer<CChar>?, Int) -> OpaquePointer?
    ) -> OpaquePointer? {
        unsafe passphrase.withUnsafeBytes { buffer in
            unsafe body(buffer.baseAddress?.assumingMemoryBound(to: CChar.self), buffer.count)
        }
    }
}
