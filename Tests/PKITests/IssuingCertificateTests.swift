import FoundationEssentials
import PKI
import TestSupport
import Testing

/// What comes back from the root, and what an authority keeps of those that are over.
struct IssuingCertificateTests {
    private let test: TestAuthority

    init() throws { test = try TestAuthority() }

    private func request(_ name: String = "Test Issuing CA 2") throws -> (CertificateSigningRequest, PrivateKey) {
        let key = try PrivateKey.generate(.p256)
        return (try CertificateSigningRequest.make(key: key, commonName: name), key)
    }

    @Test func `the root signs a request under the requested name and its own organisation`() throws {
        let (request, key) = try request()
        #expect(request.commonName == "Test Issuing CA 2")
        let certificate = try test.root.issueIssuing(request, now: test.now, publication: nil)
        let name = DistinguishedName(subjectOf: certificate)
        #expect(
            name
                == DistinguishedName(
                    country: "AT", organisation: "Lessons Relay Tests", commonName: "Test Issuing CA 2"))
        let issuer = try CertificateAuthority.Issuer(
            checking: certificate, key: key, below: test.rootCertificate, now: test.now)
        #expect(issuer.certificate == certificate)
    }

    @Test func `a request in the root's name is not signed`() throws {
        let name = try #require(test.rootCertificate.commonName)
        #expect(throws: PKIError.self) {
            try test.root.issueIssuing(try request(name).0, now: test.now, publication: nil)
        }
    }

    @Test func `an issuing certificate of another root, of another key, over or not yet begun is not taken`() throws {
        let (request, key) = try request()
        let good = try test.root.issueIssuing(request, now: test.now, publication: nil)
        let other = try TestAuthority()
        let foreign = try other.root.issueIssuing(request, now: test.now, publication: nil)
        let cases: [(Certificate, PrivateKey, Int64, String)] = [
            (foreign, key, test.now, "not signed by this relay's root"),
            (good, try PrivateKey.generate(.p256), test.now, "another key"),
            (good, key, good.notAfter, "has ended"),
            (good, key, good.notBefore - 1, "not valid yet"),
            (test.rootCertificate, test.root.key, test.now, "the root itself"),
            (try test.member().certificate, key, test.now, "another key"),
        ]
        for (certificate, key, now, words) in cases {
            let error = #expect(throws: PKIError.self) {
                try CertificateAuthority.Issuer(
                    checking: certificate, key: key, below: test.rootCertificate, now: now)
            }
            #expect(error?.description.contains(words) == true, "\(String(describing: error))")
        }
    }

    @Test func `an issuing certificate that may not stand below a root is not taken`() throws {
        // An authority that the issuing one has no right to make: signed by the root's key, but as a member.
        let (_, key) = try request()
        let signed = try CertificateAuthority(
            root: test.rootCertificate,
            issuers: [try CertificateAuthority.Issuer(certificate: test.rootCertificate, key: test.root.key)],
            publication: nil
        ).issue(
            .member(.person, relayDomain: "relay.test", memberID: UUID()), to: key.publicKey,
            subject: DistinguishedName(commonName: "No authority"), now: test.now)
        #expect(throws: PKIError.self) {
            try CertificateAuthority.Issuer(checking: signed, key: key, below: test.rootCertificate, now: test.now)
        }
    }

    @Test func `a retired issuer is known and signs nothing, and the root must have signed it too`() throws {
        let (request, key) = try request()
        let next = try CertificateAuthority.Issuer(
            certificate: try test.root.issueIssuing(request, now: test.now, publication: nil), key: key)
        let authority = try CertificateAuthority(
            root: test.rootCertificate, issuers: [next], retired: [test.issuingCertificate], publication: nil)
        #expect(authority.issuingCertificates == [next.certificate])
        let keyID = try #require(test.issuingCertificate.subjectKeyID)
        #expect(authority.knownIssuer(keyID: keyID) == test.issuingCertificate)
        #expect(authority.issuer(of: try test.member().certificate) == nil)
        #expect(try authority.rollingOver(to: test.authority.issuers[0]).retired == [test.issuingCertificate])
        let other = try TestAuthority()
        #expect(throws: PKIError.self) {
            try CertificateAuthority(
                root: test.rootCertificate, issuers: [next], retired: [other.issuingCertificate], publication: nil)
        }
    }
}
