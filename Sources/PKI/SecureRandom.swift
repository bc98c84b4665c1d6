import COpenSSL

/// Octets nobody can guess, from OpenSSL's generator.
package enum SecureRandom {
    /// `count` octets. Ends the process when the generator fails: no caller can go on safely without it.
    package static func bytes(_ count: Int) -> [UInt8] {
        precondition(count >= 0 && count <= Int(Int32.max), "a random count is between 0 and 2^31 - 1")
        guard count > 0 else { return [] }
        return unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initializedCount in
            precondition(unsafe RAND_bytes(buffer.baseAddress, Int32(count)) == 1, "OpenSSL has no random octets")
            initializedCount = count
        }
    }
}

/// `SecureRandom` as a generator for the standard library's `random(in:using:)`.
package struct SystemCSPRNG: RandomNumberGenerator, Sendable {
    package init() {}

    package mutating func next() -> UInt64 {
        SecureRandom.bytes(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}
