package import PKI

extension TLSContext {
    /// What a server shows and what it asks for.
    package struct ServerConfiguration: Sendable {
        /// Whether clients must show a certificate.
        package enum ClientAuthentication: Sendable {
            /// No client certificate is asked for.
            case none
            /// A certificate signed by one of `issuers`, which are trusted themselves: nothing above them is looked
            /// at. `isRevoked` is asked for each client certificate that is otherwise good, in every handshake, from
            /// any thread; it must not block.
            case required(issuers: [Certificate], isRevoked: @Sendable (Certificate) -> Bool)
            /// As `required`, but a client may show none; one that it shows must be good.
            case optional(issuers: [Certificate], isRevoked: @Sendable (Certificate) -> Bool)
        }

        /// The server's own certificate first, then those that are sent after it, in order.
        package var certificateChain: [Certificate]
        /// The key of the first certificate.
        package var privateKey: PrivateKey
        package var clientAuthentication: ClientAuthentication
        /// Best first. When there are any, a client that offers none of them is refused with
        /// `no_application_protocol`, and so is one that offers no protocol at all, unless `acceptsMissingALPN`.
        package var alpnProtocols: [String]
        /// For servers of a protocol that is older than ALPN.
        package var acceptsMissingALPN: Bool
        /// The status (OCSP response, DER) of the server's certificate, for clients that ask for it (RFC 6066 §8); nil
        /// where there is none now. Asked in each handshake, from any thread; it must not block.
        package var statusResponse: (@Sendable () -> [UInt8]?)?

        package init(
            certificateChain: [Certificate], privateKey: PrivateKey, clientAuthentication: ClientAuthentication,
            alpnProtocols: [String], acceptsMissingALPN: Bool = false,
            statusResponse: (@Sendable () -> [UInt8]?)? = nil
        ) {
            self.certificateChain = certificateChain
            self.privateKey = privateKey
            self.clientAuthentication = clientAuthentication
            self.alpnProtocols = alpnProtocols
            self.acceptsMissingALPN = acceptsMissingALPN
            self.statusResponse = statusResponse
        }
    }

    /// Whom a client trusts and who it is.
    package struct ClientConfiguration: Sendable {
        /// What the server's chain must lead to.
        package enum Trust: Sendable {
            /// One of these self-signed certificates.
            case roots([Certificate])
            /// The certificate with this SHA-256 fingerprint (32 bytes over its DER). The server must send it with its
            /// chain; it is then the only root that counts.
            case rootFingerprint([UInt8])
        }

        /// What the client shows when the server asks for it.
        package typealias Identity = (chain: [Certificate], key: PrivateKey)

        package var trust: Trust
        /// The DNS name or IP address that the server's certificate must bear as a subject alternative name.
        /// A DNS name is also sent as server name indication.
        package var serverName: String
        /// Nil for a client that has no certificate yet.
        package var identity: Identity?
        /// Best first. When there are any, a server that selects none of them is refused.
        package var alpnProtocols: [String]

        package init(trust: Trust, serverName: String, identity: Identity?, alpnProtocols: [String]) {
            self.trust = trust
            self.serverName = serverName
            self.identity = identity
            self.alpnProtocols = alpnProtocols
        }
    }
}
