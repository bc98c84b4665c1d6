import Foundation
import LessonModel
import PKI
import RelayClient
import Storage
import TestSupport
import Testing
import Wire

/// Posts outlive the issuing certificates that their authors' certificates came from.
@Suite struct RolledOverVerifierTests {
    /// A member of each of many issuing certificates of one root, one after the other.
    private func generations(_ count: Int, _ parties: Parties) throws -> [ClientIdentity] {
        var authority = parties.authority.authority
        return try (0..<count).map { number in
            let key = try PrivateKey.generate(.p256)
            let certificate = try parties.authority.root.issueIssuing(
                publicKey: key.publicKey, subject: DistinguishedName(commonName: "Issuing CA \(number + 2)"),
                now: parties.authority.now, publication: nil)
            authority = try authority.rollingOver(to: CertificateAuthority.Issuer(certificate: certificate, key: key))
            var identity = try parties.identity(name: "Member \(number)")
            let uuid = try #require(UUID(uuidString: identity.member.id.description))
            let member = try authority.issueMember(
                CertificateSigningRequest.make(key: identity.key, commonName: "Member"), kind: .person,
                relayDomain: "relay.test", memberID: uuid, subject: DistinguishedName(commonName: "Member"),
                now: parties.authority.now)
            identity.chain = [member, certificate]
            return identity
        }
    }

    @Test func `the posts of more issuers than a chain may have are all verified, asked for at once or one by one`()
        async throws
    {
        let parties = try Parties()
        let members = try generations(CertificateAuthority.maxIntermediates + 4, parties)
        let posts = try members.enumerated().map { index, member in
            StoredPost(try member.lesson("Lesson \(index)"), at: Int64(index + 1))
        }
        let source = CertificateSource(fetch: { fingerprints async throws(ClientError) in
            // As the relay does: the issuers of what was asked for.
            let asked = members.filter { fingerprints.contains($0.chain[0].fingerprint) }
            return certificateList(members, asked: fingerprints, issuers: asked.map { $0.chain[1].der })
        })
        let together = try await PostVerifier(root: parties.authority.rootCertificate).verify(posts, with: source)
        #expect(together.map(\.verdict.isVerified) == posts.map { _ in true })
        let verifier = PostVerifier(root: parties.authority.rootCertificate)
        for post in posts {
            let verified = try await verifier.verify([post], with: source)
            #expect(verified.map(\.verdict.isVerified) == [true])
        }
    }
}
