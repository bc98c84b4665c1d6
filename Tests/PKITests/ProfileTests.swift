import FoundationEssentials
import PKI
import TestSupport
import Testing

/// What stands in each kind of certificate, read by our own accessors and by `openssl x509 -text`.
struct ProfileTests {
    static let base = "http://relay.example/pki"
    let authority: TestAuthority

    init() throws {
        authority = try TestAuthority(publication: PublicationURLs(base: Self.base))
    }

    private var issuingID: String { hexID(authority.issuingCertificate) }

    private func hexID(_ certificate: Certificate) -> String {
        (certificate.subjectKeyID ?? []).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// Fails unless the certificate's text contains every one of `parts` and none of `absent`.
    private func expectText(
        _ certificate: Certificate, _ parts: [String], absent: [String] = [],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        guard OpenSSLTool.isAvailable else { return }
        let text = try OpenSSLTool.text(of: certificate)
        for part in parts {
            #expect(text.contains(part), "\(part) is missing in \(text)", sourceLocation: sourceLocation)
        }
        for part in absent {
            #expect(!text.contains(part), "\(part) is in \(text)", sourceLocation: sourceLocation)
        }
    }

    @Test func `a root signs itself with P-384 for twenty years`() throws {
        let root = authority.rootCertificate
        #expect(root.isAuthority && root.isSigned(by: root))
        #expect(root.publicKey.kind == .p384)
        #expect(root.notAfter - root.notBefore + 1 == 20 * 365 * 86_400 + 300)
        #expect(root.subject == root.issuer)
        #expect(root.subjectKeyID?.count == 20)
        try expectText(
            root,
            [
                "Version: 3 (0x2)", "Signature Algorithm: ecdsa-with-SHA384", "NIST CURVE: P-384",
                "X509v3 Basic Constraints: critical CA:TRUE X509v3 Key Usage: critical Certificate Sign, CRL Sign X509v3",
                "X509v3 Subject Key Identifier:",
            ],
            absent: [
                "pathlen", "Extended Key Usage", "CRL Distribution", "Authority Information Access", "Policy",
                "Alternative Name",
            ])
    }

    @Test func `an issuing certificate may sign members and relays, and no authority`() throws {
        let issuing = authority.issuingCertificate
        let root = authority.rootCertificate
        #expect(issuing.isAuthority && issuing.isSigned(by: root) && !issuing.isSigned(by: issuing))
        #expect(issuing.publicKey.kind == .p256)
        #expect(
            issuing.notBefore == root.notBefore && issuing.notAfter - issuing.notBefore + 1 == 5 * 365 * 86_400 + 300)
        #expect(issuing.authorityKeyID == root.subjectKeyID)
        #expect(issuing.issuer == root.subject)
        try expectText(
            issuing,
            [
                "Signature Algorithm: ecdsa-with-SHA384", "NIST CURVE: P-256",
                "X509v3 Basic Constraints: critical CA:TRUE, pathlen:0",
                "X509v3 Key Usage: critical Certificate Sign, CRL Sign X509v3",
                "X509v3 Extended Key Usage: TLS Web Server Authentication, TLS Web Client Authentication X509v3",
                "X509v3 CRL Distribution Points: Full Name: URI:\(Self.base)/\(hexID(root)).crl",
                "CA Issuers - URI:\(Self.base)/\(hexID(root)).cer", "X509v3 Authority Key Identifier:",
            ],
            absent: ["OCSP"])
    }

    @Test func `a relay certificate names hosts and is for servers only`() throws {
        let relay = try authority.relayCertificate(
            dns: ["Relay.Test", "second.relay.test"], ips: ["127.0.0.1", "2001:db8:0::1"]
        ).certificate
        #expect(relay.dnsNames == ["relay.test", "second.relay.test"])
        #expect(relay.ipAddresses == ["127.0.0.1", "2001:db8::1"])
        #expect(relay.uris.isEmpty && !relay.isAuthority && relay.policyIdentifiers.isEmpty)
        #expect(relay.authorityKeyID == authority.issuingCertificate.subjectKeyID)
        try expectText(
            relay,
            [
                "Signature Algorithm: ecdsa-with-SHA256", "X509v3 Key Usage: critical Digital Signature X509v3",
                "X509v3 Extended Key Usage: TLS Web Server Authentication X509v3",
                "DNS:relay.test, DNS:second.relay.test, IP Address:127.0.0.1, IP Address:2001:DB8:0:0:0:0:0:1",
                "URI:\(Self.base)/\(issuingID).crl", "OCSP - URI:\(Self.base)/ocsp",
                "CA Issuers - URI:\(Self.base)/\(issuingID).cer",
            ],
            absent: ["Client Authentication", "Basic Constraints", "Policy"])
    }

    @Test(arguments: CertificateProfile.MemberKind.allCases)
    func `a member certificate names one member, for clients only, with its kind's policy`(
        kind: CertificateProfile.MemberKind
    ) throws {
        let uuid = try #require(UUID(uuidString: "0191E7E0-5C5C-7C6B-8D1B-3F0000000001"))
        let member = try authority.member(kind, commonName: "Ana Müller", organisation: "Polizei", uuid: uuid)
            .certificate
        #expect(member.uris == ["https://relay.test/id/0191e7e0-5c5c-7c6b-8d1b-3f0000000001"])
        #expect(try member.memberURI == MemberURI(relayDomain: "relay.test", memberID: uuid))
        #expect(member.policyIdentifiers == [kind.policyIdentifier])
        #expect(Set(CertificateProfile.MemberKind.allCases.map(\.policyIdentifier)).count == 3)
        #expect(member.dnsNames.isEmpty && member.ipAddresses.isEmpty && !member.isAuthority)
        #expect(member.commonName == "Ana Müller")
        #expect(member.subject == "CN=Ana Müller,O=Polizei,C=AT")
        try expectText(
            member,
            [
                "X509v3 Key Usage: critical Digital Signature X509v3",
                "X509v3 Extended Key Usage: TLS Web Client Authentication X509v3",
                "X509v3 Subject Alternative Name: URI:https://relay.test/id/\(uuid.uuidString.lowercased()) X509v3",
                "Policy: \(kind.policyIdentifier)", "URI:\(Self.base)/\(issuingID).crl",
                "OCSP - URI:\(Self.base)/ocsp",
            ],
            absent: ["Server Authentication", "Basic Constraints"])
    }

    @Test func `our own identifiers stay within what RFC 5280 asks readers to take`() {
        for kind in CertificateProfile.MemberKind.allCases {
            let arcs = kind.policyIdentifier.split(separator: ".").map { UInt64($0) ?? .max }
            #expect(arcs.count <= 20 && arcs.allSatisfy { $0 < 1 << 28 }, "\(kind.policyIdentifier)")
        }
    }

    @Test func `an OCSP signer is critical about it and never asked about`() throws {
        let key = try PrivateKey.generate(.p256)
        let signer = try authority.authority.issue(
            .ocspSigner, to: key.publicKey, subject: DistinguishedName(commonName: "Status service"),
            now: authority.now)
        #expect(signer.notAfter - signer.notBefore + 1 == 14 * 86_400 + 300)
        try expectText(
            signer,
            ["X509v3 Extended Key Usage: critical OCSP Signing X509v3", "OCSP No Check:"],
            absent: ["CRL Distribution", "OCSP - URI"])
    }

    @Test(.enabled(if: OpenSSLTool.isAvailable))
    func `the name is written C, O, OU, CN, the country as PrintableString and the rest as UTF8String`() throws {
        let key = try PrivateKey.generate(.p256)
        let name = DistinguishedName(country: "TR", organisation: "Emniyet", unit: "Toplum", commonName: "Ayşe")
        let certificate = try authority.authority.issueRelay(
            publicKey: key.publicKey, dnsNames: ["relay.test"], ipAddresses: [], subject: name, now: authority.now)
        #expect(certificate.subject == "CN=Ayşe,OU=Toplum,O=Emniyet,C=TR")
        try TemporaryFolder.with { folder in
            let file = try folder.write(certificate.pem, "certificate.pem")
            let result = try OpenSSLTool.run(
                "x509", "-in", file, "-noout", "-subject", "-nameopt", "show_type,sep_comma_plus_space,sname,utf8")
            #expect(
                result.text.contains(
                    "C=PRINTABLESTRING:TR, O=UTF8STRING:Emniyet, OU=UTF8STRING:Toplum, CN=UTF8STRING:Ayşe"),
                "\(result.text)")
        }
    }

    @Test func `without publication addresses a certificate names none`() throws {
        let plain = try TestAuthority()
        for certificate in [
            plain.issuingCertificate, try plain.relayCertificate().certificate, try plain.member().certificate,
        ] {
            try expectText(certificate, ["X509v3 Key Usage"], absent: ["CRL Distribution", "Information Access"])
        }
    }

    @Test func `serial numbers have 16 octets, are positive, and never meet`() throws {
        let key = try PrivateKey.generate(.p256)
        let profile = try CertificateProfile.relay(dnsNames: ["relay.test"], ipAddresses: [])
        var seen: Set<[UInt8]> = []
        for _ in 0..<200 {
            let serial = try authority.authority.issue(
                profile, to: key.publicKey, subject: DistinguishedName(commonName: "x"), now: authority.now
            ).serialNumber
            #expect(serial.count == 16 && serial[0] < 0x80 && serial[0] >= 0x40)
            #expect(seen.insert(serial).inserted)
        }
        #expect((16...20).contains(authority.rootCertificate.serialNumber.count))
    }

    @Test(arguments: [
        "", "has space.test", "-x.test", "x..test", "*.test", "bücher.test", "a_b.test", "10.0.0.1", "x/y",
    ])
    func `what is no DNS name is refused`(name: String) {
        #expect(throws: PKIError.self) { try CertificateProfile.relay(dnsNames: [name], ipAddresses: []) }
        #expect(throws: PKIError.self) { try MemberURI(relayDomain: name, memberID: UUID()) }
    }

    @Test(arguments: ["", "1.2.3", "1.2.3.4.5", "300.1.1.1", "::g", "relay.test", "127.0.0.1\u{0}x"])
    func `what is no IP address is refused`(address: String) {
        #expect(throws: PKIError.self) { try CertificateProfile.relay(dnsNames: [], ipAddresses: [address]) }
    }

    @Test func `a relay certificate without any name is refused`() {
        #expect(throws: PKIError.self) { try CertificateProfile.relay(dnsNames: [], ipAddresses: []) }
    }

    @Test func `a member's URI is read in one spelling only`() throws {
        let uri = "https://relay.test/id/0191e7e0-5c5c-7c6b-8d1b-3f0000000001"
        #expect(MemberURI(uri)?.description == uri)
        for other in [
            "http://relay.test/id/0191e7e0-5c5c-7c6b-8d1b-3f0000000001", uri.uppercased(), uri + "/", uri + "?x",
            "https://RELAY.test/id/0191e7e0-5c5c-7c6b-8d1b-3f0000000001", "https://relay.test/id/1",
            "https://relay.test/0191e7e0-5c5c-7c6b-8d1b-3f0000000001", "",
            "https://relay.test/id/0191E7E0-5c5c-7c6b-8d1b-3f0000000001",
        ] {
            #expect(MemberURI(other) == nil, "\(other)")
        }
    }

    @Test(arguments: [
        "", "https://relay.example", "http://", "http:///x", "http://relay example", "ftp://x", "http://x?y",
    ])
    func `what is no plain HTTP address is refused for publication`(base: String) {
        #expect(throws: PKIError.self) { try PublicationURLs(base: base) }
    }

    @Test func `publication addresses are named for the key`() throws {
        let urls = try PublicationURLs(base: "http://relay.example/pki/")
        #expect(urls.revocationList(of: [0x0A, 0xFF]) == "http://relay.example/pki/0aff.crl")
        #expect(urls.certificate(of: [0x0A]) == "http://relay.example/pki/0a.cer")
        #expect(urls.statusService == "http://relay.example/pki/ocsp")
    }
}
