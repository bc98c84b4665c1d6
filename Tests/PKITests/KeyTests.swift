import PKI
import Testing

struct KeyTests {
    static let passphrase = Array("correct horse".utf8)

    @Test(arguments: KeyKind.allCases)
    func `a key comes back from its PEM text`(kind: KeyKind) throws {
        let key = try PrivateKey.generate(kind)
        #expect(key.kind == kind)
        let text = try key.pem(passphrase: nil)
        #expect(text.hasPrefix("-----BEGIN PRIVATE KEY-----\n"))
        let again = try PrivateKey(pem: text, passphrase: nil)
        #expect(again.publicKey == key.publicKey)
        #expect(again.kind == kind)
        // A passphrase that nobody needs is no error.
        #expect(try PrivateKey(pem: text, passphrase: Self.passphrase).publicKey == key.publicKey)
    }

    @Test func `two keys differ`() throws {
        #expect(try PrivateKey.generate(.p256).publicKey != PrivateKey.generate(.p256).publicKey)
    }

    @Test func `an encrypted key opens with its passphrase only`() throws {
        let key = try PrivateKey.generate(.p384)
        let text = try key.pem(passphrase: Self.passphrase)
        #expect(text.hasPrefix("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"))
        #expect(try PrivateKey(pem: text, passphrase: Self.passphrase).publicKey == key.publicKey)
        #expect(throws: PKIError.wrongPassphrase) { try PrivateKey(pem: text, passphrase: Array("wrong".utf8)) }
        #expect(throws: PKIError.wrongPassphrase) { try PrivateKey(pem: text, passphrase: []) }
        #expect(throws: PKIError.passphraseNeeded) { try PrivateKey(pem: text, passphrase: nil) }
        #expect(throws: PKIError.emptyPassphrase) { try key.pem(passphrase: []) }
        #expect(try key.pem(passphrase: Self.passphrase) != text, "a fresh salt each time")
    }

    @Test func `a passphrase may hold any octets`() throws {
        let key = try PrivateKey.generate(.p256)
        let passphrase: [UInt8] = [0xFF, 0x00, 0x41, 0x00]
        let text = try key.pem(passphrase: passphrase)
        #expect(try PrivateKey(pem: text, passphrase: passphrase).publicKey == key.publicKey)
        #expect(throws: PKIError.wrongPassphrase) { try PrivateKey(pem: text, passphrase: [0xFF]) }
    }

    @Test(.enabled(if: OpenSSLTool.isAvailable))
    func `openssl reads an encrypted key and says scrypt and AES-256`() throws {
        let key = try PrivateKey.generate(.p256)
        try TemporaryFolder.with { folder in
            let file = try folder.write(try key.pem(passphrase: Self.passphrase), "key.pem")
            let environment = ["TEST_PASSPHRASE": "correct horse"]
            let result = try OpenSSLTool.run(
                "pkey", "-in", file, "-passin", "env:TEST_PASSPHRASE", "-pubout", environment: environment)
            #expect(result.code == 0, "\(result.text)")
            let structure = try OpenSSLTool.run("asn1parse", "-in", file).text
            #expect(structure.contains(":scrypt") && structure.contains(":aes-256-cbc"), "\(structure)")
        }
    }

    @Test(.enabled(if: OpenSSLTool.isAvailable))
    func `an old key format is refused with the command that converts it`() throws {
        let old = try OpenSSLTool.run("ecparam", "-name", "prime256v1", "-genkey", "-noout").text
        let error = #expect(throws: PKIError.self) { try PrivateKey(pem: old, passphrase: nil) }
        #expect(error?.description.contains("openssl pkcs8 -topk8") == true)
    }

    @Test(.enabled(if: OpenSSLTool.isAvailable))
    func `an RSA key is refused`() throws {
        let rsa = try OpenSSLTool.run("genpkey", "-quiet", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
        let error = #expect(throws: PKIError.self) { try PrivateKey(pem: rsa.text, passphrase: nil) }
        guard case .unsupportedKey = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func `a text without a key is refused`() throws {
        let certificate = try CertificateSigningRequest.make(key: .generate(.p256), commonName: "x").pem
        for text in ["", "no key", certificate, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"] {
            #expect(throws: PKIError.self) { try PrivateKey(pem: text, passphrase: nil) }
        }
    }

    @Test(arguments: KeyKind.allCases)
    func `a public key comes back from its DER`(kind: KeyKind) throws {
        let key = try PrivateKey.generate(kind)
        let again = try PublicKey(spkiDER: key.publicKey.spkiDER)
        #expect(again == key.publicKey)
        #expect(again.kind == kind)
        let signature = try key.sign([1, 2, 3])
        #expect(again.isValidSignature(signature, for: [1, 2, 3]))
    }

    @Test func `a public key with octets after its end is refused`() throws {
        let der = try PrivateKey.generate(.p256).publicKey.spkiDER
        #expect(throws: PKIError.self) { try PublicKey(spkiDER: der + [0]) }
        #expect(throws: PKIError.self) { try PublicKey(spkiDER: []) }
    }
}
