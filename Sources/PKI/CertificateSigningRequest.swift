import COpenSSL

/// A PKCS#10 request (RFC 2986) that proved to hold the private key it asks a certificate for.
///
/// Only the public key is taken from it. Its subject and attributes are what the sender would like and are looked at
/// by nobody: the profile and the database decide what a certificate says.
package struct CertificateSigningRequest: Sendable, Hashable {
    package let der: [UInt8]
    package let publicKey: PublicKey

    /// The longest request that is looked at, in octets; real ones have 200 to 2,000.
    package static let maxBytes = 16_384

    private static let label = "CERTIFICATE REQUEST"

    /// Reads a request and verifies its signature by itself.
    /// - Throws: `.malformed`, `.unsupportedKey` (also for RSA) or `.noProofOfPossession`.
    package init(der: some Collection<UInt8>) throws(PKIError) {
        guard der.count <= Self.maxBytes else {
            throw .malformed(what: "certificate request", detail: "it is longer than \(Self.maxBytes) octets")
        }
        let bytes = Array(der)
        let request = unsafe try decodeDER(
            bytes, as: "certificate request", free: { unsafe X509_REQ_free($0) },
            { unsafe d2i_X509_REQ(nil, $0, $1) })
        defer { unsafe X509_REQ_free(request) }
        guard let key = unsafe X509_REQ_get0_pubkey(request) else { throw .malformedDraining("certificate request") }
        guard unsafe KeyKind(key) != nil else { throw unsafe KeyKind.refusal(key) }
        ERR_clear_error()
        defer { ERR_clear_error() }
        guard unsafe X509_REQ_verify(request, key) == 1 else { throw .noProofOfPossession }
        publicKey = try PublicKey(spkiDER: unsafe encodeDER("encode a public key") { unsafe i2d_PUBKEY(key, $0) })
        self.der = bytes
    }

    /// The first `CERTIFICATE REQUEST` (or `NEW CERTIFICATE REQUEST`) block of `pem`.
    /// - Throws: as `init(der:)`.
    package init(pem: String) throws(PKIError) {
        guard let block = try PEM.blocks(pem).first(where: { $0.label.hasSuffix(Self.label) }) else {
            throw .malformed(what: "PEM text", detail: "it has no block \"\(Self.label)\"")
        }
        try self.init(der: block.bytes)
    }

    /// A request of its own by `key`, whose subject is the common name alone.
    /// - Throws: `.invalidName` for a name that a certificate cannot hold (see `DistinguishedName`).
    package static func make(key: PrivateKey, commonName: String) throws(PKIError) -> CertificateSigningRequest {
        let name = unsafe try DistinguishedName(commonName: commonName).makeX509Name()
        defer { unsafe X509_NAME_free(name) }
        ERR_clear_error()
        guard let request = unsafe X509_REQ_new() else { throw .drained("make a request") }
        defer { unsafe X509_REQ_free(request) }
        let signed = unsafe key.withEVP { evp in
            unsafe X509_REQ_set_version(request, 0) == 1
                && X509_REQ_set_subject_name(request, name) == 1
                && X509_REQ_set_pubkey(request, evp) == 1
                && X509_REQ_sign(request, evp, key.kind.digest?.md) > 0
        }
        guard signed else { throw .drained("sign a request") }
        let der = unsafe try encodeDER("encode a request") { unsafe i2d_X509_REQ(request, $0) }
        return try CertificateSigningRequest(der: der)
    }

    package var pem: String { PEM.text(label: Self.label, bytes: der) }
}
