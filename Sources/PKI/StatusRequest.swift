import COpenSSL

/// A question for the status of certificates (OCSP, RFC 6960 §4.1), as a stranger sent it. Its signature, if it has one,
/// is not looked at.
@safe package final class StatusRequest: @unchecked Sendable {
    // Why unchecked: nothing changes the OCSP_REQUEST after init.
    private let request: OpaquePointer

    /// Which certificate is meant: the issuer by its hashes, and the serial number.
    package struct CertificateID: Sendable, Hashable {
        package enum Digest: Sendable, Hashable, CaseIterable {
            case sha1, sha256
        }

        /// Nil for a digest that is not computed here.
        package var digest: Digest?
        /// Of the issuer's name in DER.
        package var issuerNameHash: [UInt8]
        /// Of the issuer's key bits.
        package var issuerKeyHash: [UInt8]
        /// Big-endian, without leading zeros.
        package var serialNumber: [UInt8]
    }

    package let der: [UInt8]
    /// At least one.
    package let certificateIDs: [CertificateID]
    /// The answer is to repeat it, so that nobody can hand out an old one.
    package let hasNonce: Bool

    /// The longest request that is looked at; usual ones have 70 to 120 octets.
    package static let maxBytes = 4_096
    /// Certificates in one request.
    package static let maxCertificates = 16
    /// RFC 9654 §2.1, which widened RFC 8954's 32.
    private static let maxNonceBytes = 128

    /// - Throws: `.malformed`; also for a nonce of no or too many octets (RFC 8954 §2.1).
    package init(der: some Collection<UInt8>) throws(PKIError) {
        let what = "status request"
        guard der.count <= Self.maxBytes else {
            throw .malformed(what: what, detail: "it is longer than \(Self.maxBytes) octets")
        }
        let bytes = Array(der)
        let request = unsafe try decodeDER(
            bytes, as: what, free: { unsafe OCSP_REQUEST_free($0) }, { unsafe d2i_OCSP_REQUEST(nil, $0, $1) })
        let ids: [CertificateID]
        let nonce: [UInt8]?
        do throws(PKIError) {
            ids = try unsafe Self.certificateIDs(of: request)
            nonce = try unsafe Self.nonce(of: request)
        } catch {
            unsafe OCSP_REQUEST_free(request)
            throw error
        }
        unsafe self.request = request
        self.der = bytes
        certificateIDs = ids
        hasNonce = nonce != nil
    }

    deinit { unsafe OCSP_REQUEST_free(request) }

    /// Lends the OCSP_REQUEST for the duration of `body`, which must not change it.
    func withRequest<R>(_ body: (OpaquePointer) throws -> R) rethrows -> R {
        try unsafe body(request)
    }

    private static func certificateIDs(of request: OpaquePointer) throws(PKIError) -> [CertificateID] {
        let count = unsafe OCSP_request_onereq_count(request)
        guard (1...Int32(maxCertificates)).contains(count) else {
            throw .malformed(what: "status request", detail: "it asks for \(count) certificates")
        }
        var ids: [CertificateID] = []
        for index in 0..<count {
            guard let one = unsafe OCSP_request_onereq_get0(request, index),
                let id = unsafe OCSP_onereq_get0_id(one)
            else { throw .malformedDraining("status request") }
            var name: UnsafeMutablePointer<ASN1_OCTET_STRING>?
            var digest: OpaquePointer?
            var key: UnsafeMutablePointer<ASN1_OCTET_STRING>?
            var serial: UnsafeMutablePointer<ASN1_INTEGER>?
            guard unsafe OCSP_id_get0_info(&name, &digest, &key, &serial, id) == 1 else {
                throw .malformedDraining("status request")
            }
            ids.append(
                CertificateID(
                    digest: unsafe Self.digest(digest), issuerNameHash: unsafe octets(name),
                    issuerKeyHash: unsafe octets(key), serialNumber: Array(unsafe octets(serial).drop { $0 == 0 })))
        }
        return ids
    }

    private static func digest(_ object: OpaquePointer?) -> CertificateID.Digest? {
        guard let object = unsafe object else { return nil }
        return switch unsafe OBJ_obj2nid(object) {
        case NID_sha1: .sha1
        case NID_sha256: .sha256
        default: nil
        }
    }

    private static func nonce(of request: OpaquePointer) throws(PKIError) -> [UInt8]? {
        let index = unsafe OCSP_REQUEST_get_ext_by_NID(request, NID_id_pkix_OCSP_Nonce, -1)
        guard index >= 0 else { return nil }
        guard let found = unsafe OCSP_REQUEST_get_ext(request, index) else { throw .malformedDraining("nonce") }
        // An OCTET STRING inside the extension's own (RFC 8954 §2.1), with one octet of length or two.
        let value = unsafe octets(X509_EXTENSION_get_data(found))
        let header = value.count > 1 && value[1] == 0x81 ? 3 : 2
        guard value.count >= header, value[0] == 0x04, Int(value[header - 1]) == value.count - header else {
            throw .malformed(what: "nonce", detail: "it is no octet string")
        }
        let nonce = Array(value.dropFirst(header))
        guard (1...maxNonceBytes).contains(nonce.count) else {
            throw .malformed(what: "nonce", detail: "it has \(nonce.count) octets")
        }
        return nonce
    }
}

extension Certificate {
    /// How requests name this certificate as an issuer.
    package func issuerHashes(_ digest: StatusRequest.CertificateID.Digest) -> (name: [UInt8], key: [UInt8]) {
        unsafe withX509 { x509 in
            let algorithm = unsafe digest == .sha1 ? EVP_sha1() : EVP_sha256()
            var hash = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
            var count: UInt32 = 0
            let named = unsafe X509_NAME_digest(X509_get_subject_name(x509), algorithm, &hash, &count)
            precondition(named == 1, "OpenSSL could not hash a name")
            let name = Array(hash.prefix(Int(count)))
            let keyed = unsafe X509_pubkey_digest(x509, algorithm, &hash, &count)
            precondition(keyed == 1, "OpenSSL could not hash a key")
            return (name, Array(hash.prefix(Int(count))))
        }
    }
}
