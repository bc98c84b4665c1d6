import COpenSSL

/// What a chain is checked for.
package enum ChainPurpose: Sendable, Hashable {
    /// The leaf is a relay's (EKU serverAuth).
    case relay
    /// The leaf is a member's (EKU clientAuth).
    case member
}

/// What `CertificateAuthority.verifyChain` found.
package enum ChainVerification: Sendable, Hashable {
    case trusted(TrustedChain)
    case refused(ChainFailure)

    /// The chain, or the failure thrown.
    package func get() throws(ChainFailure) -> TrustedChain {
        switch self {
        case .trusted(let chain): return chain
        case .refused(let failure): throw failure
        }
    }
}

/// A chain whose signatures, names, usages and times were checked.
package struct TrustedChain: Sendable, Hashable {
    /// The leaf first, the root last.
    package let certificates: [Certificate]

    /// The seconds since 1970 in which all of `certificates` are valid. Nothing else of the check depends on the time, so
    /// that a caller may keep the chain and judge the leaf's further posts by `contains` alone.
    package let validity: Range<Int64>
}

/// Why a chain is not trusted.
package struct ChainFailure: Error, Sendable, Hashable {
    package enum Reason: Sendable, Hashable {
        case expired
        case notYetValid
        /// No root given leads to the leaf: it comes from another authority, or an intermediate is missing.
        case unknownIssuer
        case badSignature
        /// The leaf is not for this purpose.
        case wrongPurpose
        /// A certificate signed another without the right to do so.
        case notAnAuthority
        /// Anything else, with OpenSSL's number (X509_V_ERR_*).
        case other(Int32)
    }

    package let reason: Reason
    /// The certificate at fault, where one can be named.
    package let certificate: Certificate?
    /// OpenSSL's words.
    package let detail: String
}

extension ChainFailure: CustomStringConvertible {
    package var description: String {
        guard let certificate else { return detail }
        return "\(detail) (\(certificate.subject))"
    }
}

extension CertificateAuthority {
    /// More are not looked at; a chain of ours has one intermediate.
    package static let maxIntermediates = 8

    /// Checks `leaf` up to one of `roots`, strictly as RFC 5280 §6 and OpenSSL's security level 2 have it. Revocation is
    /// not part of it: see `RevocationIndex`.
    /// - Parameters:
    ///   - intermediates: in any order; those that are not needed are ignored.
    ///   - seconds: the time to judge at, since 1970. For a post that is the time the relay received it, since
    ///     certificates live shorter than posts.
    package static func verifyChain(
        leaf: Certificate, intermediates: [Certificate], roots: [Certificate], at seconds: Int64,
        purpose: ChainPurpose
    ) -> ChainVerification {
        ERR_clear_error()
        defer { ERR_clear_error() }
        guard intermediates.count <= maxIntermediates else {
            return .refused(
                ChainFailure(
                    reason: .other(X509_V_ERR_CERT_CHAIN_TOO_LONG), certificate: nil,
                    detail: "more than \(maxIntermediates) intermediate certificates"))
        }
        guard let store = unsafe X509_STORE_new(), let untrusted = unsafe lessons_sk_X509_new_null(),
            let context = unsafe X509_STORE_CTX_new()
        else { preconditionFailure("OpenSSL has no memory for a chain verification") }
        defer {
            unsafe X509_STORE_CTX_free(context)
            unsafe lessons_sk_X509_free(untrusted)
            unsafe X509_STORE_free(store)
        }
        // The stack borrows the certificates, which `intermediates` keeps alive; the store takes references.
        var isReady = true
        for root in roots {
            isReady = unsafe root.withX509 { unsafe X509_STORE_add_cert(store, $0) } == 1 && isReady
        }
        for certificate in intermediates {
            isReady = unsafe certificate.withX509 { unsafe lessons_sk_X509_push(untrusted, $0) } > 0 && isReady
        }
        isReady = unsafe leaf.withX509 { unsafe X509_STORE_CTX_init(context, store, $0, untrusted) } == 1 && isReady
        guard isReady, let parameters = unsafe X509_STORE_CTX_get0_param(context) else {
            preconditionFailure("OpenSSL could not set up a chain verification: \(drainErrorQueue())")
        }
        unsafe X509_VERIFY_PARAM_set_time(parameters, time_t(seconds))
        unsafe X509_VERIFY_PARAM_set_flags(parameters, UInt(X509_V_FLAG_X509_STRICT))
        unsafe X509_VERIFY_PARAM_set_auth_level(parameters, 2)
        let wanted =
            switch purpose {
            case .relay: X509_PURPOSE_SSL_SERVER
            case .member: X509_PURPOSE_SSL_CLIENT
            }
        unsafe X509_VERIFY_PARAM_set_purpose(parameters, wanted)

        let isTrusted = withExtendedLifetime(intermediates) { unsafe X509_verify_cert(context) == 1 }
        guard isTrusted else { return .refused(unsafe failure(context)) }
        return .trusted(unsafe trustedChain(context, leaf: leaf, at: seconds))
    }

    private static func trustedChain(_ context: OpaquePointer, leaf: Certificate, at seconds: Int64) -> TrustedChain {
        var certificates: [Certificate] = []
        let stack = unsafe X509_STORE_CTX_get0_chain(context)
        for index in 0..<max(0, unsafe lessons_sk_X509_num(stack)) {
            guard let x509 = unsafe lessons_sk_X509_value(stack, index) else { continue }
            certificates.append(index == 0 ? leaf : unsafe Certificate(retaining: x509))
        }
        let first = certificates.map(\.notBefore).max() ?? seconds
        let last = certificates.map(\.notAfter).min() ?? seconds
        return TrustedChain(certificates: certificates, validity: first..<max(first, last))
    }

    private static func failure(_ context: OpaquePointer) -> ChainFailure {
        let code = unsafe X509_STORE_CTX_get_error(context)
        let reason: ChainFailure.Reason =
            switch code {
            case X509_V_ERR_CERT_HAS_EXPIRED, X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD: .expired
            case X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD: .notYetValid
            case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
                X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
                X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
                .unknownIssuer
            case X509_V_ERR_CERT_SIGNATURE_FAILURE: .badSignature
            case X509_V_ERR_INVALID_PURPOSE: .wrongPurpose
            case X509_V_ERR_INVALID_CA, X509_V_ERR_PATH_LENGTH_EXCEEDED, X509_V_ERR_KEYUSAGE_NO_CERTSIGN:
                .notAnAuthority
            default: .other(code)
            }
        let current = unsafe X509_STORE_CTX_get_current_cert(context)
        return unsafe ChainFailure(
            reason: reason, certificate: current.map { unsafe Certificate(retaining: $0) },
            detail: String(cString: X509_verify_cert_error_string(Int(code))))
    }
}
