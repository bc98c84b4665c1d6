import FoundationEssentials

/// Whether a certificate that came back from the root may become an issuing certificate here.
extension CertificateAuthority.Issuer {
    /// Checks everything that members will check later, by a certificate that is made for the check and thrown away.
    /// - Parameters:
    ///   - certificate: what the root's keeper sent back.
    ///   - key: the requested key, which it must certify.
    ///   - root: must have signed it.
    ///   - now: seconds since 1970.
    /// - Throws: `.issuerUnusable` with a sentence on what is wrong, `.keyMismatch`.
    package init(
        checking certificate: Certificate, key: PrivateKey, below root: Certificate, now: Int64
    ) throws(PKIError) {
        guard key.publicKey == certificate.publicKey else {
            throw .keyMismatch("\(certificate.subject) certifies another key than the one that was requested here")
        }
        try self.init(certificate: certificate, key: key)
        guard certificate != root else { throw .issuerUnusable("this is the root itself") }
        guard certificate.isSigned(by: root), certificate.authorityKeyID == root.subjectKeyID else {
            throw .issuerUnusable("\(certificate.subject) is not signed by this relay's root, \(root.subject)")
        }
        guard root.isValid(at: now) else { throw .issuerUnusable("the root itself is not valid now") }
        guard certificate.notAfter > now else { throw .issuerUnusable("\(certificate.subject) has ended") }
        guard certificate.isValid(at: now) else {
            throw .issuerUnusable("\(certificate.subject) is not valid yet; compare the two machines' clocks")
        }
        let authority = try CertificateAuthority(root: root, issuers: [self], publication: nil)
        let profile = try CertificateProfile.member(.person, relayDomain: "probe.test", memberID: UUID())
        let probe = try authority.issue(
            profile, to: try PrivateKey.generate(.p256).publicKey, subject: DistinguishedName(commonName: "probe"),
            now: now)
        let verdict = CertificateAuthority.verifyChain(
            leaf: probe, intermediates: [certificate], roots: [root], at: now, purpose: .member)
        if case .refused(let failure) = verdict {
            throw .issuerUnusable("what \(certificate.subject) signs would not verify up to the root: \(failure)")
        }
    }
}
