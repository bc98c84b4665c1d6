import COpenSSL

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// What is said of one certificate (RFC 6960 §2.2).
package enum CertificateStatus: Sendable, Hashable {
    /// It was issued, and is not revoked now.
    case good
    /// Also for a hold; the time is in seconds since 1970.
    case revoked(RevocationReason, time: Int64)
    /// It was not issued here.
    case unknown
}

/// Answers for one issuing certificate with a certificate of its own, so that the issuing key never answers the network
/// (RFC 6960 §4.2.2.2, an authorised responder).
package struct StatusResponder: Sendable {
    /// Answers without a status (RFC 6960 §4.2.1); nobody signs them.
    package enum Refusal: Int32, Sendable, CaseIterable {
        case malformedRequest = 1
        case internalError = 2
        case tryLater = 3
        /// Asked for certificates of somebody else.
        case unauthorized = 6

        package var der: [UInt8] {
            guard let response = unsafe OCSP_response_create(rawValue, nil) else {
                preconditionFailure("OpenSSL could not make a refusal")
            }
            defer { unsafe OCSP_RESPONSE_free(response) }
            let der = unsafe try? encodeDER("encode a refusal") { unsafe i2d_OCSP_RESPONSE(response, $0) }
            guard let der else { preconditionFailure("OpenSSL could not encode a refusal") }
            return der
        }
    }

    package let issuer: Certificate
    package let signer: Certificate
    private let key: PrivateKey
    private let hashes: [StatusRequest.CertificateID.Digest: (name: [UInt8], key: [UInt8])]

    /// - Parameter signer: with the profile of an OCSP signer, issued by `issuer`.
    /// - Throws: `.keyMismatch`, or `.issuerUnusable` when `issuer` did not sign it.
    package init(issuer: Certificate, signer: Certificate, key: PrivateKey) throws(PKIError) {
        guard key.publicKey == signer.publicKey else { throw .keyMismatch(signer.subject) }
        guard signer.isSigned(by: issuer) else {
            throw .issuerUnusable("\(issuer.subject) did not sign \(signer.subject)")
        }
        self.issuer = issuer
        self.signer = signer
        self.key = key
        hashes = Dictionary(
            uniqueKeysWithValues: StatusRequest.CertificateID.Digest.allCases.map { ($0, issuer.issuerHashes($0)) })
    }

    /// Whether `id` names a certificate of this issuer.
    package func isResponsible(for id: StatusRequest.CertificateID) -> Bool {
        guard let digest = id.digest, let own = hashes[digest] else { return false }
        return own.name == id.issuerNameHash && own.key == id.issuerKeyHash
    }

    /// The signed answer to `request`, with its nonce.
    /// - Parameters:
    ///   - thisUpdate: now, seconds since 1970.
    ///   - nextUpdate: until when the answer may be kept, seconds since 1970.
    ///   - status: asked for each certificate of this issuer.
    /// - Returns: nil when a certificate of another issuer is asked for.
    package func answer(
        _ request: StatusRequest, thisUpdate: Int64, nextUpdate: Int64,
        status: (StatusRequest.CertificateID) throws(PKIError) -> CertificateStatus
    ) throws(PKIError) -> [UInt8]? {
        guard request.certificateIDs.allSatisfy(isResponsible(for:)) else { return nil }
        var statuses: [CertificateStatus] = []
        for id in request.certificateIDs { statuses.append(try status(id)) }
        let result = unsafe request.withRequest { pointer -> Result<[UInt8], PKIError> in
            do throws(PKIError) {
                return .success(unsafe try signed(pointer, statuses, thisUpdate, nextUpdate))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private func signed(
        _ request: OpaquePointer, _ statuses: [CertificateStatus], _ thisUpdate: Int64, _ nextUpdate: Int64
    ) throws(PKIError) -> [UInt8] {
        ERR_clear_error()
        guard let basic = unsafe OCSP_BASICRESP_new(), let first = unsafe ASN1_TIME_set(nil, time_t(thisUpdate)),
            let last = unsafe ASN1_TIME_set(nil, time_t(nextUpdate))
        else { throw .drained("make a status answer") }
        defer {
            unsafe OCSP_BASICRESP_free(basic)
            unsafe ASN1_TIME_free(first)
            unsafe ASN1_TIME_free(last)
        }
        for (index, status) in statuses.enumerated() {
            guard let one = unsafe OCSP_request_onereq_get0(request, Int32(index)),
                unsafe add(status, for: OCSP_onereq_get0_id(one), first, last, to: basic)
            else { throw .drained("make a status answer") }
        }
        // 2: there was no nonce to copy.
        guard unsafe OCSP_copy_nonce(basic, request) > 0 else { throw .drained("repeat a nonce") }
        let isSigned = unsafe signer.withX509 { certificate in
            unsafe key.withEVP { evp in
                unsafe OCSP_basic_sign(basic, certificate, evp, key.kind.digest?.md, nil, UInt(OCSP_RESPID_KEY))
            }
        }
        guard isSigned == 1 else { throw .drained("sign a status answer") }
        guard let response = unsafe OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic) else {
            throw .drained("make a status answer")
        }
        defer { unsafe OCSP_RESPONSE_free(response) }
        return unsafe try encodeDER("encode a status answer") { unsafe i2d_OCSP_RESPONSE(response, $0) }
    }

    private func add(
        _ status: CertificateStatus, for id: OpaquePointer?, _ thisUpdate: UnsafeMutablePointer<ASN1_TIME>,
        _ nextUpdate: UnsafeMutablePointer<ASN1_TIME>, to basic: OpaquePointer
    ) -> Bool {
        // OpenSSL's type for a certificate's id is not const; it is copied.
        guard let id = unsafe id else { return false }
        switch status {
        case .good:
            return unsafe OCSP_basic_add1_status(basic, id, V_OCSP_CERTSTATUS_GOOD, 0, nil, thisUpdate, nextUpdate)
                != nil
        case .unknown:
            return unsafe OCSP_basic_add1_status(basic, id, V_OCSP_CERTSTATUS_UNKNOWN, 0, nil, thisUpdate, nextUpdate)
                != nil
        case .revoked(let reason, let time):
            guard let revokedAt = unsafe ASN1_TIME_set(nil, time_t(time)) else { return false }
            defer { unsafe ASN1_TIME_free(revokedAt) }
            // As in a list, an unspecified reason is left out.
            let code = reason == .unspecified ? OCSP_REVOKED_STATUS_NOSTATUS : Int32(reason.rawValue)
            return unsafe OCSP_basic_add1_status(
                basic, id, V_OCSP_CERTSTATUS_REVOKED, code, revokedAt, thisUpdate, nextUpdate) != nil
        }
    }
}

extension StatusRequest {
    /// A question of our own for `certificate`, without a nonce: for the answer that the relay shows with its
    /// certificate.
    package static func make(for certificate: Certificate, issuer: Certificate) throws(PKIError) -> StatusRequest {
        ERR_clear_error()
        guard let request = unsafe OCSP_REQUEST_new() else { throw .drained("make a status request") }
        defer { unsafe OCSP_REQUEST_free(request) }
        let isAdded = unsafe certificate.withX509 { subject in
            unsafe issuer.withX509 { issuer in
                // By SHA-1, which only names here: clients look for their own certificate's id in an answer that is shown to
                // them, and most of them make it so.
                guard let id = unsafe OCSP_cert_to_id(EVP_sha1(), subject, issuer) else { return false }
                // The id moves in.
                return unsafe OCSP_request_add0_id(request, id) != nil
            }
        }
        guard isAdded else { throw .drained("make a status request") }
        return try StatusRequest(
            der: unsafe encodeDER("encode a status request") { unsafe i2d_OCSP_REQUEST(request, $0) })
    }
}
