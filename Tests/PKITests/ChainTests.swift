import PKI
import TestSupport
import Testing

struct ChainTests {
    let test: TestAuthority

    init() throws { test = try TestAuthority() }

    private func verify(
        _ leaf: Certificate, intermediates: [Certificate]? = nil, roots: [Certificate]? = nil, at time: Int64? = nil,
        purpose: ChainPurpose = .member
    ) -> ChainVerification {
        CertificateAuthority.verifyChain(
            leaf: leaf, intermediates: intermediates ?? [test.issuingCertificate],
            roots: roots ?? [test.rootCertificate], at: time ?? test.now, purpose: purpose)
    }

    private func reason(_ verdict: ChainVerification) -> ChainFailure.Reason? {
        if case .refused(let failure) = verdict { return failure.reason }
        return nil
    }

    @Test func `a member's chain leads to the root`() throws {
        let member = try test.member().certificate
        let chain = try verify(member).get()
        #expect(chain.certificates == [member, test.issuingCertificate, test.rootCertificate])
        #expect(chain.validity == member.notBefore..<member.notAfter)
    }

    @Test func `a reissued certificate proves what the first one did, at its time, under another name`() throws {
        for kind in CertificateProfile.MemberKind.allCases {
            let member = try test.member(kind, commonName: "Xanthippe", validity: .expired)
            var subject = DistinguishedName(subjectOf: member.certificate)
            subject.commonName = "nobody"
            let again = try #require(try test.authority.reissueMember(member.certificate, subject: subject))
            #expect(again.publicKey == member.certificate.publicKey)
            #expect(again.memberURI == member.certificate.memberURI)
            #expect(again.policyIdentifiers == member.certificate.policyIdentifiers)
            #expect(again.notBefore == member.certificate.notBefore && again.notAfter == member.certificate.notAfter)
            #expect(again.serialNumber != member.certificate.serialNumber && again.commonName == "nobody")
            let time = member.certificate.notBefore
            #expect(try verify(again, at: time).get().validity == verify(member.certificate, at: time).get().validity)
        }
    }

    @Test func `what another authority issued, and what is no member's, is not reissued`() throws {
        let other = try TestAuthority(name: "Other").member().certificate
        let name = DistinguishedName(commonName: "nobody")
        #expect(try test.authority.reissueMember(other, subject: name) == nil)
        #expect(try test.authority.reissueMember(test.relayCertificate().certificate, subject: name) == nil)
        #expect(try test.authority.reissueMember(test.issuingCertificate, subject: name) == nil)
    }

    @Test func `a relay's chain is good for relays and a member's for members, not the other way round`() throws {
        let relay = try test.relayCertificate().certificate
        let member = try test.member().certificate
        #expect(reason(verify(relay, purpose: .relay)) == nil)
        #expect(reason(verify(relay, purpose: .member)) == .wrongPurpose)
        #expect(reason(verify(member, purpose: .relay)) == .wrongPurpose)
    }

    @Test func `a chain is judged at the time that is given`() throws {
        let member = try test.member().certificate
        #expect(reason(verify(member, at: member.notBefore - 1)) == .notYetValid)
        #expect(reason(verify(member, at: member.notBefore)) == nil)
        #expect(reason(verify(member, at: member.notAfter - 1)) == nil)
        #expect(reason(verify(member, at: member.notAfter)) == .expired)
        #expect(member.isValid(at: member.notAfter - 1) && !member.isValid(at: member.notAfter))
        // A post is judged at the time the relay received it, however long ago that is.
        let old = try test.member(validity: .expired).certificate
        #expect(reason(verify(old)) == .expired)
        #expect(reason(verify(old, at: old.notAfter - 1)) == nil)
        #expect(reason(verify(try test.member(validity: .notYetValid).certificate)) == .notYetValid)
        let failure = #expect(throws: ChainFailure.self) { try verify(old).get() }
        #expect(failure?.certificate == old)
        #expect(failure?.description.contains("expired") == true)
    }

    @Test(arguments: [Int64.min, Int64.max, -1])
    func `an impossible time refuses the chain`(time: Int64) throws {
        #expect(reason(verify(try test.member().certificate, at: time)) != nil)
    }

    @Test func `a foreign member is refused, with or without its own authority's certificates`() throws {
        let foreign = try TestAuthority()
        let member = try foreign.member().certificate
        #expect(reason(verify(member)) == .unknownIssuer)
        #expect(reason(verify(member, intermediates: [foreign.issuingCertificate])) == .unknownIssuer)
        #expect(
            reason(verify(member, intermediates: [foreign.issuingCertificate, foreign.rootCertificate]))
                == .unknownIssuer)
    }

    @Test func `an authority with the same names does not stand in for another`() throws {
        // TestAuthority gives every authority the same names; only the keys differ.
        let foreign = try TestAuthority(now: test.now)
        #expect(foreign.issuingCertificate.subject == test.issuingCertificate.subject)
        #expect(reason(verify(try foreign.member().certificate)) == .unknownIssuer)
    }

    @Test func `a missing intermediate or root refuses the chain`() throws {
        let member = try test.member().certificate
        #expect(reason(verify(member, intermediates: [])) == .unknownIssuer)
        #expect(reason(verify(member, roots: [])) == .unknownIssuer)
        #expect(reason(verify(member, roots: [test.issuingCertificate])) == .unknownIssuer)
    }

    @Test func `a broken signature is told as such`() throws {
        let good = try test.member().certificate
        var der = good.der
        der[der.count - 1] ^= 0x01
        let broken = try Certificate(der: der)
        #expect(!broken.isSigned(by: test.issuingCertificate) && good.isSigned(by: test.issuingCertificate))
        #expect(reason(verify(broken)) == .badSignature)
    }

    @Test func `further certificates in any order do no harm, up to a limit`() throws {
        let member = try test.member().certificate
        let others = try [test.rootCertificate, TestAuthority().issuingCertificate, test.issuingCertificate, member]
        #expect(reason(verify(member, intermediates: others)) == nil)
        let many = [Certificate](repeating: test.issuingCertificate, count: CertificateAuthority.maxIntermediates + 1)
        #expect(reason(verify(member, intermediates: many)) != nil)
    }

    @Test(.enabled(if: OpenSSLTool.isAvailable), arguments: [true, false])
    func `openssl verifies our chains strictly`(isPublished: Bool) throws {
        let authority = try TestAuthority(
            publication: isPublished ? PublicationURLs(base: "http://relay.example/pki") : nil)
        try TemporaryFolder.with { folder in
            let root = try folder.write(authority.rootCertificate.pem, "root.pem")
            let issuing = try folder.write(authority.issuingCertificate.pem, "issuing.pem")
            let leaves = try [
                ("sslclient", authority.member().certificate), ("sslserver", authority.relayCertificate().certificate),
                ("sslclient", authority.member(.administrator, kind: .ed25519).certificate),
            ]
            for (index, (purpose, leaf)) in leaves.enumerated() {
                let file = try folder.write(leaf.pem, "leaf\(index).pem")
                let result = try OpenSSLTool.run(
                    "verify", "-x509_strict", "-auth_level", "2", "-purpose", purpose, "-CAfile", root, "-untrusted",
                    issuing, file)
                #expect(result.code == 0 && result.text.contains("OK"), "\(result.text)")
                let wrong = try OpenSSLTool.run(
                    "verify", "-x509_strict", "-purpose", purpose == "sslclient" ? "sslserver" : "sslclient",
                    "-CAfile", root, "-untrusted", issuing, file)
                #expect(wrong.code != 0)
            }
            let chain = try OpenSSLTool.run("verify", "-x509_strict", "-CAfile", root, issuing)
            #expect(chain.code == 0, "\(chain.text)")
        }
    }
}
