import PKI
import Testing

struct SignatureTests {
    @Test(arguments: KeyKind.allCases)
    func `a signature is valid for its key and its bytes only`(kind: KeyKind) throws {
        let key = try PrivateKey.generate(kind)
        let bytes = Array("a post".utf8)
        let signature = try key.sign(bytes)
        #expect(key.publicKey.isValidSignature(signature, for: bytes))
        #expect(!key.publicKey.isValidSignature(signature, for: bytes + [0]))
        #expect(!key.publicKey.isValidSignature(signature, for: []))
        #expect(try !PrivateKey.generate(kind).publicKey.isValidSignature(signature, for: bytes))
    }

    @Test(arguments: KeyKind.allCases)
    func `nothing can be signed as well as something`(kind: KeyKind) throws {
        let key = try PrivateKey.generate(kind)
        let signature = try key.sign([])
        #expect(key.publicKey.isValidSignature(signature, for: []))
        #expect(!key.publicKey.isValidSignature(signature, for: [0]))
    }

    @Test(arguments: KeyKind.allCases)
    func `a malformed signature is invalid, never a crash`(kind: KeyKind) throws {
        let key = try PrivateKey.generate(kind)
        let bytes = Array("a post".utf8)
        let signature = try key.sign(bytes)
        for count in 0..<signature.count {
            #expect(!key.publicKey.isValidSignature(Array(signature.prefix(count)), for: bytes))
        }
        #expect(!key.publicKey.isValidSignature(signature + [0], for: bytes))
        #expect(!key.publicKey.isValidSignature([UInt8](repeating: 0xFF, count: 5_000), for: bytes))
        for index in signature.indices {
            var broken = signature
            broken[index] ^= 0x01
            #expect(!key.publicKey.isValidSignature(broken, for: bytes))
        }
    }

    @Test func `one key verifies on several threads at once`() async throws {
        let key = try PrivateKey.generate(.p256)
        let bytes = Array("a post".utf8)
        let signature = try key.sign(bytes)
        let publicKey = key.publicKey
        await withTaskGroup(of: Bool.self) { group in
            for task in 0..<8 {
                group.addTask { @concurrent in
                    (0..<50).allSatisfy { round in
                        let isRight = (round + task) % 2 == 0
                        return publicKey.isValidSignature(signature, for: isRight ? bytes : [7]) == isRight
                    }
                }
            }
            for await allRight in group { #expect(allRight) }
        }
    }

    @Test(.enabled(if: OpenSSLTool.isAvailable))
    func `openssl verifies a P-256 signature as SHA-256`() throws {
        let key = try PrivateKey.generate(.p256)
        try TemporaryFolder.with { folder in
            let keyFile = try folder.write(try key.pem(passphrase: nil), "key.pem")
            let publicFile = folder.file("public.pem")
            #expect(try OpenSSLTool.run("pkey", "-in", keyFile, "-pubout", "-out", publicFile).code == 0)
            let data = try folder.write("a post", "data")
            let signatureFile = folder.file("signature")
            try SecretFile.write(try key.sign(Array("a post".utf8)), to: signatureFile)
            let result = try OpenSSLTool.run(
                "dgst", "-sha256", "-verify", publicFile, "-signature", signatureFile, data)
            #expect(result.code == 0, "\(result.text)")
        }
    }

    @Test func `SHA-256 gives the digests of FIPS 180-4`() {
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        #expect(hex(SHA256.digest(Array("abc".utf8))) == abc)
        #expect(hex(SHA256.digest([])) == empty)
        #expect(hex(SHA256.digest("abc".utf8)) == abc)
        #expect(hex(SHA256.digest(AnySequence(Array("abc".utf8)))) == abc)
    }

    @Test func `random octets come in the number asked for and differ`() {
        #expect(SecureRandom.bytes(0).isEmpty)
        #expect(SecureRandom.bytes(33).count == 33)
        #expect(SecureRandom.bytes(16) != SecureRandom.bytes(16))
        var generator = SystemCSPRNG()
        #expect(generator.next() != generator.next())
    }

    private func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
