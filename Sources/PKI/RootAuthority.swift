import COpenSSL

/// The root with its private key: needed only to make issuing certificates, so it can be kept offline in between.
package struct RootAuthority: Sendable {
    package let certificate: Certificate
    package let key: PrivateKey

    /// Makes a new root, valid for 20 years from `now` (seconds since 1970).
    package static func create(subject: DistinguishedName, now: Int64) throws(PKIError) -> RootAuthority {
        let key = try PrivateKey.generate(.p384)
        let certificate = try CertificateSigner(issuer: nil, key: key, publication: nil)
            .sign(.root, key.publicKey, subject: subject, lifetime: nil, now: now)
        return try RootAuthority(certificate: certificate, key: key)
    }

    /// - Throws: `.issuerUnusable` when `certificate` is no self-signed authority, `.keyMismatch`.
    package init(certificate: Certificate, key: PrivateKey) throws(PKIError) {
        guard certificate.isAuthority, certificate.isSigned(by: certificate) else {
            throw .issuerUnusable("\(certificate.subject) is not a root: it does not sign itself")
        }
        guard key.publicKey == certificate.publicKey else { throw .keyMismatch(certificate.subject) }
        self.certificate = certificate
        self.key = key
    }

    /// Reads what `certificate.pem` and `key.pem(passphrase:)` wrote.
    package init(certificatePEM: String, keyPEM: String, passphrase: [UInt8]?) throws(PKIError) {
        try self.init(
            certificate: Certificate(pem: certificatePEM), key: PrivateKey(pem: keyPEM, passphrase: passphrase))
    }

    /// Certifies the key of a new issuing authority, for 5 years from `now` but not beyond the root's end.
    package func issueIssuing(
        publicKey: PublicKey, subject: DistinguishedName, now: Int64, publication: PublicationURLs?
    ) throws(PKIError) -> Certificate {
        try CertificateSigner(issuer: certificate, key: key, publication: publication)
            .sign(.issuing, publicKey, subject: subject, lifetime: nil, now: now)
    }

    /// Certifies the key of `request` as above. The common name is the one the request asks for, since the root's keeper
    /// signs what they have compared; country and organisation are the root's own.
    /// - Throws: also `.invalidName` for a request without a usable common name, `.unsupportedKey`.
    package func issueIssuing(
        _ request: CertificateSigningRequest, now: Int64, publication: PublicationURLs?
    ) throws(PKIError) -> Certificate {
        guard let name = request.commonName else { throw .invalidName("the request names no issuing authority") }
        var subject = DistinguishedName(subjectOf: certificate)
        guard name != subject.commonName else { throw .invalidName("the request bears the root's own name") }
        subject.unit = nil
        subject.commonName = name
        return try issueIssuing(publicKey: request.publicKey, subject: subject, now: now, publication: publication)
    }
}

extension Certificate {
    /// Whether `issuer`'s key made the signature on this certificate; says nothing about names, time or permission.
    package func isSigned(by issuer: Certificate) -> Bool {
        unsafe issuer.publicKey.withEVP { key -> Bool in
            guard let key = unsafe key else { return false }
            ERR_clear_error()
            defer { ERR_clear_error() }
            return unsafe withX509 { unsafe X509_verify($0, key) == 1 }
        }
    }
}
