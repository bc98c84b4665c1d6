import COpenSSL
import Synchronization

/// A public key that verifies signatures; immutable, and safe to use from several threads at once.
///
/// A certificate may carry a key this relay does not work with; it is kept as octets, has no `kind`, and
/// no signature is valid for it.
@safe package final class PublicKey: @unchecked Sendable {
    // Why unchecked: OpenSSL counts references of an EVP_PKEY atomically and guards its caches by the key's own
    // lock; nothing here changes it after init. `prepared` has its own lock.
    private let key: OpaquePointer?

    /// Made at the first verification: most keys never verify anything.
    private let prepared = unsafe Mutex<OpaquePointer?>(nil)

    /// Nil for an algorithm or curve that is not accepted.
    package let kind: KeyKind?

    /// The SubjectPublicKeyInfo (RFC 5280 §4.1.2.7) in DER.
    package let spkiDER: [UInt8]

    /// - Throws: `.malformed` or `.unsupportedKey`.
    package convenience init(spkiDER: [UInt8]) throws(PKIError) {
        let key = unsafe try decodeDER(
            spkiDER, as: "public key", free: { unsafe EVP_PKEY_free($0) }, { unsafe d2i_PUBKEY(nil, $0, $1) })
        guard unsafe KeyKind(key) != nil else {
            let refusal = unsafe KeyKind.refusal(key)
            unsafe EVP_PKEY_free(key)
            throw refusal
        }
        unsafe self.init(takingOwnership: key, spkiDER: spkiDER)
    }

    /// `key` (an EVP_PKEY, or nil where OpenSSL cannot decode it) moves in.
    init(takingOwnership key: OpaquePointer?, spkiDER: [UInt8]) {
        self.kind = unsafe key.flatMap { unsafe KeyKind($0) }
        unsafe self.key = key
        self.spkiDER = spkiDER
    }

    deinit {
        unsafe prepared.withLock { unsafe EVP_MD_CTX_free($0) }
        unsafe EVP_PKEY_free(key)
    }

    /// Whether `signature` is this key's over `bytes`: ECDSA in DER (RFC 3279 §2.2.3) with SHA-256 for P-256 and
    /// SHA-384 for P-384, or Ed25519. False for anything malformed.
    package func isValidSignature(_ signature: UnsafeRawBufferPointer, for bytes: UnsafeRawBufferPointer) -> Bool {
        guard let start = signature.baseAddress else { return false }
        ERR_clear_error()
        defer { ERR_clear_error() }
        guard let prepared = unsafe preparedContext(), let context = unsafe EVP_MD_CTX_new() else { return false }
        defer { unsafe EVP_MD_CTX_free(context) }
        guard unsafe EVP_MD_CTX_copy_ex(context, prepared) == 1 else { return false }
        return unsafe EVP_DigestVerify(
            context, start.assumingMemoryBound(to: UInt8.self), signature.count,
            bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count) == 1
    }

    /// As above, for arrays.
    package func isValidSignature(_ signature: [UInt8], for bytes: [UInt8]) -> Bool {
        unsafe signature.withUnsafeBytes { signature in
            unsafe bytes.withUnsafeBytes { unsafe isValidSignature(signature, for: $0) }
        }
    }

    /// An EVP_MD_CTX ready to verify with this key, which callers copy and never use: the copy spares each verification
    /// some 5 of 68 microseconds, in which OpenSSL 3.0 looks up its algorithms by name. Copying only reads it.
    private func preparedContext() -> OpaquePointer? {
        unsafe prepared.withLock { prepared -> OpaquePointer? in
            if unsafe prepared == nil, let key = unsafe key, let kind, let context = unsafe EVP_MD_CTX_new() {
                if unsafe EVP_DigestVerifyInit(context, nil, kind.digest?.md, nil, key) == 1 {
                    unsafe prepared = context
                } else {
                    unsafe EVP_MD_CTX_free(context)
                }
            }
            return unsafe prepared
        }
    }

    /// Lends the EVP_PKEY; nil where `kind` is nil.
    func withEVP<R>(_ body: (OpaquePointer?) throws -> R) rethrows -> R {
        try unsafe body(kind == nil ? nil : key)
    }
}

extension PublicKey: Hashable {
    package static func == (left: PublicKey, right: PublicKey) -> Bool { left.spkiDER == right.spkiDER }
    package func hash(into hasher: inout Hasher) { hasher.combine(spkiDER) }
}
