import Foundation
import PKI
import TestSupport
import Testing

@Suite struct RevocationListTests {
    private static let now: Int64 = 1_790_000_000
    private let authority: TestAuthority

    init() throws { authority = try TestAuthority(now: Self.now) }

    private func list(_ entries: [RevocationList.Entry], number: Int64 = 7) throws -> RevocationList {
        try authority.authority.issuers[0].revocationList(
            entries, number: number, thisUpdate: Self.now, nextUpdate: Self.now + 172_800)
    }

    /// `openssl crl -text`, each run of white space made one space.
    private func text(_ list: RevocationList) throws -> String {
        try TemporaryFolder.with { folder in
            let result = try OpenSSLTool.run(
                "crl", "-in", try folder.write(list.pem, "list.pem"), "-noout", "-text", "-nameopt", "RFC2253")
            #expect(result.code == 0, "\(result.text)")
            return result.text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        }
    }

    @Test(.enabled(if: OpenSSLTool.isAvailable))
    func `a list names its number, times, issuer, and each certificate with reason and time`() throws {
        let text = try text(
            list([
                .init(serialNumber: [0x7F, 0x01], reason: .keyCompromise, time: Self.now - 60),
                .init(serialNumber: [0x05], reason: .unspecified, time: Self.now - 61),
                .init(serialNumber: [0xFF, 0xEE], reason: .certificateHold, time: Self.now - 62),
            ]))
        #expect(text.contains("Version 2 (0x1)"))
        #expect(text.contains("X509v3 CRL Number: 7"))
        #expect(text.contains("Signature Algorithm: ecdsa-with-SHA256"))
        #expect(text.contains("Last Update: Sep 21 14:13:20 2026 GMT Next Update: Sep 23 14:13:20 2026 GMT"))
        let key = authority.issuingCertificate.subjectKeyID ?? []
        #expect(
            text.contains("Authority Key Identifier: " + key.map { String(format: "%02X", $0) }.joined(separator: ":")))
        // In the order of the numbers; an unspecified reason is left out.
        #expect(
            text.contains(
                """
                Serial Number: 05 Revocation Date: Sep 21 14:12:19 2026 GMT Serial Number: 7F01 Revocation Date: \
                Sep 21 14:12:20 2026 GMT CRL entry extensions: X509v3 CRL Reason Code: Key Compromise Serial Number: FFEE
                """))
        #expect(text.contains("X509v3 CRL Reason Code: Certificate Hold"))
    }

    @Test(.enabled(if: OpenSSLTool.isAvailable))
    func `openssl verifies a list, and refuses the certificate on it`() throws {
        let now = TestAuthority.currentTime
        let authority = try TestAuthority(now: now)
        let member = try authority.member().certificate
        let issuer = authority.authority.issuers[0]
        let root = try authority.root.revocationList([], number: 0, now: now)
        for (entries, code) in [
            ([], Int32(0)), ([.init(serialNumber: member.serialNumber, reason: .superseded, time: now)], 2),
        ] as [([RevocationList.Entry], Int32)] {
            let list = try issuer.revocationList(entries, number: 1, thisUpdate: now, nextUpdate: now + 3_600)
            try TemporaryFolder.with { folder in
                let result = try OpenSSLTool.run(
                    "verify", "-x509_strict", "-purpose", "sslclient", "-crl_check_all", "-CAfile",
                    try folder.write(authority.rootCertificate.pem, "root.pem"), "-untrusted",
                    try folder.write(issuer.certificate.pem, "issuing.pem"), "-CRLfile",
                    try folder.write(list.pem + root.pem, "lists.pem"), try folder.write(member.pem, "member.pem"))
                #expect(result.code == code, "\(result.text)")
            }
        }
    }

    @Test(.enabled(if: OpenSSLTool.isAvailable))
    func `the root's list is good for a year, and a number above a word's is written whole`() throws {
        let list = try authority.root.revocationList([], number: .max, now: Self.now)
        #expect(list.nextUpdate == Self.now + RootAuthority.revocationListSeconds)
        let text = try text(list)
        #expect(text.contains("X509v3 CRL Number: 9223372036854775807"))
        #expect(text.contains("No Revoked Certificates."))
    }
}
