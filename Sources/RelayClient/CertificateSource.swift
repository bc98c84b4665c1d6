package import PKI
package import Storage
package import Wire

/// Where the certificates of authors come from: what is kept on this machine first, then the relay.
package struct CertificateSource: Sendable {
    /// Those of the given SHA-256 fingerprints that are kept, and the issuing certificates that are.
    package var kept: @Sendable (_ fingerprints: [[UInt8]]) -> [Certificate]
    /// Asks the relay for at most `PostVerifier.maxFetched` certificates; nil when there is no connection.
    package var fetch: (@Sendable (_ fingerprints: [[UInt8]]) async throws(ClientError) -> WireCertificateList)?
    /// Keeps what was fetched and found to be trusted.
    package var keep: @Sendable ([Certificate]) -> Void

    package init(
        kept: @escaping @Sendable (_ fingerprints: [[UInt8]]) -> [Certificate] = { _ in [] },
        fetch: (@Sendable (_ fingerprints: [[UInt8]]) async throws(ClientError) -> WireCertificateList)? = nil,
        keep: @escaping @Sendable ([Certificate]) -> Void = { _ in }
    ) {
        self.kept = kept
        self.fetch = fetch
        self.keep = keep
    }
}

extension CertificateSource {
    /// The certificates that `mirror` keeps, then those of the relay that `connection` leads to.
    package init(mirror: ClientMirror, connection: RelayConnection? = nil) {
        self.init(
            kept: { fingerprints in
                fingerprints.compactMap { fingerprint in
                    // What cannot be read is asked for again.
                    guard let der = try? mirror.certificate(fingerprint: fingerprint) else { return nil }
                    return try? Certificate(der: der)
                }
            },
            keep: { certificates in
                for certificate in certificates {
                    try? mirror.storeCertificate(certificate.der, fingerprint: certificate.fingerprint)
                }
            })
        if let connection {
            fetch = { fingerprints async throws(ClientError) in try await connection.certificates(fingerprints) }
        }
    }
}
