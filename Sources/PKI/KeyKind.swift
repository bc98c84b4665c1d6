import COpenSSL

/// The kinds of key this relay works with.
package enum KeyKind: String, Sendable, Hashable, CaseIterable {
    /// NIST P-256, signing with SHA-256: everything below the root.
    case p256 = "P-256"
    /// NIST P-384, signing with SHA-384: the root.
    case p384 = "P-384"
    /// Ed25519 (RFC 8032): accepted from members whose own tools make it.
    case ed25519 = "Ed25519"

    /// The kind of `key`, nil for every other algorithm and curve, and for curves given by explicit parameters
    /// (RFC 5480 §2.1.1 forbids them, and they have carried forged keys: CVE-2020-0601).
    init?(_ key: OpaquePointer) {
        switch unsafe EVP_PKEY_get_base_id(key) {
        case EVP_PKEY_ED25519:
            self = .ed25519
        case EVP_PKEY_EC:
            var isExplicit: Int32 = 0
            if unsafe EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &isExplicit) == 1,
                isExplicit != 0
            {
                return nil
            }
            var name = [CChar](repeating: 0, count: 80)
            var count = 0
            guard unsafe EVP_PKEY_get_group_name(key, &name, name.count, &count) == 1 else { return nil }
            let octets = name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            switch String(decoding: octets, as: UTF8.self) {
            case "prime256v1", "P-256": self = .p256
            case "secp384r1", "P-384": self = .p384
            default: return nil
            }
        default:
            return nil
        }
    }

    /// The digest a signature of this kind of key is made over; Ed25519 has its own inside.
    var digest: FetchedDigest? {
        switch self {
        case .p256: .sha256
        case .p384: .sha384
        case .ed25519: nil
        }
    }

    /// What a refused key is answered with.
    static func refusal(_ key: OpaquePointer) -> PKIError {
        var name = "an unknown algorithm"
        if let text = unsafe EVP_PKEY_get0_type_name(key) { name = unsafe String(cString: text) }
        return .unsupportedKey(
            "it is \(name) on a curve or of a kind that is not accepted; use P-256, P-384 or Ed25519")
    }
}
