import COpenSSL

/// A digest algorithm that was looked up once and is kept as long as the process lives: a lookup by name
/// costs OpenSSL 3.0 a walk over its providers under a lock.
@safe struct FetchedDigest: @unchecked Sendable {
    // EVP_MD is immutable and reference-counted atomically after the fetch.
    let md: OpaquePointer

    /// The name is one of our own constants, so that a failed lookup means OpenSSL is unusable.
    private init(_ name: String) {
        guard let md = unsafe EVP_MD_fetch(nil, name, nil) else {
            preconditionFailure("OpenSSL offers no \(name): \(drainErrorQueue())")
        }
        unsafe self.md = md
    }

    static let sha256 = FetchedDigest("SHA2-256")
    static let sha384 = FetchedDigest("SHA2-384")
}

/// SHA-256 (FIPS 180-4).
package enum SHA256 {
    package static let byteCount = 32

    /// The 32 octets of the digest of `bytes`.
    package static func digest(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        var length: UInt32 = 0
        let digest = unsafe [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, initializedCount in
            let done = unsafe EVP_Digest(
                bytes.baseAddress, bytes.count, buffer.baseAddress, &length, FetchedDigest.sha256.md, nil)
            // It fails only without memory; a digest of anything else must never be returned.
            precondition(done == 1 && Int(length) == byteCount, "OpenSSL could not compute SHA-256")
            initializedCount = byteCount
        }
        return digest
    }

    /// The 32 octets of the digest of `bytes`.
    package static func digest(_ bytes: [UInt8]) -> [UInt8] {
        unsafe bytes.withUnsafeBytes { unsafe digest($0) }
    }

    /// The 32 octets of the digest of `bytes`; copies them first where they are not in one piece.
    package static func digest(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        let digest = bytes.withContiguousStorageIfAvailable { unsafe SHA256.digest(UnsafeRawBufferPointer($0)) }
        return digest ?? SHA256.digest(Array(bytes))
    }
}

/// SHA-256 of what comes in pieces, such as a file that is larger than memory should be.
@safe package struct SHA256Stream: ~Copyable {
    private let context: OpaquePointer

    package init() {
        guard let context = unsafe EVP_MD_CTX_new(),
            unsafe EVP_DigestInit_ex2(context, FetchedDigest.sha256.md, nil) == 1
        else { preconditionFailure("OpenSSL could not begin SHA-256") }
        unsafe self.context = context
    }

    deinit { unsafe EVP_MD_CTX_free(context) }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        let done = unsafe EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
        precondition(done == 1, "OpenSSL could not compute SHA-256")
    }

    package mutating func update(_ bytes: [UInt8]) { unsafe bytes.withUnsafeBytes { unsafe update($0) } }

    /// The 32 octets of the digest of all pieces.
    package consuming func finish() -> [UInt8] {
        var length: UInt32 = 0
        return unsafe [UInt8](unsafeUninitializedCapacity: SHA256.byteCount) { buffer, initializedCount in
            let done = unsafe EVP_DigestFinal_ex(context, buffer.baseAddress, &length)
            precondition(done == 1 && Int(length) == SHA256.byteCount, "OpenSSL could not compute SHA-256")
            initializedCount = SHA256.byteCount
        }
    }
}
