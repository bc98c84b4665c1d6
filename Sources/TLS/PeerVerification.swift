internal import COpenSSL
internal import PKI

/// Decides in OpenSSL's verification callbacks whether the peer's certificate is accepted. Immutable; callbacks come
/// from the thread of whichever event loop runs the handshake.
final class PeerVerification: Sendable {
    /// The trusted certificates; empty when `rootFingerprint` decides.
    private let anchors: [Certificate]
    private let rootFingerprint: [UInt8]?
    private let isRevoked: (@Sendable (Certificate) -> Bool)?

    init(anchors: [Certificate], isRevoked: (@Sendable (Certificate) -> Bool)?) {
        self.anchors = anchors
        rootFingerprint = nil
        self.isRevoked = isRevoked
    }

    init(rootFingerprint: [UInt8]) {
        anchors = []
        self.rootFingerprint = rootFingerprint
        isRevoked = nil
    }

    /// Asks every client for a certificate that one of the anchors signed, and names the anchors to the clients.
    /// - Parameter isRequired: refuses a client that shows none.
    func askForClientCertificate(in context: OpaquePointer, isRequired: Bool) throws(TLSError) {
        try unsafe trustAnchors(in: context)
        for anchor in anchors {
            try check(
                unsafe anchor.withX509 { unsafe SSL_CTX_add_client_CA(context, $0) }, "the issuer \(anchor.subject)")
        }
        // An anchor below a root is enough: one signature is verified instead of two.
        try check(
            unsafe X509_VERIFY_PARAM_set_flags(
                SSL_CTX_get0_param(context), UInt(X509_V_FLAG_PARTIAL_CHAIN)),
            "the trust in issuing certificates")
        let missing = isRequired ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0
        unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER | missing, checkRevocation)
    }

    /// Requires that the server's chain ends in a root that is trusted.
    func requireServerCertificate(in context: OpaquePointer) throws(TLSError) {
        unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        if rootFingerprint == nil {
            try unsafe trustAnchors(in: context)
        } else {
            unsafe SSL_CTX_set_cert_verify_callback(
                context,
                { store, verification in
                    guard let store = unsafe store, let verification = unsafe verification else { return 0 }
                    return unsafe Unmanaged<PeerVerification>.fromOpaque(verification).takeUnretainedValue()
                        .verifyByFingerprint(store)
                }, Unmanaged.passUnretained(self).toOpaque())
        }
    }

    func anchor(for x509: OpaquePointer) -> Certificate? {
        anchors.first { unsafe $0.withX509 { $0 == x509 } }
    }

    private func trustAnchors(in context: OpaquePointer) throws(TLSError) {
        OpenSSLErrorQueue.clear()
        let store = unsafe SSL_CTX_get_cert_store(context)
        for anchor in anchors {
            try check(
                unsafe anchor.withX509 { unsafe X509_STORE_add_cert(store, $0) },
                "the trusted certificate \(anchor.subject)")
        }
    }

    /// Called for each certificate of a chain that holds, the peer's own last and at depth 0, and for each fault.
    fileprivate func accepts(_ storeContext: OpaquePointer) -> Bool {
        guard let isRevoked, unsafe X509_STORE_CTX_get_error_depth(storeContext) == 0 else { return true }
        guard let x509 = unsafe X509_STORE_CTX_get_current_cert(storeContext) else { return false }
        let certificate = unsafe Certificate(retaining: x509)
        guard !isRevoked(certificate) else {
            // The alert follows from the error: certificate_revoked.
            unsafe X509_STORE_CTX_set_error(storeContext, X509_V_ERR_CERT_REVOKED)
            return false
        }
        unsafe TLSConnection.from(ssl(of: storeContext))?.acceptedCertificate = certificate
        return true
    }

    /// Takes the certificate with the given fingerprint out of what the server sent and verifies the chain, the times
    /// and the server's name with it as the only root.
    private func verifyByFingerprint(_ storeContext: OpaquePointer) -> Int32 {
        let sent = unsafe X509_STORE_CTX_get0_untrusted(storeContext)
        var root: OpaquePointer?
        for index in 0..<max(0, unsafe lessons_sk_X509_num(sent)) {
            guard let x509 = unsafe lessons_sk_X509_value(sent, index) else { continue }
            if unsafe fingerprint(of: x509) == rootFingerprint {
                unsafe root = x509
                break
            }
        }
        guard let root = unsafe root, let trusted = unsafe lessons_sk_X509_new_null() else {
            unsafe X509_STORE_CTX_set_error(storeContext, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN)
            return 0
        }
        defer { unsafe lessons_sk_X509_free(trusted) }
        guard unsafe lessons_sk_X509_push(trusted, root) > 0 else { return 0 }
        // The stack is borrowed until the verification is over; OpenSSL asks for it no more after that.
        unsafe X509_STORE_CTX_set0_trusted_stack(storeContext, trusted)
        return unsafe X509_verify_cert(storeContext)
    }

    private func fingerprint(of x509: OpaquePointer) -> [UInt8] {
        var count: UInt32 = 0
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        guard unsafe X509_digest(x509, EVP_sha256(), &digest, &count) == 1 else { return [] }
        return Array(digest.prefix(Int(count)))
    }
}

private func ssl(of storeContext: OpaquePointer) -> OpaquePointer? {
    unsafe OpaquePointer(X509_STORE_CTX_get_ex_data(storeContext, SSL_get_ex_data_X509_STORE_CTX_idx()))
}

/// Adds the relay's own revocations to OpenSSL's verdict; a fault that OpenSSL found stays one.
private let checkRevocation: @convention(c) (Int32, OpaquePointer?) -> Int32 = { verdict, storeContext in
    guard verdict == 1, let storeContext = unsafe storeContext, let ssl = unsafe ssl(of: storeContext),
        let verification = unsafe lessons_SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl))
    else { return 0 }
    let accepted = unsafe Unmanaged<PeerVerification>.fromOpaque(verification).takeUnretainedValue()
        .accepts(storeContext)
    return accepted ? 1 : 0
}
