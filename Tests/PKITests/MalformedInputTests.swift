import PKI
import TestSupport
import Testing

/// Whatever a peer or a file gives, the answer is an error or a value; these tests fail by crashing.
struct MalformedInputTests {
    @Test func `a certificate cut anywhere is refused`() throws {
        let der = try TestAuthority().member().certificate.der
        for count in 0..<der.count {
            #expect(throws: PKIError.self) { try Certificate(der: der.prefix(count)) }
        }
        #expect(throws: PKIError.self) { try Certificate(der: der + [0]) }
        #expect(try Certificate(der: der).der == der)
    }

    @Test func `a request cut anywhere is refused`() throws {
        let der = try CertificateSigningRequest.make(key: .generate(.p256), commonName: "x").der
        for count in 0..<der.count {
            #expect(throws: PKIError.self) { try CertificateSigningRequest(der: der.prefix(count)) }
        }
        #expect(throws: PKIError.self) { try CertificateSigningRequest(der: der + [0]) }
    }

    @Test func `PEM texts cut anywhere are refused`() throws {
        let certificate = try TestAuthority().rootCertificate.pem
        let request = try CertificateSigningRequest.make(key: .generate(.p256), commonName: "x").pem
        // Without the last newline the block is still whole.
        for count in 0..<(certificate.utf8.count - 1) {
            let cut = String(decoding: certificate.utf8.prefix(count), as: UTF8.self)
            #expect(throws: PKIError.self) { try Certificate(pem: cut) }
        }
        for count in 0..<(request.utf8.count - 1) {
            let cut = String(decoding: request.utf8.prefix(count), as: UTF8.self)
            #expect(throws: PKIError.self) { try CertificateSigningRequest(pem: cut) }
        }
    }

    @Test func `an encrypted key cut anywhere is refused`() throws {
        let passphrase = Array("secret".utf8)
        let text = try PrivateKey.generate(.p256).pem(passphrase: passphrase)
        for count in stride(from: 0, to: text.utf8.count - 1, by: 7) {
            let cut = String(decoding: text.utf8.prefix(count), as: UTF8.self)
            #expect(throws: PKIError.self) { try PrivateKey(pem: cut, passphrase: passphrase) }
        }
    }

    @Test func `damaged certificates and requests never crash their readers`() throws {
        let seed = UInt64.random(in: .min ... .max)
        print("damage seed: \(seed)")
        var random = SplitMix(state: seed)
        let authority = try TestAuthority(publication: PublicationURLs(base: "http://relay.example/pki"))
        let certificate = try authority.member().certificate.der
        let relay = try authority.relayCertificate().certificate.der
        let request = try CertificateSigningRequest.make(key: .generate(.p256), commonName: "x").der
        for _ in 0..<3_000 {
            for original in [certificate, relay] {
                guard let damaged = try? Certificate(der: damage(original, &random)) else { continue }
                readEverything(damaged)
                let verdict = CertificateAuthority.verifyChain(
                    leaf: damaged, intermediates: [authority.issuingCertificate], roots: [authority.rootCertificate],
                    at: authority.now, purpose: .member)
                if case .trusted = verdict {
                    #expect(damaged.der == certificate, "seed \(seed): a damaged certificate is trusted")
                }
            }
            if let damaged = try? CertificateSigningRequest(der: damage(request, &random)) {
                #expect(damaged.der == request, "seed \(seed): a damaged request is accepted")
            }
        }
    }

    @Test(arguments: [
        "\u{0}", "-----BEGIN CERTIFICATE-----", "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
    ])
    func `odd texts are refused`(text: String) {
        #expect(throws: PKIError.self) { try Certificate(pem: text) }
        #expect(throws: PKIError.self) { try Certificate.all(pem: text) }
        #expect(throws: PKIError.self) { try CertificateSigningRequest(pem: text) }
    }

    @Test func `a megabyte of text is not looked at`() {
        let text = String(repeating: "-----BEGIN CERTIFICATE-----\n", count: 40_000)
        #expect(throws: PKIError.self) { try Certificate.all(pem: text) }
    }

    @Test func `every certificate of a text is read, in order`() throws {
        let authority = try TestAuthority()
        let text = "some words\n" + authority.issuingCertificate.pem + "between\n" + authority.rootCertificate.pem
        #expect(try Certificate.all(pem: text) == [authority.issuingCertificate, authority.rootCertificate])
        #expect(try Certificate(pem: text) == authority.issuingCertificate)
    }

    private func damage(_ bytes: [UInt8], _ random: inout SplitMix) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: .min ... .max, using: &random)
        }
        return bytes
    }

    private func readEverything(_ certificate: Certificate) {
        _ = (certificate.subject, certificate.issuer, certificate.commonName, certificate.policyIdentifiers)
        _ = (certificate.uris, certificate.dnsNames, certificate.ipAddresses, certificate.memberURI)
        _ = (certificate.isAuthority, certificate.isValid(at: 0), certificate.pem, certificate.description)
        _ = certificate.publicKey.isValidSignature([1], for: [1])
        _ = certificate.isSigned(by: certificate)
    }
}

/// Steele's SplitMix64: a small generator whose runs can be repeated from their seed.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
