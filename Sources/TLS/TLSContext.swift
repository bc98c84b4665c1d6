internal import COpenSSL
internal import PKI

/// The settings that many connections share: TLS 1.3 only, no resumption of any kind, and the one side's certificates
/// and trust. Immutable; to change a certificate make a new context and give that to the handlers that follow. Handlers
/// keep the context that they began with.
@safe package final class TLSContext: @unchecked Sendable {
    // Why unchecked: the SSL_CTX is not changed after init, and OpenSSL counts its references atomically.
    let sslContext: OpaquePointer
    let role: Role
    let applicationProtocols: ApplicationProtocols
    /// A server's, see `ServerConfiguration`.
    let acceptsMissingALPN: Bool
    /// A server's, see `ServerConfiguration`.
    let statusResponse: (@Sendable () -> [UInt8]?)?
    /// The SSL_CTX's app data points here, unowned: this object frees the SSL_CTX, and every `TLSConnection` holds
    /// this object for as long as its SSL can call back.
    private let verification: PeerVerification

    enum Role {
        case server
        /// With the name that the server's certificate must bear.
        case client(serverName: ServerName)

        var isServer: Bool { if case .server = self { true } else { false } }
    }

    /// - Throws: `.configuration` when certificate and key do not fit together or a setting is not usable.
    package convenience init(server: ServerConfiguration) throws(TLSError) {
        let protocols = try ApplicationProtocols(server.alpnProtocols)
        let verification: PeerVerification
        switch server.clientAuthentication {
        case .none:
            verification = PeerVerification(anchors: [], isRevoked: nil)
        case .required(let issuers, let isRevoked), .optional(let issuers, let isRevoked):
            guard !issuers.isEmpty else { throw .configuration("no issuer of client certificates is trusted") }
            verification = PeerVerification(anchors: issuers, isRevoked: isRevoked)
        }
        try self.init(
            role: .server, applicationProtocols: protocols, verification: verification,
            acceptsMissingALPN: server.acceptsMissingALPN, statusResponse: server.statusResponse)
        try use(chain: server.certificateChain, key: server.privateKey)
        try unsafe configureServer(sslContext)
        switch server.clientAuthentication {
        case .none: break
        case .required: try unsafe verification.askForClientCertificate(in: sslContext, isRequired: true)
        case .optional: try unsafe verification.askForClientCertificate(in: sslContext, isRequired: false)
        }
    }

    /// - Throws: `.configuration` when certificate and key do not fit together or a setting is not usable.
    package convenience init(client: ClientConfiguration) throws(TLSError) {
        let protocols = try ApplicationProtocols(client.alpnProtocols)
        let serverName = try ServerName(client.serverName)
        let verification: PeerVerification
        switch client.trust {
        case .roots(let roots):
            guard !roots.isEmpty else { throw .configuration("no root certificate is trusted") }
            verification = PeerVerification(anchors: roots, isRevoked: nil)
        case .rootFingerprint(let fingerprint):
            guard fingerprint.count == SHA256.byteCount else {
                throw .configuration("a root fingerprint has \(SHA256.byteCount) bytes, not \(fingerprint.count)")
            }
            verification = PeerVerification(rootFingerprint: fingerprint)
        }
        try self.init(
            role: .client(serverName: serverName), applicationProtocols: protocols, verification: verification)
        if let identity = client.identity { try use(chain: identity.chain, key: identity.key) }
        try unsafe configureClient(sslContext)
        try unsafe verification.requireServerCertificate(in: sslContext)
    }

    private init(
        role: Role, applicationProtocols: ApplicationProtocols, verification: PeerVerification,
        acceptsMissingALPN: Bool = false, statusResponse: (@Sendable () -> [UInt8]?)? = nil
    ) throws(TLSError) {
        OpenSSLErrorQueue.clear()
        guard let sslContext = unsafe SSL_CTX_new(role.isServer ? TLS_server_method() : TLS_client_method()) else {
            throw .configuration("OpenSSL made no context: \(OpenSSLErrorQueue.drain().text)")
        }
        unsafe self.sslContext = sslContext
        self.role = role
        self.applicationProtocols = applicationProtocols
        self.verification = verification
        self.acceptsMissingALPN = acceptsMissingALPN
        self.statusResponse = statusResponse
        try unsafe configureBothSides(sslContext)
    }

    deinit { unsafe SSL_CTX_free(sslContext) }

    /// A certificate of the verified chain as the object that this context was given for it, if it was.
    func anchor(for x509: OpaquePointer) -> Certificate? {
        unsafe verification.anchor(for: x509)
    }

    private func configureBothSides(_ context: OpaquePointer) throws(TLSError) {
        try check(unsafe lessons_SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION), "TLS 1.3")
        try check(unsafe lessons_SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION), "TLS 1.3")
        unsafe SSL_CTX_set_security_level(context, 2)
        // The shortest first: with AES-NI it is also the fastest, and all three are good for the life of a session.
        try check(
            unsafe SSL_CTX_set_ciphersuites(
                context, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"),
            "the cipher suites")
        try check(unsafe lessons_SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384"), "the groups")
        unsafe SSL_CTX_set_options(
            context,
            lessons_SSL_OP_NO_RENEGOTIATION() | lessons_SSL_OP_NO_COMPRESSION() | lessons_SSL_OP_NO_TICKET())
        _ = unsafe lessons_SSL_CTX_set_session_cache_mode(context, Int(SSL_SESS_CACHE_OFF))
        unsafe SSL_CTX_set_max_early_data(context, 0)
        unsafe SSL_CTX_set_recv_max_early_data(context, 0)
        // NO_AUTO_CHAIN: only what the configuration names is sent, and no chain is built in each handshake.
        _ = unsafe lessons_SSL_CTX_set_mode(
            context, lessons_SSL_MODE_RELEASE_BUFFERS() | lessons_SSL_MODE_NO_AUTO_CHAIN())
        // Without AUTO_RETRY a read returns after each message that carries no data, so that they can be counted.
        _ = unsafe lessons_SSL_CTX_clear_mode(context, lessons_SSL_MODE_AUTO_RETRY())
        _ = unsafe lessons_SSL_CTX_set_max_cert_list(context, Self.maxPeerChainBytes)
        unsafe SSL_CTX_set_verify_depth(context, 4)
        unsafe SSL_CTX_set_info_callback(context) { ssl, event, value in
            unsafe TLSConnection.from(ssl)?.noteEvent(event, value: value)
        }
        try check(
            unsafe lessons_SSL_CTX_set_app_data(context, Unmanaged.passUnretained(verification).toOpaque()),
            "the verification")
    }

    private func configureServer(_ context: OpaquePointer) throws(TLSError) {
        // A ticket would resume a session whose certificate has been revoked since.
        try check(unsafe SSL_CTX_set_num_tickets(context, 0), "no session tickets")
        try check(unsafe SSL_CTX_set_session_id_context(context, "lessons-relay", 13), "the session context")
        unsafe SSL_CTX_set_options(context, lessons_SSL_OP_CIPHER_SERVER_PREFERENCE())
        try check(
            unsafe lessons_SSL_CTX_set1_client_sigalgs_list(context, Self.signatureAlgorithms),
            "the signature algorithms")
        if statusResponse != nil {
            try check(unsafe lessons_SSL_CTX_set_tlsext_status_cb(context, showStatus), "the status of the certificate")
        }
        guard !applicationProtocols.isEmpty else { return }
        if !acceptsMissingALPN { unsafe SSL_CTX_set_client_hello_cb(context, requireApplicationProtocols, nil) }
        unsafe SSL_CTX_set_alpn_select_cb(context, selectApplicationProtocol, nil)
    }

    private func configureClient(_ context: OpaquePointer) throws(TLSError) {
        try check(
            unsafe lessons_SSL_CTX_set1_sigalgs_list(context, Self.signatureAlgorithms), "the signature algorithms")
        guard !applicationProtocols.isEmpty else { return }
        let encoded = applicationProtocols.encoded
        // This function alone answers 0 for success.
        guard unsafe SSL_CTX_set_alpn_protos(context, encoded, UInt32(encoded.count)) == 0 else {
            throw .configuration("OpenSSL did not accept the application protocols")
        }
    }

    /// Shows `chain` to the peer and proves it with `key`.
    private func use(chain: [Certificate], key: PrivateKey) throws(TLSError) {
        guard let leaf = chain.first else { throw .configuration("the certificate chain is empty") }
        OpenSSLErrorQueue.clear()
        try check(
            unsafe leaf.withX509 { unsafe SSL_CTX_use_certificate(sslContext, $0) },
            "the certificate of \(leaf.subject)")
        try check(
            unsafe key.withEVP { unsafe SSL_CTX_use_PrivateKey(sslContext, $0) },
            "the private key: it is not the key of the certificate of \(leaf.subject)")
        try check(
            unsafe SSL_CTX_check_private_key(sslContext),
            "the private key: it is not the key of the certificate of \(leaf.subject)")
        for certificate in chain.dropFirst() {
            try check(
                unsafe certificate.withX509 { unsafe lessons_SSL_CTX_add1_chain_cert(sslContext, $0) },
                "the certificate of \(certificate.subject)")
        }
    }

    /// ECDSA on the curves that the profiles allow, and Ed25519.
    private static let signatureAlgorithms = "ECDSA+SHA256:ECDSA+SHA384:ed25519"
    /// A chain of four certificates of this relay's profiles is a tenth of this.
    private static let maxPeerChainBytes = 32 * 1024
}

/// Throws unless an OpenSSL function answered 1 for success.
func check(_ result: Int32, _ setting: String) throws(TLSError) {
    guard result != 1 else { return }
    throw .configuration("OpenSSL did not accept \(setting) (\(OpenSSLErrorQueue.drain().text))")
}

/// Refuses a TLS 1.3 client that offers no application protocol at all: OpenSSL asks
/// `selectApplicationProtocol` only about offers. A client without TLS 1.3 goes on to be refused for its version.
private let requireApplicationProtocols: SSL_client_hello_cb_fn = { ssl, alert, _ in
    var bytes: UnsafePointer<UInt8>?
    var count = 0
    let offersProtocols = unsafe SSL_client_hello_get0_ext(
        ssl, UInt32(TLSEXT_TYPE_application_layer_protocol_negotiation), &bytes, &count)
    let offersVersions = unsafe SSL_client_hello_get0_ext(
        ssl, UInt32(TLSEXT_TYPE_supported_versions), &bytes, &count)
    guard offersProtocols == 0, offersVersions == 1 else { return SSL_CLIENT_HELLO_SUCCESS }
    let versions = unsafe UnsafeRawBufferPointer(start: bytes, count: count).dropFirst()
    // A list of two-octet versions after its length octet (RFC 8446 §4.2.1).
    let offersTLS13 = unsafe stride(from: versions.startIndex, to: versions.endIndex - 1, by: 2).contains {
        unsafe versions[$0] == 3 && versions[$0 + 1] == 4
    }
    guard offersTLS13 else { return SSL_CLIENT_HELLO_SUCCESS }
    unsafe alert?.pointee = SSL_AD_NO_APPLICATION_PROTOCOL
    return SSL_CLIENT_HELLO_ERROR
}

/// Shows the status of the server's certificate to a client that asked for it.
private let showStatus: @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?) -> Int32 = { ssl, _ in
    guard let ssl = unsafe ssl, let response = unsafe TLSConnection.from(ssl)?.context.statusResponse?(),
        let copy = unsafe lessons_OPENSSL_malloc(response.count)
    else { return SSL_TLSEXT_ERR_NOACK }
    unsafe copy.copyMemory(from: response, byteCount: response.count)
    // The copy moves in.
    guard
        unsafe lessons_SSL_set_tlsext_status_ocsp_resp(
            ssl, copy.assumingMemoryBound(to: UInt8.self), response.count) == 1
    else {
        unsafe lessons_OPENSSL_free(copy)
        return SSL_TLSEXT_ERR_NOACK
    }
    return SSL_TLSEXT_ERR_OK
}

/// Answers the server's best protocol among those that the client offers, or refuses.
private let selectApplicationProtocol: SSL_CTX_alpn_select_cb_func = { ssl, selected, selectedCount, offer, count, _ in
    guard let connection = unsafe TLSConnection.from(ssl), let offer = unsafe offer,
        let range = unsafe connection.context.applicationProtocols.select(
            from: UnsafeRawBufferPointer(start: offer, count: Int(count)))
    else { return SSL_TLSEXT_ERR_ALERT_FATAL }
    // The answer points into the offer, which OpenSSL keeps until it has copied the answer.
    unsafe selected?.pointee = unsafe offer + range.lowerBound
    unsafe selectedCount?.pointee = UInt8(range.count)
    return SSL_TLSEXT_ERR_OK
}
