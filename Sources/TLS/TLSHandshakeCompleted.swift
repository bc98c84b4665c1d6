/// The user inbound event that `TLSHandler` fires once, before it delivers the first decrypted byte.
/// A client whose certificate the server refuses sees this too: in TLS 1.3 the refusal comes after it, as
/// `TLSError.peerAlert`.
package struct TLSHandshakeCompleted: Sendable {
    /// Nil only on a server that asks for no client certificate.
    package let peer: PeerIdentity?
    /// What ALPN agreed on; nil when neither side has application protocols.
    package let applicationProtocol: String?
    /// Always `TLSv1.3`.
    package let version: String
    /// Such as `TLS_AES_128_GCM_SHA256`.
    package let cipherSuite: String

    package init(peer: PeerIdentity?, applicationProtocol: String?, version: String, cipherSuite: String) {
        self.peer = peer
        self.applicationProtocol = applicationProtocol
        self.version = version
        self.cipherSuite = cipherSuite
    }
}
