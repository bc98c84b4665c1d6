package import FoundationEssentials

/// What one kind of certificate says, and for how long; Certs/README.md has the kinds as a table with the reasons.
///
/// The values are made by the static members only, so that no certificate outside the table can be issued.
package struct CertificateProfile: Sendable, Hashable {
    /// Critical wherever it is written (RFC 5280 §4.2.1.3); the numbers are its bits.
    package enum KeyUsage: Int, Sendable {
        case digitalSignature = 0
        case keyCertSign = 5
        case cRLSign = 6
    }

    /// RFC 5280 §4.2.1.12.
    package enum ExtendedKeyUsage: String, Sendable {
        case serverAuth = "1.3.6.1.5.5.7.3.1"
        case clientAuth = "1.3.6.1.5.5.7.3.2"
        case ocspSigning = "1.3.6.1.5.5.7.3.9"
    }

    package enum AlternativeName: Sendable, Hashable {
        case dns(String)
        /// 4 or 16 octets.
        case ip([UInt8])
        case uri(String)
    }

    package enum MemberKind: String, Sendable, CaseIterable {
        case person, service, administrator

        package var policyIdentifier: String {
            switch self {
            case .person: ObjectIdentifiers.personPolicy
            case .service: ObjectIdentifiers.servicePolicy
            case .administrator: ObjectIdentifiers.administratorPolicy
            }
        }
    }

    package let name: String
    package let acceptedKeys: Set<KeyKind>
    /// Counted from the time of issuing; the default as well.
    package let maximumLifetime: Duration
    package let isAuthority: Bool
    /// How many authorities may stand below this one; nil for no limit.
    package let pathLength: UInt8?
    package let keyUsages: [KeyUsage]
    package let extendedKeyUsages: [ExtendedKeyUsage]
    package let extendedKeyUsageIsCritical: Bool
    package let alternativeNames: [AlternativeName]
    package let policyIdentifier: String?
    /// CRLDP, where the authority has `PublicationURLs`.
    package let namesRevocationList: Bool
    /// AIA caIssuers, likewise.
    package let namesIssuerCertificate: Bool
    /// AIA OCSP, likewise.
    package let namesStatusService: Bool
    /// id-pkix-ocsp-nocheck (RFC 6960 §4.2.2.2.1): nobody is to ask whether the one who answers is revoked.
    package let isRevocationUnchecked: Bool

    private init(
        name: String, acceptedKeys: Set<KeyKind>, days: Int64, isAuthority: Bool = false, pathLength: UInt8? = nil,
        keyUsages: [KeyUsage], extendedKeyUsages: [ExtendedKeyUsage] = [], extendedKeyUsageIsCritical: Bool = false,
        alternativeNames: [AlternativeName] = [], policyIdentifier: String? = nil, namesRevocationList: Bool = true,
        namesIssuerCertificate: Bool = true, namesStatusService: Bool = true, isRevocationUnchecked: Bool = false
    ) {
        self.name = name
        self.acceptedKeys = acceptedKeys
        self.maximumLifetime = .seconds(days * 86_400)
        self.isAuthority = isAuthority
        self.pathLength = pathLength
        self.keyUsages = keyUsages
        self.extendedKeyUsages = extendedKeyUsages
        self.extendedKeyUsageIsCritical = extendedKeyUsageIsCritical
        self.alternativeNames = alternativeNames
        self.policyIdentifier = policyIdentifier
        self.namesRevocationList = namesRevocationList
        self.namesIssuerCertificate = namesIssuerCertificate
        self.namesStatusService = namesStatusService
        self.isRevocationUnchecked = isRevocationUnchecked
    }
}

extension CertificateProfile {
    /// The trust anchor, which members know by its fingerprint.
    package static let root = CertificateProfile(
        name: "root", acceptedKeys: [.p384], days: 20 * 365, isAuthority: true, keyUsages: [.keyCertSign, .cRLSign],
        namesRevocationList: false, namesIssuerCertificate: false, namesStatusService: false)

    /// Signs everything but the root and itself.
    package static let issuing = CertificateProfile(
        name: "issuing", acceptedKeys: [.p256], days: 5 * 365, isAuthority: true, pathLength: 0,
        keyUsages: [.keyCertSign, .cRLSign], extendedKeyUsages: [.serverAuth, .clientAuth], namesStatusService: false)

    /// Answers for the status service.
    package static let ocspSigner = CertificateProfile(
        name: "ocsp-signer", acceptedKeys: [.p256], days: 14, keyUsages: [.digitalSignature],
        extendedKeyUsages: [.ocspSigning], extendedKeyUsageIsCritical: true, namesRevocationList: false,
        namesStatusService: false, isRevocationUnchecked: true)

    /// The relay's own, for the names and addresses its members connect to.
    /// - Throws: `.invalidName` for a malformed name or address, or none at all.
    package static func relay(dnsNames: [String], ipAddresses: [String]) throws(PKIError) -> CertificateProfile {
        var names: [AlternativeName] = []
        for name in dnsNames { names.append(.dns(try DNSName.checked(name))) }
        for address in ipAddresses { names.append(.ip(try IPAddress.octets(address))) }
        guard !names.isEmpty, names.count <= 64 else {
            throw .invalidName("a relay certificate needs 1 to 64 DNS names or IP addresses")
        }
        return CertificateProfile(
            name: "relay", acceptedKeys: [.p256, .p384], days: 90, keyUsages: [.digitalSignature],
            extendedKeyUsages: [.serverAuth], alternativeNames: names)
    }

    /// A member's, at most 30 days whatever the kind.
    /// - Throws: `.invalidName` when `relayDomain` is not a DNS name.
    package static func member(
        _ kind: MemberKind, relayDomain: String, memberID: UUID
    ) throws(PKIError) -> CertificateProfile {
        let uri = try MemberURI(relayDomain: relayDomain, memberID: memberID)
        return CertificateProfile(
            name: kind.rawValue, acceptedKeys: Set(KeyKind.allCases), days: 30, keyUsages: [.digitalSignature],
            extendedKeyUsages: [.clientAuth], alternativeNames: [.uri(uri.description)],
            policyIdentifier: kind.policyIdentifier)
    }
}
