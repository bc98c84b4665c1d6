import COpenSSL

/// Turns a profile, a key and a name into a signed certificate.
struct CertificateSigner {
    /// Nil for a root, which signs itself.
    let issuer: Certificate?
    let key: PrivateKey
    let publication: PublicationURLs?

    /// How far a certificate's validity begins before the time of issuing, in seconds: a peer whose clock is a little
    /// slow must not refuse a certificate that was made a moment ago.
    static let backdatingSeconds: Int64 = 300

    /// 126 random bits, so that no two certificates share a number and nobody can foresee one (RFC 5280 §4.1.2.2 allows
    /// up to 20 octets; the first bits are set so that it is positive and always 16 octets long).
    static func randomSerialNumber() -> [UInt8] {
        var serial = SecureRandom.bytes(16)
        serial[0] = serial[0] & 0x7F | 0x40
        return serial
    }

    /// The certificate ends with `lifetime` after `now`, or with its issuer's if that is earlier.
    func sign(
        _ profile: CertificateProfile, _ publicKey: PublicKey, subject: DistinguishedName, lifetime: Duration?,
        now: Int64
    ) throws(PKIError) -> Certificate {
        guard let kind = publicKey.kind, profile.acceptedKeys.contains(kind) else {
            let accepted = profile.acceptedKeys.map(\.rawValue).sorted().joined(separator: ", ")
            throw .unsupportedKey("a \(profile.name) certificate is issued for \(accepted) keys only")
        }
        return try sign(
            profile, publicKey, subject: subject, validity: try validity(profile, lifetime: lifetime, now: now))
    }

    /// - Parameter validity: seconds since 1970, both ends included; not judged.
    func sign(
        _ profile: CertificateProfile, _ publicKey: PublicKey, subject: DistinguishedName, validity: ClosedRange<Int64>
    ) throws(PKIError) -> Certificate {
        let name = unsafe try subject.makeX509Name()
        defer { unsafe X509_NAME_free(name) }
        ERR_clear_error()
        guard let x509 = unsafe X509_new() else { throw .drained("make a certificate") }
        defer { unsafe X509_free(x509) }
        let issuerName = unsafe issuer?.withX509 { unsafe X509_get_subject_name($0) } ?? name
        // Versions count from zero: this is v3.
        let isFilled = unsafe publicKey.withEVP { evp in
            unsafe X509_set_version(x509, 2) == 1 && X509_set_subject_name(x509, name) == 1
                && X509_set_issuer_name(x509, issuerName) == 1 && X509_set_pubkey(x509, evp) == 1
        }
        guard isFilled, unsafe setSerialNumber(x509), unsafe setValidity(x509, validity),
            let bitString = unsafe X509_get0_pubkey_bitstr(x509)
        else { throw .drained("make a certificate") }
        let extensions = try profile.extensions(
            subjectKeyID: Self.keyID(unsafe octets(bitString)), issuerKeyID: issuer?.subjectKeyID,
            publication: publication)
        for item in extensions {
            unsafe try item.withX509Extension { extension_ throws(PKIError) in
                guard unsafe X509_add_ext(x509, extension_, -1) == 1 else { throw .drained("add an extension") }
            }
        }
        ERR_clear_error()
        let signedBytes = unsafe key.withEVP { unsafe X509_sign(x509, $0, key.kind.digest?.md) }
        guard signedBytes > 0 else { throw .drained("sign a certificate") }
        // Parsed again, so that what is handed on is what its readers will see.
        return try Certificate(der: unsafe encodeDER("encode a certificate") { unsafe i2d_X509(x509, $0) })
    }

    /// The key identifier of RFC 7093 §2 method 1: the first 160 bits of SHA-256 over the key's bits.
    static func keyID(_ subjectPublicKey: [UInt8]) -> [UInt8] {
        Array(SHA256.digest(subjectPublicKey).prefix(20))
    }

    private func validity(
        _ profile: CertificateProfile, lifetime: Duration?, now: Int64
    ) throws(PKIError) -> ClosedRange<Int64> {
        // Between the years 1970 and 9000, so that no sum below can overflow or leave what a certificate can hold.
        guard (0...221_845_392_000).contains(now) else { throw .malformed(what: "time", detail: "\(now) s since 1970") }
        let seconds = (lifetime ?? profile.maximumLifetime).components.seconds
        guard seconds <= profile.maximumLifetime.components.seconds else {
            throw .lifetimeTooLong(maximumSeconds: profile.maximumLifetime.components.seconds)
        }
        guard seconds > 0 else { throw .malformed(what: "lifetime", detail: "it is shorter than a second") }
        var first = now - Self.backdatingSeconds
        // The last second is part of the validity.
        var last = now + seconds - 1
        if let issuer {
            guard issuer.isValid(at: now) else {
                let state = now < issuer.notBefore ? "not yet valid" : "expired"
                throw .issuerUnusable("\(issuer.subject) is \(state)")
            }
            first = max(first, issuer.notBefore)
            last = min(last, issuer.notAfter)
        }
        return max(first, 0)...last
    }

    private func setSerialNumber(_ x509: OpaquePointer) -> Bool {
        let serial = Self.randomSerialNumber()
        guard let number = unsafe BN_bin2bn(serial, Int32(serial.count), nil) else { return false }
        defer { unsafe BN_free(number) }
        return unsafe BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x509)) != nil
    }

    private func setValidity(_ x509: OpaquePointer, _ validity: ClosedRange<Int64>) -> Bool {
        unsafe ASN1_TIME_set(X509_getm_notBefore(x509), time_t(validity.lowerBound)) != nil
            && ASN1_TIME_set(X509_getm_notAfter(x509), time_t(validity.upperBound)) != nil
    }
}
