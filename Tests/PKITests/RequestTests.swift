import PKI
import TestSupport
import Testing

struct RequestTests {
    @Test(arguments: KeyKind.allCases)
    func `a request carries its key through DER and PEM`(kind: KeyKind) throws {
        let key = try PrivateKey.generate(kind)
        let request = try CertificateSigningRequest.make(key: key, commonName: "Ana Кузнецова")
        #expect(request.publicKey == key.publicKey)
        #expect(try CertificateSigningRequest(der: request.der) == request)
        #expect(try CertificateSigningRequest(pem: request.pem) == request)
    }

    @Test func `a request with a broken signature is refused`() throws {
        let der = try CertificateSigningRequest.make(key: .generate(.p256), commonName: "x").der
        var broken = der
        broken[broken.count - 1] ^= 0x01
        #expect(throws: PKIError.noProofOfPossession) { try CertificateSigningRequest(der: broken) }
    }

    @Test func `a request for somebody else's key is refused`() throws {
        let mine = try CertificateSigningRequest.make(key: .generate(.p256), commonName: "x")
        let theirs = try PrivateKey.generate(.p256).publicKey.spkiDER
        let place = try #require(mine.der.firstRange(of: mine.publicKey.spkiDER))
        var forged = mine.der
        forged.replaceSubrange(place, with: theirs)
        #expect(throws: PKIError.noProofOfPossession) { try CertificateSigningRequest(der: forged) }
    }

    @Test(arguments: ForeignRequest.allCases)
    func `a request for another kind of key is refused and told what is accepted`(request: ForeignRequest) throws {
        let error = #expect(throws: PKIError.self) { try CertificateSigningRequest(pem: request.pem) }
        guard case .unsupportedKey(let reason) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(reason.contains("P-256"))
    }

    @Test func `an endless request is refused before it is parsed`() throws {
        let bytes = [UInt8](repeating: 0x30, count: CertificateSigningRequest.maxBytes + 1)
        let error = #expect(throws: PKIError.self) { try CertificateSigningRequest(der: bytes) }
        #expect(error?.description.contains("longer than") == true)
    }

    @Test(arguments: ["", "line\nbreak", String(repeating: "x", count: 65)])
    func `a common name that no certificate can hold is refused`(name: String) throws {
        #expect(throws: PKIError.self) { try CertificateSigningRequest.make(key: .generate(.p256), commonName: name) }
    }

    @Test(.enabled(if: OpenSSLTool.isAvailable))
    func `openssl verifies our request`() throws {
        let request = try CertificateSigningRequest.make(key: .generate(.p256), commonName: "Ana")
        try TemporaryFolder.with { folder in
            let file = try folder.write(request.pem, "request.pem")
            let result = try OpenSSLTool.run("req", "-in", file, "-noout", "-verify", "-subject")
            #expect(result.code == 0 && result.text.contains("verify OK"), "\(result.text)")
        }
    }

    @Test(.enabled(if: OpenSSLTool.isAvailable))
    func `we read a request that openssl made`() throws {
        let key = try PrivateKey.generate(.ed25519)
        try TemporaryFolder.with { folder in
            let file = try folder.write(try key.pem(passphrase: nil), "key.pem")
            let text = try OpenSSLTool.run("req", "-new", "-key", file, "-subj", "/CN=from outside").text
            #expect(try CertificateSigningRequest(pem: text).publicKey == key.publicKey)
        }
    }
}
