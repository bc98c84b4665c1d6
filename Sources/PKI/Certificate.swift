import COpenSSL

/// An X.509 certificate (RFC 5280), immutable after its creation. Two are equal when their DER is.
///
/// Whoever holds one knows only that it is well-formed: see `CertificateAuthority.verifyChain` for trust.
@safe package final class Certificate: @unchecked Sendable {
    // Why unchecked: nothing changes the X509 after init, OpenSSL counts its references atomically, and the one
    // thing it caches later (the decoded extensions) is filled in init.
    private let x509: OpaquePointer

    package let der: [UInt8]

    /// SHA-256 over the DER, 32 octets.
    package let fingerprint: [UInt8]

    /// Big-endian, without leading zeros.
    package let serialNumber: [UInt8]

    package let subjectKeyID: [UInt8]?

    package let authorityKeyID: [UInt8]?

    /// The first second of the validity, since 1970; `Int64.max` when the date is malformed.
    package let notBefore: Int64

    /// The end of the validity (see `isValid`), in seconds since 1970; `Int64.min` when the date is malformed.
    package let notAfter: Int64

    package let publicKey: PublicKey

    private let names: SubjectAlternativeNames

    /// - Throws: `.malformed`, also when octets follow after the certificate.
    package convenience init(der: some Collection<UInt8>) throws(PKIError) {
        let x509 = unsafe try decodeDER(
            Array(der), as: "certificate", free: { unsafe X509_free($0) }, { unsafe d2i_X509(nil, $0, $1) })
        unsafe self.init(takingOwnership: x509)
    }

    /// The first `CERTIFICATE` block of `pem`.
    /// - Throws: `.malformed`, also when there is none.
    package convenience init(pem: String) throws(PKIError) {
        let blocks = try PEM.blocks(pem, labelled: "CERTIFICATE")
        try self.init(der: blocks[0].bytes)
    }

    /// Every `CERTIFICATE` block of `pem`, at least one.
    package static func all(pem: String) throws(PKIError) -> [Certificate] {
        var certificates: [Certificate] = []
        for block in try PEM.blocks(pem, labelled: "CERTIFICATE") {
            certificates.append(try Certificate(der: block.bytes))
        }
        return certificates
    }

    /// Another reference to `x509`, which the caller still owns.
    package convenience init(retaining x509: OpaquePointer) {
        precondition(unsafe X509_up_ref(x509) == 1, "OpenSSL could not share a certificate")
        unsafe self.init(takingOwnership: x509)
    }

    /// `x509` moves in; the caller does not use or change it any more.
    package init(takingOwnership x509: OpaquePointer) {
        ERR_clear_error()
        defer { ERR_clear_error() }
        // Decodes and caches the extensions, so that later reads from several threads change nothing.
        unsafe X509_check_purpose(x509, -1, 0)
        guard let der = unsafe try? encodeDER("encode a certificate", { unsafe i2d_X509(x509, $0) }) else {
            preconditionFailure("OpenSSL could not encode a certificate it holds")
        }
        unsafe self.x509 = x509
        self.der = der
        fingerprint = SHA256.digest(der)
        serialNumber = Array(unsafe octets(X509_get0_serialNumber(x509)).drop { $0 == 0 })
        subjectKeyID = unsafe X509_get0_subject_key_id(x509).map { unsafe octets($0) }
        authorityKeyID = unsafe X509_get0_authority_key_id(x509).map { unsafe octets($0) }
        notBefore = unsafe secondsSince1970(X509_get0_notBefore(x509)) ?? .max
        notAfter = unsafe secondsSince1970(X509_get0_notAfter(x509)) ?? .min
        names = unsafe SubjectAlternativeNames(of: x509)
        let spki = unsafe try? encodeDER("encode a public key") {
            unsafe i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509), $0)
        }
        publicKey = unsafe PublicKey(takingOwnership: X509_get_pubkey(x509), spkiDER: spki ?? [])
    }

    deinit { unsafe X509_free(x509) }

    package var pem: String { PEM.text(label: "CERTIFICATE", bytes: der) }

    /// `fingerprint` in lower-case hexadecimal, 64 characters.
    package var fingerprintText: String { hexadecimal(fingerprint) }

    /// The names in the order of the certificate; one with octets outside printable ASCII is left out.
    package var uris: [String] { names.uris }

    /// As `uris`.
    package var dnsNames: [String] { names.dnsNames }

    /// IPv4 as `192.0.2.1`, IPv6 as RFC 5952 writes it.
    package var ipAddresses: [String] { names.ipAddresses }

    /// The subject as RFC 4514 text. For display only: who somebody is stands in `uris`.
    package var subject: String { unsafe distinguishedNameText(X509_get_subject_name(x509)) }

    /// The issuer as RFC 4514 text, for display only.
    package var issuer: String { unsafe distinguishedNameText(X509_get_issuer_name(x509)) }

    /// The last common name of the subject, for display only.
    package var commonName: String? {
        let name = unsafe X509_get_subject_name(x509)
        var index: Int32 = -1
        while true {
            let next = unsafe X509_NAME_get_index_by_NID(name, NID_commonName, index)
            if next < 0 { break }
            index = next
        }
        guard index >= 0, let entry = unsafe X509_NAME_get_entry(name, index),
            let value = unsafe X509_NAME_ENTRY_get_data(entry)
        else { return nil }
        return unsafe utf8(value)
    }

    /// Whether `seconds` (since 1970) lies in the validity. As in OpenSSL's handshakes the second `notAfter` itself is out,
    /// though RFC 5280 §4.1.2.5 has it in, so that every check of this relay gives the same answer.
    package func isValid(at seconds: Int64) -> Bool { notBefore <= seconds && seconds < notAfter }

    /// True for a certificate that may sign others (basicConstraints cA).
    package var isAuthority: Bool { unsafe X509_check_ca(x509) == 1 }

    /// The identifiers of the certificate's policies, in dotted text.
    package var policyIdentifiers: [String] { unsafe PolicyIdentifiers.read(from: x509) }

    /// Lends the X509 for the duration of `body`, which must not change it.
    package func withX509<R>(_ body: (OpaquePointer) throws -> R) rethrows -> R {
        try unsafe body(x509)
    }
}

extension Certificate: Hashable {
    package static func == (left: Certificate, right: Certificate) -> Bool { left.der == right.der }
    package func hash(into hasher: inout Hasher) { hasher.combine(fingerprint) }
}

extension Certificate: CustomStringConvertible {
    package var description: String { "\(subject), serial \(hexadecimal(serialNumber))" }
}

/// The certificate policies (RFC 5280 §4.2.1.4).
private enum PolicyIdentifiers {
    static func read(from x509: OpaquePointer) -> [String] {
        ERR_clear_error()
        defer { ERR_clear_error() }
        guard let raw = unsafe X509_get_ext_d2i(x509, NID_certificate_policies, nil, nil) else { return [] }
        let policies = OpaquePointer(raw)
        defer { unsafe CERTIFICATEPOLICIES_free(policies) }
        var texts: [String] = []
        for index in 0..<max(0, unsafe lessons_sk_POLICYINFO_num(policies)) {
            guard let policy = unsafe lessons_sk_POLICYINFO_value(policies, index) else { continue }
            var text = [CChar](repeating: 0, count: 256)
            let count = unsafe OBJ_obj2txt(&text, Int32(text.count), policy.pointee.policyid, 1)
            guard count > 0, count < text.count else { continue }
            texts.append(String(decoding: text.prefix(Int(count)).map { UInt8(bitPattern: $0) }, as: UTF8.self))
        }
        return texts
    }
}
