import COpenSSL
import NIOCore
import NIOEmbedded
import PKI

/// A member's client on OpenSSL alone, for what `TLSHandler` would never send.
final class RawClient {
    private let context: OpaquePointer
    private let ssl: OpaquePointer
    private let inbound: OpaquePointer
    private let outbound: OpaquePointer

    init(_ parties: TestParties) throws {
        let context = try made(SSL_CTX_new(TLS_client_method()))
        _ = parties.member.certificate.withX509 { SSL_CTX_use_certificate(context, $0) }
        _ = parties.member.key.withEVP { SSL_CTX_use_PrivateKey(context, $0) }
        self.context = context
        ssl = try made(SSL_new(context))
        inbound = try made(BIO_new(BIO_s_mem()))
        outbound = try made(BIO_new(BIO_s_mem()))
        SSL_set_bio(ssl, inbound, outbound)
        SSL_set_connect_state(ssl)
        let encoded = [UInt8(TestParties.applicationProtocol.utf8.count)] + Array(TestParties.applicationProtocol.utf8)
        SSL_set_alpn_protos(ssl, encoded, UInt32(encoded.count))
    }

    deinit {
        SSL_free(ssl)
        SSL_CTX_free(context)
    }

    func handshake(with server: EmbeddedPair.Side) throws {
        for _ in 0..<3 {
            SSL_do_handshake(ssl)
            try exchange(with: server)
        }
    }

    /// Writes `count` KeyUpdate messages that ask for one in return (RFC 8446 §4.6.3).
    func requestKeyUpdates(_ count: Int) {
        for _ in 0..<count {
            SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED)
            SSL_do_handshake(ssl)
        }
    }

    func write(_ text: String) {
        SSL_write(ssl, text, Int32(text.utf8.count))
    }

    func read() -> String {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = SSL_read(ssl, &bytes, Int32(bytes.count))
        return String(decoding: bytes.prefix(Int(max(0, count))), as: UTF8.self)
    }

    /// Gives the server all that was written, and takes its answers.
    func exchange(with server: EmbeddedPair.Side) throws {
        var bytes = [UInt8](repeating: 0, count: Int(lessons_BIO_pending(outbound)))
        let count = BIO_read(outbound, &bytes, Int32(bytes.count))
        if count > 0, server.channel.isActive {
            try server.channel.writeInbound(ByteBuffer(bytes: bytes.prefix(Int(count))))
        }
        if let answer = try server.takeSent() {
            _ = answer.withUnsafeReadableBytes { BIO_write(inbound, $0.baseAddress, Int32($0.count)) }
        }
    }
}

private struct OutOfMemory: Error {}

private func made(_ pointer: OpaquePointer?) throws -> OpaquePointer {
    guard let pointer else { throw OutOfMemory() }
    return pointer
}
