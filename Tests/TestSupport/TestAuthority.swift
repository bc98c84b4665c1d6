package import FoundationEssentials
package import PKI

/// A root and an issuing authority that live for one test, with certificates that are valid now, expired, or not yet valid.
///
/// Two of them never trust each other: that is what a foreign certificate is made with.
package struct TestAuthority: Sendable {
    package enum Validity: Sendable, CaseIterable {
        /// From five minutes before `now` on.
        case current
        /// Ended a day before `now`.
        case expired
        /// Begins a day after `now`.
        case notYetValid
    }

    package let root: RootAuthority
    package let authority: CertificateAuthority
    /// Seconds since 1970; what "now" means in the certificates made here.
    package let now: Int64

    /// The time of the machine, which OpenSSL's handshakes go by.
    package static var currentTime: Int64 { Int64(Date().timeIntervalSince1970) }

    /// - Parameter now: the authority's own certificates are made a year earlier, so that expired ones can be issued.
    package init(
        name: String = "Test", now: Int64 = TestAuthority.currentTime, publication: PublicationURLs? = nil
    ) throws(PKIError) {
        self.now = now
        (root, authority) = try CertificateAuthority.create(
            name: name, organisation: "Lessons Relay Tests", country: "AT", now: now - 365 * 86_400,
            publication: publication)
    }

    package var rootCertificate: Certificate { root.certificate }
    package var issuingCertificate: Certificate { authority.issuingCertificates[0] }

    package func relayCertificate(
        dns: [String] = ["relay.test"], ips: [String] = ["127.0.0.1"], kind: KeyKind = .p256,
        validity: Validity = .current
    ) throws(PKIError) -> (certificate: Certificate, key: PrivateKey) {
        let key = try PrivateKey.generate(kind)
        let certificate = try authority.issueRelay(
            publicKey: key.publicKey, dnsNames: dns, ipAddresses: ips,
            subject: DistinguishedName(organisation: "Lessons Relay Tests", commonName: dns.first ?? "relay"),
            lifetime: .seconds(10 * 86_400), now: issuingTime(validity, days: 10))
        return (certificate, key)
    }

    package func member(
        _ memberKind: CertificateProfile.MemberKind = .person, commonName: String = "Test Member",
        organisation: String = "Test Organisation", relayDomain: String = "relay.test", uuid: UUID = UUID(),
        kind: KeyKind = .p256, validity: Validity = .current
    ) throws(PKIError) -> (certificate: Certificate, key: PrivateKey, uuid: UUID) {
        let key = try PrivateKey.generate(kind)
        let request = try CertificateSigningRequest.make(key: key, commonName: commonName)
        let certificate = try authority.issueMember(
            request, kind: memberKind, relayDomain: relayDomain, memberID: uuid,
            subject: DistinguishedName(country: "AT", organisation: organisation, commonName: commonName),
            lifetime: .seconds(10 * 86_400), now: issuingTime(validity, days: 10))
        return (certificate, key, uuid)
    }

    /// When a certificate that lives `days` has to be issued to be in this state now.
    private func issuingTime(_ validity: Validity, days: Int64) -> Int64 {
        switch validity {
        case .current: now
        case .expired: now - (days + 1) * 86_400
        case .notYetValid: now + 86_400 + 300
        }
    }
}
