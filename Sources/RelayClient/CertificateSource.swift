package import PKI
package import Storage
package import Wire

/// A certificate under the fingerprint by which posts name it: its own, or that of the one which it replaces since its
/// owner's name was erased.
package struct NamedCertificate: Sendable, Hashable {
    package let fingerprint: [UInt8]
    package let certificate: Certificate

    package init(fingerprint: [UInt8], certificate: Certificate) {
        self.fingerprint = fingerprint
        self.certificate = certificate
    }
}

/// Where the certificates of authors come from: what is kept on this machine first, then the relay.
package struct CertificateSource: Sendable {
    /// Those of the given SHA-256 fingerprints that are kept; one may stand under the fingerprint of another that it replaces.
    package var kept: @Sendable (_ fingerprints: [[UInt8]]) -> [NamedCertificate]
    /// Asks the relay for at most `PostVerifier.maxFetched` certificates; nil when there is no connection.
    package var fetch: (@Sendable (_ fingerprints: [[UInt8]]) async throws(ClientError) -> WireCertificateList)?
    /// Keeps what was fetched and found to be trusted.
    package var keep: @Sendable ([NamedCertificate]) -> Void

    package init(
        kept: @escaping @Sendable (_ fingerprints: [[UInt8]]) -> [NamedCertificate] = { _ in [] },
        fetch: (@Sendable (_ fingerprints: [[UInt8]]) async throws(ClientError) -> WireCertificateList)? = nil,
        keep: @escaping @Sendable ([NamedCertificate]) -> Void = { _ in }
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
                    return (try? Certificate(der: der)).map {
                        NamedCertificate(fingerprint: fingerprint, certificate: $0)
                    }
                }
            },
            keep: { certificates in
                for entry in certificates {
                    try? mirror.storeCertificate(entry.certificate.der, fingerprint: entry.fingerprint)
                }
            })
        if let connection {
            fetch = { fingerprints async throws(ClientError) in try await connection.certificates(fingerprints) }
        }
    }
}
