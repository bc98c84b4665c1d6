import Foundation
import PKI
import TestSupport
import Testing

@Suite(.enabled(if: OpenSSLTool.isAvailable)) struct StatusTests {
    private let authority: TestAuthority
    private let responder: StatusResponder
    private let member: Certificate

    init() throws {
        authority = try TestAuthority()
        member = try authority.member().certificate
        responder = try Self.responder(authority)
    }

    private static func responder(_ authority: TestAuthority) throws -> StatusResponder {
        let key = try PrivateKey.generate(.p256)
        let signer = try authority.authority.issue(
            .ocspSigner, to: key.publicKey, subject: DistinguishedName(commonName: "Status"), now: authority.now)
        return try StatusResponder(issuer: authority.issuingCertificate, signer: signer, key: key)
    }

    /// Asks with `openssl ocsp`, lets `status` answer, and returns what `openssl ocsp` makes of it.
    private func ask(
        _ options: [String], status: CertificateStatus, asking: (StatusRequest) throws -> Void = { _ in }
    ) throws -> (code: Int32, text: String) {
        try TemporaryFolder.with { folder in
            let issuer = try folder.write(authority.issuingCertificate.pem, "issuer.pem")
            let root = try folder.write(authority.rootCertificate.pem, "root.pem")
            let subject = try folder.write(member.pem, "member.pem")
            let question = try OpenSSLTool.run(
                ["ocsp"] + options + ["-issuer", issuer, "-cert", subject, "-reqout", folder.file("request.der")])
            #expect(question.code == 0, "\(question.text)")
            let request = try StatusRequest(
                der: try Data(contentsOf: URL(filePath: folder.file("request.der"))))
            try asking(request)
            let answer = try responder.answer(
                request, thisUpdate: authority.now, nextUpdate: authority.now + 3_600
            ) { _ in status }
            try Data(try #require(answer)).write(to: URL(filePath: folder.file("response.der")))
            // The request as it was sent, nonce and all; nothing is added to it.
            return try OpenSSLTool.run(
                "ocsp", "-no_nonce", "-reqin", folder.file("request.der"), "-respin", folder.file("response.der"),
                "-issuer", issuer, "-CAfile", root, "-verify_other", issuer, "-resp_text")
        }
    }

    @Test(arguments: [["-sha256"], ["-sha1"], ["-sha256", "-no_nonce"]])
    func `openssl verifies an answer, with its nonce, for names by SHA-1 and SHA-256`(_ options: [String]) throws {
        let result = try ask(options, status: .good) { request in
            #expect(request.hasNonce == !options.contains("-no_nonce"))
            #expect(request.certificateIDs.map(\.serialNumber) == [member.serialNumber])
            #expect(request.certificateIDs.map(\.digest) == [options.contains("-sha1") ? .sha1 : .sha256])
        }
        #expect(result.text.contains("Response verify OK"), "\(result.text)")
        #expect(result.text.contains("Cert Status: good"))
        #expect(!result.text.contains("Nonce Verify error"))
    }

    @Test func `a revocation is told with its reason and time, and an unspecified reason left out`() throws {
        let revoked = try ask([], status: .revoked(.keyCompromise, time: 1_790_000_000))
        #expect(revoked.text.contains("Cert Status: revoked"))
        #expect(revoked.text.contains("Revocation Reason: keyCompromise"))
        #expect(revoked.text.contains("Revocation Time: Sep 21 14:13:20 2026 GMT"))
        let unspecified = try ask([], status: .revoked(.unspecified, time: 1_790_000_000))
        #expect(unspecified.text.contains("Cert Status: revoked"))
        #expect(!unspecified.text.contains("Revocation Reason"))
        #expect(try ask([], status: .unknown).text.contains("Cert Status: unknown"))
    }

    @Test func `a question for somebody else's certificates gets no answer`() throws {
        let other = try TestAuthority()
        let request = try StatusRequest.make(
            for: try other.member().certificate, issuer: other.issuingCertificate)
        #expect(try responder.answer(request, thisUpdate: 0, nextUpdate: 1) { _ in .good } == nil)
    }

    @Test func `a signer needs its issuer's signature and its own key`() throws {
        let other = try TestAuthority()
        let key = try PrivateKey.generate(.p256)
        #expect(throws: PKIError.self) {
            try StatusResponder(issuer: other.issuingCertificate, signer: responder.signer, key: key)
        }
        let signer = try other.authority.issue(
            .ocspSigner, to: key.publicKey, subject: DistinguishedName(commonName: "Status"), now: other.now)
        #expect(throws: PKIError.self) {
            try StatusResponder(issuer: authority.issuingCertificate, signer: signer, key: key)
        }
    }

    @Test func `no beginning of a request and no single wrong bit is more than malformed`() throws {
        let der = try StatusRequest.make(for: member, issuer: authority.issuingCertificate).der
        for count in 0..<der.count {
            #expect(throws: PKIError.self) { try StatusRequest(der: der.prefix(count)) }
        }
        for index in der.indices {
            for bit in 0..<8 {
                var wrong = der
                wrong[index] ^= 1 << UInt8(bit)
                guard let request = try? StatusRequest(der: wrong) else { continue }
                _ = try responder.answer(request, thisUpdate: 0, nextUpdate: 1) { _ in .unknown }
            }
        }
        #expect(throws: PKIError.self) {
            try StatusRequest(der: [UInt8](repeating: 0x30, count: StatusRequest.maxBytes + 1))
        }
    }

    @Test func `refusals are what RFC 6960 says`() {
        #expect(StatusResponder.Refusal.malformedRequest.der == [0x30, 0x03, 0x0A, 0x01, 0x01])
        #expect(StatusResponder.Refusal.unauthorized.der == [0x30, 0x03, 0x0A, 0x01, 0x06])
    }
}
