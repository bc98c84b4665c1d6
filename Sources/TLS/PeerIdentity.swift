package import PKI

/// Who the peer proved to be in the handshake: it holds the key of `certificate`, and `chain` leads to a trusted
/// certificate, all of it valid at that time and not revoked then.
package struct PeerIdentity: Sendable {
    /// The peer's own certificate.
    package let certificate: Certificate
    /// The verified chain, the peer's own certificate first, the trusted one last.
    package let chain: [Certificate]

    package init(certificate: Certificate, chain: [Certificate]) {
        self.certificate = certificate
        self.chain = chain
    }

    /// The URIs of the certificate's subject alternative names: a member's identity stands there.
    package var uris: [String] { certificate.uris }
}
