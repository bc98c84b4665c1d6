import LessonModel
import PKI

/// The relay's own certificate with its key and the issuing certificate that is sent after it; checked, fit for use.
struct RelayCredential: Sendable {
    /// It is renewed when less than this part of its time is left.
    private static let renewalPart: Int64 = 3

    let certificate: Certificate
    let key: PrivateKey
    let issuer: Certificate
    /// Not on disk yet.
    let isNew: Bool
    /// Seconds since 1970.
    let checkedAt: Int64

    /// As a server sends it; the root is not among them.
    var chain: [Certificate] { [certificate, issuer] }

    /// Seconds since 1970.
    var renewAt: Int64 { RelayCredential.renewalTime(of: certificate) }

    /// What stands in `home`, or a new one in memory when that is due for renewal, does not bear all configured names, or is
    /// not of the issuing certificate that signs now: so no certificate of the relay outlives its issuer's acceptance.
    /// - Throws: when the file cannot be read, key and certificate are not of each other, or the certificate does not lead to
    ///   this relay's root. Then somebody has put it there, and it is theirs to put right.
    init(
        _ home: RelayHome, names: RelayConfiguration.Names, _ authority: CertificateAuthority, now: Milliseconds
    ) throws {
        let seconds = now / 1_000
        let (certificate, key) = try home.readRelayCertificate()
        guard key.publicKey == certificate.publicKey else {
            throw RelayHomeError.invalid("\(home.keyPath): the key is not that of the certificate beside it")
        }
        guard let issuer = certificate.authorityKeyID.flatMap({ authority.knownIssuer(keyID: $0) }) else {
            throw RelayHomeError.invalid("\(home.keyPath): its certificate is not of this relay's authority")
        }
        try RelayCredential.verify(
            certificate, issuer, authority.root,
            at: certificate.isValid(at: seconds) ? seconds : certificate.notAfter - 1,
            path: home.keyPath)
        let isFit =
            seconds < RelayCredential.renewalTime(of: certificate) && certificate.notBefore <= seconds
            && issuer == authority.issuingCertificates[0] && certificate.bears(names)
        if isFit {
            self.init(certificate: certificate, key: key, issuer: issuer, isNew: false, checkedAt: seconds)
        } else {
            try self.init(issuedBy: authority, names: names, now: now)
        }
    }

    /// A fresh key and certificate, in memory only.
    init(issuedBy authority: CertificateAuthority, names: RelayConfiguration.Names, now: Milliseconds) throws {
        let key = try PrivateKey.generate(.p256)
        let certificate = try authority.issueRelay(
            publicKey: key.publicKey, dnsNames: names.dns, ipAddresses: names.ip,
            subject: DistinguishedName(commonName: names.dns.first ?? names.ip.first ?? "relay").fitting,
            now: now / 1_000)
        let issuer = authority.issuingCertificates[0]
        try RelayCredential.verify(certificate, issuer, authority.root, at: now / 1_000, path: "the new certificate")
        self.init(certificate: certificate, key: key, issuer: issuer, isNew: true, checkedAt: now / 1_000)
    }

    private init(certificate: Certificate, key: PrivateKey, issuer: Certificate, isNew: Bool, checkedAt: Int64) {
        self.certificate = certificate
        self.key = key
        self.issuer = issuer
        self.isNew = isNew
        self.checkedAt = checkedAt
    }

    /// As members will.
    private static func verify(
        _ certificate: Certificate, _ issuer: Certificate, _ root: Certificate, at seconds: Int64, path: String
    ) throws(RelayHomeError) {
        let verdict = CertificateAuthority.verifyChain(
            leaf: certificate, intermediates: [issuer], roots: [root], at: seconds, purpose: .relay)
        if case .refused(let failure) = verdict {
            throw .invalid("\(path): members would not trust this certificate: \(failure)")
        }
    }

    private static func renewalTime(of certificate: Certificate) -> Int64 {
        certificate.notAfter - (certificate.notAfter - certificate.notBefore) / renewalPart
    }
}

extension Certificate {
    /// Whether all of `names` are subject alternative names; addresses are compared as octets.
    fileprivate func bears(_ names: RelayConfiguration.Names) -> Bool {
        guard let wanted = try? CertificateProfile.relay(dnsNames: names.dns, ipAddresses: names.ip),
            let borne = try? CertificateProfile.relay(dnsNames: dnsNames, ipAddresses: ipAddresses)
        else { return false }
        return Set(wanted.alternativeNames).isSubset(of: Set(borne.alternativeNames))
    }
}
