package import FoundationEssentials

/// The authority as the relay runs it: the root's certificate, and one or more issuing certificates with their keys.
///
/// During a rollover there are two issuing certificates: the first signs, certificates of both are accepted.
package struct CertificateAuthority: Sendable {
    package struct Issuer: Sendable {
        package let certificate: Certificate
        package let key: PrivateKey

        /// - Throws: `.issuerUnusable` when `certificate` is no authority, `.keyMismatch`.
        package init(certificate: Certificate, key: PrivateKey) throws(PKIError) {
            guard certificate.isAuthority, certificate.subjectKeyID != nil else {
                throw .issuerUnusable("\(certificate.subject) is not an authority's certificate")
            }
            guard key.publicKey == certificate.publicKey else { throw .keyMismatch(certificate.subject) }
            self.certificate = certificate
            self.key = key
        }
    }

    package let root: Certificate

    /// At least one; the first signs.
    package let issuers: [Issuer]

    /// Issuing certificates that are accepted no more. They are kept, since old posts are still verified through them.
    package let retired: [Certificate]

    /// Nil: certificates do not say where revocations are published (see `PublicationURLs`).
    package let publication: PublicationURLs?

    /// - Throws: `.issuerUnusable` when there is no issuer or the root did not sign one of them. Whether they are
    ///   valid now is asked when one signs.
    package init(
        root: Certificate, issuers: [Issuer], retired: [Certificate] = [], publication: PublicationURLs?
    ) throws(PKIError) {
        guard !issuers.isEmpty else { throw .issuerUnusable("there is none") }
        for certificate in issuers.map(\.certificate) + retired where !certificate.isSigned(by: root) {
            throw .issuerUnusable("\(certificate.subject) is not signed by the root \(root.subject)")
        }
        self.root = root
        self.issuers = issuers
        self.retired = retired
        self.publication = publication
    }

    /// Makes a new root and its first issuing certificate, named `<name> Root CA` and `<name> Issuing CA 1`.
    ///
    /// Store `root.key` encrypted, or take it away altogether; the authority does not need it.
    /// - Parameters:
    ///   - name: of the relay or its operator; cut to what a certificate holds.
    ///   - now: seconds since 1970.
    package static func create(
        name: String, organisation: String?, country: String?, now: Int64, publication: PublicationURLs? = nil
    ) throws(PKIError) -> (root: RootAuthority, authority: CertificateAuthority) {
        let shortName = String(name.prefix(40))
        func subject(_ role: String) -> DistinguishedName {
            DistinguishedName(country: country, organisation: organisation, commonName: "\(shortName) \(role)").fitting
        }
        let root = try RootAuthority.create(subject: subject("Root CA"), now: now)
        let key = try PrivateKey.generate(.p256)
        let certificate = try root.issueIssuing(
            publicKey: key.publicKey, subject: subject("Issuing CA 1"), now: now, publication: publication)
        let issuer = try Issuer(certificate: certificate, key: key)
        let authority = try CertificateAuthority(
            root: root.certificate, issuers: [issuer], publication: publication)
        return (root, authority)
    }

    /// The certificates a relay accepts members of, the one that signs first.
    package var issuingCertificates: [Certificate] { issuers.map(\.certificate) }

    /// The issuing certificate that signed `certificate`, by its authority key identifier.
    package func issuer(of certificate: Certificate) -> Certificate? {
        guard let keyID = certificate.authorityKeyID else { return nil }
        return issuingCertificates.first { $0.subjectKeyID == keyID }
    }

    /// The issuing certificate with this subject key identifier, whether accepted or retired.
    package func knownIssuer(keyID: [UInt8]) -> Certificate? {
        issuers.first { $0.certificate.subjectKeyID == keyID }?.certificate
            ?? retired.first { $0.subjectKeyID == keyID }
    }

    /// The same authority with `issuer` signing from now on; the earlier ones stay accepted.
    /// - Throws: `.issuerUnusable` when the root did not sign it.
    package func rollingOver(to issuer: Issuer) throws(PKIError) -> CertificateAuthority {
        try CertificateAuthority(
            root: root, issuers: [issuer] + issuers, retired: retired, publication: publication)
    }
}

// MARK: Issuing

extension CertificateAuthority {
    /// Issues a certificate of any profile below the issuing one, signed by the first issuer.
    /// - Parameters:
    ///   - lifetime: from `now` on; nil for the profile's longest. The certificate never outlives its issuer.
    ///   - now: seconds since 1970. The validity begins five minutes earlier, so that a peer whose clock is a little
    ///     slow does not refuse a new certificate.
    /// - Throws: `.unsupportedKey`, `.lifetimeTooLong`, `.invalidName` or `.issuerUnusable`.
    package func issue(
        _ profile: CertificateProfile, to publicKey: PublicKey, subject: DistinguishedName, lifetime: Duration? = nil,
        now: Int64
    ) throws(PKIError) -> Certificate {
        guard !profile.isAuthority else {
            throw .issuerUnusable("an issuing authority does not make authorities; the root does")
        }
        return try CertificateSigner(issuer: issuers[0].certificate, key: issuers[0].key, publication: publication)
            .sign(profile, publicKey, subject: subject, lifetime: lifetime, now: now)
    }

    /// Issues the relay's own certificate, at most 90 days; its private key is made by the caller and stays there.
    package func issueRelay(
        publicKey: PublicKey, dnsNames: [String], ipAddresses: [String], subject: DistinguishedName,
        lifetime: Duration? = nil, now: Int64
    ) throws(PKIError) -> Certificate {
        let profile = try CertificateProfile.relay(dnsNames: dnsNames, ipAddresses: ipAddresses)
        return try issue(profile, to: publicKey, subject: subject, lifetime: lifetime, now: now)
    }

    /// Issues a member's certificate, at most 30 days. Of the request only the public key is used.
    package func issueMember(
        _ request: CertificateSigningRequest, kind: CertificateProfile.MemberKind, relayDomain: String, memberID: UUID,
        subject: DistinguishedName, lifetime: Duration? = nil, now: Int64
    ) throws(PKIError) -> Certificate {
        let profile = try CertificateProfile.member(kind, relayDomain: relayDomain, memberID: memberID)
        return try issue(profile, to: request.publicKey, subject: subject, lifetime: lifetime, now: now)
    }

    /// A member's certificate once more under another subject: the same key, member, kind, issuer and validity, however
    /// long ago that was, so that it proves the same signatures. The number is new; whoever keeps the certificate
    /// revoked has to revoke this one too.
    /// - Returns: nil when `certificate` is not a member's, or its issuer is not one of `issuers` any more.
    package func reissueMember(_ certificate: Certificate, subject: DistinguishedName) throws(PKIError) -> Certificate?
    {
        let kind = CertificateProfile.MemberKind.allCases.first {
            certificate.policyIdentifiers.contains($0.policyIdentifier)
        }
        let issuer = issuers.first { $0.certificate.subjectKeyID == certificate.authorityKeyID }
        guard let uri = certificate.memberURI, let kind, let issuer, certificate.notBefore <= certificate.notAfter
        else {
            return nil
        }
        return try CertificateSigner(issuer: issuer.certificate, key: issuer.key, publication: publication).sign(
            .member(kind, relayDomain: uri.relayDomain, memberID: uri.memberID), certificate.publicKey,
            subject: subject, validity: certificate.notBefore...certificate.notAfter)
    }
}

// MARK: Stored form

extension CertificateAuthority {
    /// The authority as PEM texts. The keys belong into files that `SecretFile` writes.
    package struct Stored: Sendable, Hashable {
        package var rootCertificate: String
        /// In the order of `issuers`.
        package var issuingCertificates: [String]
        /// PKCS#8, in the same order.
        package var issuingKeys: [String]

        package init(rootCertificate: String, issuingCertificates: [String], issuingKeys: [String]) {
            self.rootCertificate = rootCertificate
            self.issuingCertificates = issuingCertificates
            self.issuingKeys = issuingKeys
        }
    }

    /// - Parameter passphrase: encrypts the issuing keys; nil leaves them in the clear, for a relay that starts unattended.
    package func stored(passphrase: [UInt8]?) throws(PKIError) -> Stored {
        var keys: [String] = []
        for issuer in issuers { keys.append(try issuer.key.pem(passphrase: passphrase)) }
        return Stored(
            rootCertificate: root.pem, issuingCertificates: issuers.map(\.certificate.pem), issuingKeys: keys)
    }

    /// - Throws: as `PrivateKey.init(pem:passphrase:)`, `Certificate.init(pem:)` and `init(root:issuers:publication:)`.
    package init(_ stored: Stored, passphrase: [UInt8]?, publication: PublicationURLs?) throws(PKIError) {
        guard stored.issuingCertificates.count == stored.issuingKeys.count else {
            throw .keyMismatch("there are not as many issuing keys as issuing certificates")
        }
        var issuers: [Issuer] = []
        for (certificate, key) in zip(stored.issuingCertificates, stored.issuingKeys) {
            issuers.append(
                try Issuer(
                    certificate: Certificate(pem: certificate), key: PrivateKey(pem: key, passphrase: passphrase)))
        }
        try self.init(root: Certificate(pem: stored.rootCertificate), issuers: issuers, publication: publication)
    }
}
