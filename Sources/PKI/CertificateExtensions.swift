import COpenSSL

/// One extension of a certificate or a revocation list, its value in DER (RFC 5280 §4.2 and §5.2).
struct CertificateExtension {
    let identifier: String
    let isCritical: Bool
    let value: [UInt8]

    /// Lends an X509_EXTENSION of it for the duration of `body`.
    func withX509Extension(_ body: (OpaquePointer) throws(PKIError) -> Void) throws(PKIError) {
        ERR_clear_error()
        guard let object = unsafe OBJ_txt2obj(identifier, 1), let octets = unsafe ASN1_OCTET_STRING_new() else {
            throw .drained("make an extension")
        }
        defer {
            unsafe ASN1_OBJECT_free(object)
            unsafe ASN1_OCTET_STRING_free(octets)
        }
        guard unsafe ASN1_OCTET_STRING_set(octets, value, Int32(value.count)) == 1,
            let made = unsafe X509_EXTENSION_create_by_OBJ(nil, object, isCritical ? 1 : 0, octets)
        else { throw .drained("make an extension") }
        defer { unsafe X509_EXTENSION_free(made) }
        try unsafe body(made)
    }

    /// Whose key signs, as certificates and lists name it (RFC 5280 §4.2.1.1).
    static func authorityKeyIdentifier(_ keyID: [UInt8]) -> CertificateExtension {
        CertificateExtension(
            identifier: ObjectIdentifiers.authorityKeyIdentifier, isCritical: false,
            value: DERWriter.sequence(DERWriter.context(0, primitive: keyID)))
    }
}

extension CertificateProfile {
    /// The extensions of a certificate of this profile, in the order they are written.
    /// - Parameters:
    ///   - subjectKeyID: of the key that is certified.
    ///   - issuerKeyID: of the key that signs; nil for a root, which names no other.
    func extensions(
        subjectKeyID: [UInt8], issuerKeyID: [UInt8]?, publication: PublicationURLs?
    ) throws(PKIError) -> [CertificateExtension] {
        var extensions: [CertificateExtension] = []
        func add(_ identifier: String, critical: Bool = false, _ value: [UInt8]) {
            extensions.append(CertificateExtension(identifier: identifier, isCritical: critical, value: value))
        }

        if isAuthority {
            let limit = pathLength.map { DERWriter.small($0) } ?? []
            add(ObjectIdentifiers.basicConstraints, critical: true, DERWriter.sequence(DERWriter.true_, limit))
        }
        add(ObjectIdentifiers.keyUsage, critical: true, DERWriter.namedBits(keyUsages.map(\.rawValue)))
        if !extendedKeyUsages.isEmpty {
            var purposes: [[UInt8]] = []
            for usage in extendedKeyUsages { purposes.append(try DERWriter.objectIdentifier(usage.rawValue)) }
            add(
                ObjectIdentifiers.extendedKeyUsage, critical: extendedKeyUsageIsCritical,
                DERWriter.sequence(of: purposes))
        }
        if !alternativeNames.isEmpty {
            add(ObjectIdentifiers.subjectAlternativeName, DERWriter.sequence(of: alternativeNames.map(\.der)))
        }
        if let policyIdentifier {
            let policy = DERWriter.sequence(try DERWriter.objectIdentifier(policyIdentifier))
            add(ObjectIdentifiers.certificatePolicies, DERWriter.sequence(policy))
        }
        add(ObjectIdentifiers.subjectKeyIdentifier, DERWriter.octetString(subjectKeyID))
        if let issuerKeyID { extensions.append(.authorityKeyIdentifier(issuerKeyID)) }
        if isRevocationUnchecked { add(ObjectIdentifiers.revocationUnchecked, DERWriter.null) }

        guard let publication, let issuerKeyID else { return extensions }
        if namesRevocationList {
            let names = DERWriter.context(
                0, constructed: DERWriter.uri(publication.revocationList(of: issuerKeyID)))
            let point = DERWriter.sequence(DERWriter.context(0, constructed: names))
            add(ObjectIdentifiers.revocationListPoints, DERWriter.sequence(point))
        }
        var accesses: [[UInt8]] = []
        if namesStatusService {
            let method = try DERWriter.objectIdentifier(ObjectIdentifiers.statusService)
            accesses.append(DERWriter.sequence(method, DERWriter.uri(publication.statusService)))
        }
        if namesIssuerCertificate {
            let method = try DERWriter.objectIdentifier(ObjectIdentifiers.issuerCertificates)
            accesses.append(DERWriter.sequence(method, DERWriter.uri(publication.certificate(of: issuerKeyID))))
        }
        if !accesses.isEmpty {
            add(ObjectIdentifiers.authorityInformationAccess, DERWriter.sequence(of: accesses))
        }
        return extensions
    }
}

extension CertificateProfile.AlternativeName {
    var der: [UInt8] {
        switch self {
        case .dns(let name): DERWriter.context(2, primitive: Array(name.utf8))
        case .uri(let uri): DERWriter.uri(uri)
        case .ip(let octets): DERWriter.context(7, primitive: octets)
        }
    }
}
