internal import COpenSSL
internal import NIOCore
internal import PKI

/// One TLS connection without a transport: received bytes go in by `receive`, and what must be sent comes out of
/// `takeOutbound`, which the caller asks after each call of another method, failed ones too. Used from one thread at a
/// time. After a failure only `takeOutbound` may be called.
@safe final class TLSConnection {
    let context: TLSContext
    private let ssl: OpaquePointer
    private let bio: ByteBufferBIO
    /// The peer's certificate once the verification callback has accepted it.
    var acceptedCertificate: Certificate?
    private var sentAlert: TLSAlert?
    private var isEstablished = false
    /// Steps of OpenSSL's handshake machine since data was last read: one to three for each message that carries none,
    /// such as a KeyUpdate. The first handshake does not count.
    private var stepsWithoutData = 0
    private var handshakeBytes = 0

    /// - Throws: `.configuration` when OpenSSL is out of memory or does not accept the server's name.
    init(_ context: TLSContext) throws(TLSError) {
        OpenSSLErrorQueue.clear()
        let bio = ByteBufferBIO()
        guard let ssl = unsafe SSL_new(context.sslContext) else {
            throw .configuration("OpenSSL made no connection: \(OpenSSLErrorQueue.drain().text)")
        }
        self.context = context
        unsafe self.ssl = ssl
        self.bio = bio
        guard let bio = unsafe bio.makeBIO() else {
            throw .configuration("OpenSSL made no BIO: \(OpenSSLErrorQueue.drain().text)")
        }
        unsafe SSL_set_bio(ssl, bio, bio)
        // The callbacks come only during a call of one of this object's methods, so that it is alive in them.
        try check(
            unsafe lessons_SSL_set_app_data(ssl, Unmanaged.passUnretained(self).toOpaque()), "the connection")
        switch context.role {
        case .server:
            unsafe SSL_set_accept_state(ssl)
        case .client(let serverName):
            unsafe SSL_set_connect_state(ssl)
            try unsafe serverName.require(in: ssl)
        }
    }

    /// Frees the BIO too.
    deinit { unsafe SSL_free(ssl) }

    /// The connection whose callback is running.
    static func from(_ ssl: OpaquePointer?) -> TLSConnection? {
        guard let ssl = unsafe ssl, let data = unsafe lessons_SSL_get_app_data(ssl) else { return nil }
        return unsafe Unmanaged<TLSConnection>.fromOpaque(data).takeUnretainedValue()
    }

    /// Lends `buffer` to OpenSSL until it has been read.
    func receive(_ buffer: ByteBuffer) {
        bio.receive(buffer)
    }

    /// Goes as far with the handshake as the received bytes reach.
    /// - Returns: true once it is complete; bytes that follow it are left for `read`.
    /// - Throws: `.handshakeFailed` or `.peerAlert`.
    func handshake() throws(TLSError) -> Bool {
        let available = bio.inbound.readableBytes
        OpenSSLErrorQueue.clear()
        let result = unsafe SSL_do_handshake(ssl)
        handshakeBytes += available - bio.inbound.readableBytes
        guard result == 1 else {
            guard unsafe SSL_get_error(ssl, result) == SSL_ERROR_WANT_READ else { throw failure() }
            bio.releaseInbound()
            guard handshakeBytes <= Self.maxHandshakeBytes else {
                throw .handshakeFailed(
                    alert: nil, detail: "the handshake is longer than \(Self.maxHandshakeBytes) bytes")
            }
            return false
        }
        let offered = context.applicationProtocols
        if !offered.isEmpty {
            let selected = applicationProtocol
            guard selected.map(offered.names.contains) ?? context.acceptsMissingALPN else {
                throw .handshakeFailed(alert: nil, detail: "the server selected no application protocol")
            }
        }
        isEstablished = true
        return true
    }

    enum ReadOutcome {
        /// All that was received has been decrypted.
        case needsMore
        /// The buffer is full and more may be there.
        case full
        /// The peer sent close_notify.
        case closed
        case failed(TLSError)
    }

    /// Whether received bytes have not been looked at.
    var hasUnreadInbound: Bool { bio.inbound.readableBytes > 0 }

    /// A capacity for `read` that holds all that can be decrypted of what was received, within a bound.
    var plaintextBytesExpected: Int {
        min(max(bio.inbound.readableBytes + bio.partialRecordBytes, 256), Self.maxPlaintextBytes)
    }

    /// Decrypts into the writable bytes of `buffer`, of which there must be some, without growing it. What was decrypted
    /// stands in it also when the outcome is `closed` or `failed`.
    func read(into buffer: inout ByteBuffer) -> ReadOutcome {
        OpenSSLErrorQueue.clear()
        var stepsWithoutReading = 0
        while true {
            let available = bio.inbound.readableBytes
            var count = 0
            let result = unsafe buffer.withUnsafeMutableWritableBytes { space in
                unsafe SSL_read_ex(ssl, space.baseAddress, space.count, &count)
            }
            if result == 1 {
                buffer.moveWriterIndex(forwardBy: count)
                stepsWithoutData = 0
                if bio.inbound.readableBytes == 0, unsafe SSL_pending(ssl) == 0 { break }
                if buffer.writableBytes == 0 { return .full }
                continue
            }
            switch unsafe SSL_get_error(ssl, result) {
            case SSL_ERROR_WANT_READ:
                guard stepsWithoutData <= Self.maxStepsWithoutData else {
                    return .failed(.protocolViolation(alert: nil, detail: "a flood of messages without data"))
                }
                // OpenSSL returns after each message without data and after each step of its answer, whether or not
                // there is more to read.
                let unread = bio.inbound.readableBytes
                if unread > 0 {
                    stepsWithoutReading = unread < available ? 0 : stepsWithoutReading + 1
                    guard stepsWithoutReading < Self.maxStepsWithoutReading else {
                        return .failed(.protocolViolation(alert: nil, detail: "OpenSSL reads no further"))
                    }
                    continue
                }
            case SSL_ERROR_ZERO_RETURN:
                return .closed
            default:
                return .failed(failure())
            }
            break
        }
        bio.releaseInbound()
        return .needsMore
    }

    /// Makes room for the records of `count` bytes.
    func reserveOutbound(forPlaintextBytes count: Int, allocator: ByteBufferAllocator) {
        let records = count / Self.maxRecordPlaintextBytes + 1
        bio.reserveOutbound(count + records * Self.recordOverheadBytes, allocator: allocator)
    }

    /// Encrypts `bytes`, at least one, into as few records as they fit in.
    /// - Returns: false on failure, which `failure()` then explains.
    func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
        OpenSSLErrorQueue.clear()
        var written = 0
        return unsafe SSL_write_ex(ssl, bytes.baseAddress, bytes.count, &written) == 1
    }

    /// Makes the close_notify alert, after which nothing can be written.
    func shutdown() {
        OpenSSLErrorQueue.clear()
        _ = unsafe SSL_shutdown(ssl)
        OpenSSLErrorQueue.clear()
    }

    /// All that must go to the peer, or nil if that is nothing.
    func takeOutbound() -> ByteBuffer? {
        bio.takeOutbound()
    }

    /// What ended the connection, taken from the error queue of this thread: call it straight after the failure.
    func failure() -> TLSError {
        let errors = OpenSSLErrorQueue.drain()
        if let alert = errors.receivedAlert { return .peerAlert(name: alert.name, code: Int(alert.code)) }
        var detail = errors.text
        if errors.contains(sslReason: SSL_R_CERTIFICATE_VERIFY_FAILED),
            let reason = unsafe X509_verify_cert_error_string(SSL_get_verify_result(ssl))
        {
            detail += unsafe ": " + String(cString: reason)
        }
        return isEstablished
            ? .protocolViolation(alert: sentAlert?.name, detail: detail)
            : .handshakeFailed(alert: sentAlert?.name, detail: detail)
    }

    /// OpenSSL's information callback.
    func noteEvent(_ event: Int32, value: Int32) {
        if event & SSL_CB_WRITE_ALERT == SSL_CB_WRITE_ALERT {
            // The level stands in the upper octet.
            sentAlert = TLSAlert(code: UInt8(truncatingIfNeeded: value))
        } else if event & SSL_CB_LOOP != 0, isEstablished {
            stepsWithoutData += 1
        }
    }

    /// The longest plaintext of a record (RFC 8446 §5.1).
    static let maxRecordPlaintextBytes = 1 << 14
    /// Header, content type and tag of a TLS 1.3 record.
    private static let recordOverheadBytes = 5 + 1 + 16
    private static let maxPlaintextBytes = 128 * 1024
    /// Twice what a handshake with the longest accepted chain needs.
    private static let maxHandshakeBytes = 64 * 1024
    private static let maxStepsWithoutData = 96
    /// An answer to a message takes one step; more than a few would be a loop.
    private static let maxStepsWithoutReading = 8
}

extension TLSConnection {
    /// What the completed handshake found out.
    func completedHandshake() -> TLSHandshakeCompleted {
        TLSHandshakeCompleted(
            peer: peerIdentity, applicationProtocol: applicationProtocol,
            version: unsafe String(cString: SSL_get_version(ssl)),
            cipherSuite: unsafe String(cString: SSL_CIPHER_get_name(SSL_get_current_cipher(ssl))))
    }

    private var applicationProtocol: String? {
        var name: UnsafePointer<UInt8>?
        var count: UInt32 = 0
        unsafe SSL_get0_alpn_selected(ssl, &name, &count)
        guard let name = unsafe name, count > 0 else { return nil }
        return unsafe String(decoding: UnsafeBufferPointer(start: name, count: Int(count)), as: UTF8.self)
    }

    private var peerIdentity: PeerIdentity? {
        guard let leaf = unsafe SSL_get0_peer_certificate(ssl) else { return nil }
        let certificate = unsafe acceptedCertificate ?? Certificate(retaining: leaf)
        acceptedCertificate = nil
        var chain = [certificate]
        let verified = unsafe SSL_get0_verified_chain(ssl)
        for index in 1..<max(1, unsafe lessons_sk_X509_num(verified)) {
            guard let x509 = unsafe lessons_sk_X509_value(verified, index) else { continue }
            unsafe chain.append(context.anchor(for: x509) ?? Certificate(retaining: x509))
        }
        return PeerIdentity(certificate: certificate, chain: chain)
    }
}
