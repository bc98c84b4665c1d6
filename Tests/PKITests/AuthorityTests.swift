import FoundationEssentials
import PKI
import TestSupport
import Testing

struct AuthorityTests {
    static let passphrase = Array("root passphrase".utf8)

    @Test func `an authority comes back from its stored form`() throws {
        let test = try TestAuthority()
        let stored = try test.authority.stored(passphrase: nil)
        let again = try CertificateAuthority(stored, passphrase: nil, publication: nil)
        #expect(again.root == test.rootCertificate)
        #expect(again.issuingCertificates == test.authority.issuingCertificates)
        #expect(again.issuers[0].key.publicKey == test.issuingCertificate.publicKey)
    }

    @Test func `issuing keys can be encrypted`() throws {
        let test = try TestAuthority()
        let stored = try test.authority.stored(passphrase: Self.passphrase)
        #expect(stored.issuingKeys.allSatisfy { $0.contains("ENCRYPTED") })
        #expect(throws: PKIError.passphraseNeeded) {
            try CertificateAuthority(stored, passphrase: nil, publication: nil)
        }
        #expect(throws: PKIError.wrongPassphrase) {
            try CertificateAuthority(stored, passphrase: [1], publication: nil)
        }
        let again = try CertificateAuthority(stored, passphrase: Self.passphrase, publication: nil)
        #expect(again.issuingCertificates == test.authority.issuingCertificates)
    }

    @Test func `a root comes back from its encrypted key and certifies a further issuing key`() throws {
        let test = try TestAuthority()
        let keyPEM = try test.root.key.pem(passphrase: Self.passphrase)
        let root = try RootAuthority(
            certificatePEM: test.rootCertificate.pem, keyPEM: keyPEM, passphrase: Self.passphrase)
        let key = try PrivateKey.generate(.p256)
        let certificate = try root.issueIssuing(
            publicKey: key.publicKey, subject: DistinguishedName(commonName: "Issuing CA 2"), now: test.now,
            publication: nil)
        let issuer = try CertificateAuthority.Issuer(certificate: certificate, key: key)
        let rolled = try test.authority.rollingOver(to: issuer)
        #expect(rolled.issuingCertificates == [certificate, test.issuingCertificate])

        // Old and new members lead to the same root, and each names its own issuer.
        let old = try test.member().certificate
        let newKey = try PrivateKey.generate(.p256)
        let new = try rolled.issueMember(
            CertificateSigningRequest.make(key: newKey, commonName: "New"), kind: .person, relayDomain: "relay.test",
            memberID: UUID(), subject: DistinguishedName(commonName: "New"), now: test.now)
        #expect(rolled.issuer(of: old) == test.issuingCertificate)
        #expect(rolled.issuer(of: new) == certificate)
        for leaf in [old, new] {
            let verdict = CertificateAuthority.verifyChain(
                leaf: leaf, intermediates: rolled.issuingCertificates, roots: [rolled.root], at: test.now,
                purpose: .member)
            guard case .trusted = verdict else {
                Issue.record("\(verdict)")
                continue
            }
        }
    }

    @Test func `a root or an issuer with another's key is refused`() throws {
        let one = try TestAuthority()
        let two = try TestAuthority()
        #expect(throws: PKIError.keyMismatch(one.rootCertificate.subject)) {
            try RootAuthority(certificate: one.rootCertificate, key: two.root.key)
        }
        #expect(throws: PKIError.keyMismatch(one.issuingCertificate.subject)) {
            try CertificateAuthority.Issuer(certificate: one.issuingCertificate, key: two.authority.issuers[0].key)
        }
        let error = #expect(throws: PKIError.self) {
            try CertificateAuthority(root: one.rootCertificate, issuers: two.authority.issuers, publication: nil)
        }
        #expect(error?.description.contains("not signed by the root") == true)
    }

    @Test func `a member's certificate is no authority, and an issuing one is no root`() throws {
        let test = try TestAuthority()
        let member = try test.member()
        #expect(throws: PKIError.self) {
            try CertificateAuthority.Issuer(certificate: member.certificate, key: member.key)
        }
        #expect(throws: PKIError.self) {
            try RootAuthority(certificate: test.issuingCertificate, key: test.authority.issuers[0].key)
        }
        #expect(throws: PKIError.self) {
            try CertificateAuthority(root: test.rootCertificate, issuers: [], publication: nil)
        }
    }

    @Test func `the subject of a request is not taken over`() throws {
        let test = try TestAuthority()
        let request = try CertificateSigningRequest.make(key: .generate(.p256), commonName: "Mallory, administrator")
        let certificate = try test.authority.issueMember(
            request, kind: .person, relayDomain: "relay.test", memberID: UUID(),
            subject: DistinguishedName(country: "AT", commonName: "Ana"), now: test.now)
        #expect(certificate.subject == "CN=Ana,C=AT")
        #expect(certificate.publicKey == request.publicKey)
    }

    @Test func `a lifetime counts from now, begins five minutes earlier, and is 30 days for a member at most`() throws {
        let test = try TestAuthority()
        let request = try CertificateSigningRequest.make(key: .generate(.p256), commonName: "x")
        func issue(_ lifetime: Duration?) throws -> Certificate {
            try test.authority.issueMember(
                request, kind: .person, relayDomain: "relay.test", memberID: UUID(),
                subject: DistinguishedName(commonName: "x"), lifetime: lifetime, now: test.now)
        }
        let week = try issue(.seconds(7 * 86_400))
        #expect(week.notBefore == test.now - 300)
        #expect(week.notAfter == test.now + 7 * 86_400 - 1)
        #expect(week.isValid(at: week.notBefore) && week.isValid(at: week.notAfter - 1))
        #expect(!week.isValid(at: week.notBefore - 1) && !week.isValid(at: week.notAfter))
        #expect(try issue(nil).notAfter == test.now + 30 * 86_400 - 1)
        #expect(throws: PKIError.lifetimeTooLong(maximumSeconds: 30 * 86_400)) { try issue(.seconds(30 * 86_400 + 1)) }
        #expect(throws: PKIError.self) { try issue(.zero) }
        #expect(throws: PKIError.self) { try issue(.seconds(-5)) }
        #expect(throws: PKIError.self) { try issue(.seconds(Int64.min)) }
    }

    @Test func `a certificate ends with its issuer at the latest`() throws {
        let test = try TestAuthority()
        let request = try CertificateSigningRequest.make(key: .generate(.p256), commonName: "x")
        let end = test.issuingCertificate.notAfter
        func issue(at now: Int64) throws -> Certificate {
            try test.authority.issueMember(
                request, kind: .person, relayDomain: "relay.test", memberID: UUID(),
                subject: DistinguishedName(commonName: "x"), now: now)
        }
        #expect(try issue(at: end - 86_400).notAfter == end)
        let late = #expect(throws: PKIError.self) { try issue(at: end) }
        #expect(late?.description.contains("expired") == true)
        let early = #expect(throws: PKIError.self) { try issue(at: test.issuingCertificate.notBefore - 1) }
        #expect(early?.description.contains("not yet valid") == true)
        for odd in [Int64.min, -1, Int64.max] {
            #expect(throws: PKIError.self) { try issue(at: odd) }
        }
    }

    @Test func `an issuing authority makes no authorities, and only keys of the profile`() throws {
        let test = try TestAuthority()
        let key = try PrivateKey.generate(.p256)
        let name = DistinguishedName(commonName: "x")
        #expect(throws: PKIError.self) {
            try test.authority.issue(.issuing, to: key.publicKey, subject: name, now: test.now)
        }
        let edwards = try PrivateKey.generate(.ed25519)
        #expect(throws: PKIError.self) {
            try test.authority.issueRelay(
                publicKey: edwards.publicKey, dnsNames: ["relay.test"], ipAddresses: [], subject: name, now: test.now)
        }
        #expect(try test.member(kind: .ed25519).certificate.publicKey.kind == .ed25519)
        #expect(try test.member(kind: .p384).certificate.publicKey.kind == .p384)
    }

    @Test(arguments: [
        DistinguishedName(country: "at", commonName: "x"), DistinguishedName(country: "AUT", commonName: "x"),
        DistinguishedName(country: "Ö", commonName: "x"), DistinguishedName(organisation: "", commonName: "x"),
        DistinguishedName(commonName: String(repeating: "ü", count: 65)), DistinguishedName(commonName: "a\u{0}b"),
    ])
    func `a name that no certificate can hold is refused`(name: DistinguishedName) throws {
        let test = try TestAuthority()
        let key = try PrivateKey.generate(.p256)
        let error = #expect(throws: PKIError.self) {
            try test.authority.issueRelay(
                publicKey: key.publicKey, dnsNames: ["relay.test"], ipAddresses: [], subject: name, now: test.now)
        }
        guard case .invalidName = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func `a long name of an organisation is cut to fit`() throws {
        let test = try TestAuthority()
        let long = DistinguishedName(
            country: "AT", organisation: String(repeating: "é", count: 90), unit: "a\nb", commonName: "\n")
        let certificate = try test.authority.issueRelay(
            publicKey: PrivateKey.generate(.p256).publicKey, dnsNames: ["relay.test"], ipAddresses: [],
            subject: long.fitting, now: test.now)
        #expect(certificate.subject == "CN=-,OU=a b,O=\(String(repeating: "é", count: 64)),C=AT")
    }
}
