import Foundation
import LessonModel
import PKI
import RelayClient
import Storage
import Synchronization
import TestSupport
import Testing
import Wire

/// A relay that knows certificates and counts who asks.
private final class Directory: Sendable {
    let known: [ClientIdentity]
    let issuers: [[UInt8]]
    private let asked = Mutex<[Int]>([])
    private let revokedAt: Milliseconds

    init(_ known: [ClientIdentity], issuers: [Certificate], revokedAt: Milliseconds = 0) {
        self.known = known
        self.issuers = issuers.map(\.der)
        self.revokedAt = revokedAt
    }

    /// The numbers of certificates asked for, one for each request.
    var requests: [Int] { asked.withLock { $0 } }

    var source: CertificateSource {
        CertificateSource(fetch: { fingerprints async throws(ClientError) in self.answer(fingerprints) })
    }

    private func answer(_ fingerprints: [[UInt8]]) -> WireCertificateList {
        asked.withLock { $0.append(fingerprints.count) }
        var list = certificateList(known, asked: fingerprints, issuers: issuers)
        for index in list.certificates.indices { list.certificates[index].revokedAtMs = revokedAt }
        return list
    }
}

@Suite struct PostVerifierTests {
    private let parties: Parties
    private let identity: ClientIdentity
    private let now = TestAuthority.currentTime * 1_000

    init() throws {
        parties = try Parties()
        identity = try parties.identity()
    }

    private var verifier: PostVerifier { PostVerifier(root: parties.authority.rootCertificate) }

    private func directory(_ known: [ClientIdentity]? = nil, revokedAt: Milliseconds = 0) -> Directory {
        Directory(known ?? [identity], issuers: [parties.authority.issuingCertificate], revokedAt: revokedAt)
    }

    private func verdict(_ stored: StoredPost, _ directory: Directory? = nil) async throws -> SignatureVerdict {
        try await verifier.verify([stored], with: (directory ?? self.directory()).source)[0].verdict
    }

    @Test func `a post is its author's when signature, certificate and author fit`() async throws {
        let (post, signed) = try identity.lessonPost("Night patrols")
        let verified = try await verifier.verify([StoredPost(signed, at: 1)], with: directory().source)
        let certificate = try #require(identity.certificate)
        #expect(verified.map(\.verdict) == [.verified(by: certificate)])
        #expect(verified[0].post == post)
        #expect(verified[0].mirrored?.verification == .verified)
    }

    @Test func `a changed byte of the content or the signature is noticed`() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededRandom(seed: seed)
        let signed = try identity.lesson("Night patrols")
        for _ in 0..<30 {
            var content = signed
            let place = Int.random(in: 0..<content.content.count, using: &random)
            content.content[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            let found = try await verdict(StoredPost(content, at: 1))
            #expect(!found.isVerified, "seed \(seed)")
            var signature = signed
            signature.signature[Int.random(in: 0..<signature.signature.count, using: &random)] ^= 1
            let other = try await verdict(StoredPost(signature, at: 1))
            #expect(other == .failed(.badSignature), "seed \(seed)")
        }
    }

    @Test func `a post in another member's name is noticed`() async throws {
        let other = try parties.identity(name: "Besnik")
        var post = try identity.lessonPost("Night patrols").0
        post.author = other.member.id
        let content = post.encodedContent()
        let signature = try identity.key.sign(SignedPost.signatureContext + content)
        let certificate = try #require(identity.certificate)
        let signed = SignedPost(
            content: content, signature: signature, certificateFingerprint: certificate.fingerprint)
        #expect(try await verdict(StoredPost(signed, at: 1)) == .failed(.foreignAuthor))
    }

    @Test func `a signature over the content alone is none`() async throws {
        var signed = try identity.lesson("Night patrols")
        signed.signature = try identity.key.sign(signed.content)
        #expect(try await verdict(StoredPost(signed, at: 1)) == .failed(.badSignature))
    }

    @Test func `a certificate of another authority is not trusted, whatever the relay says`() async throws {
        let foreign = try Parties()
        let stranger = try foreign.identity()
        let directory = Directory([stranger], issuers: [foreign.authority.issuingCertificate])
        let found = try await verdict(StoredPost(stranger.lesson("Night patrols"), at: 1), directory)
        guard case .failed(.untrustedCertificate) = found else {
            Issue.record("\(found)")
            return
        }
    }

    @Test func `the certificate must have been valid when the relay received the post`() async throws {
        let verifier = verifier
        let source = directory().source
        let signed = try identity.lesson("Night patrols")
        let certificate = try #require(identity.certificate)
        for (seconds, isGood) in [
            (certificate.notBefore - 1, false), (certificate.notBefore, true), (certificate.notAfter - 1, true),
            (certificate.notAfter + 1, false),
        ] {
            let stored = StoredPost(signed, at: 1, receivedAt: seconds * 1_000)
            let verified = try await verifier.verify([stored], with: source)
            #expect(verified[0].verdict.isVerified == isGood, "at \(seconds)")
        }
    }

    @Test func `a post that was received before its certificate expired stays good for ever`() async throws {
        let past = try parties.identity(validity: .expired)
        let certificate = try #require(past.certificate)
        let stored = try StoredPost(past.lesson("Old"), at: 1, receivedAt: (certificate.notAfter - 10) * 1_000)
        #expect(try await verdict(stored, directory([past])).isVerified)
    }

    @Test func `posts received before the revocation stand, later ones do not`() async throws {
        let directory = directory(revokedAt: now)
        let signed = try identity.lesson("Night patrols")
        #expect(try await verdict(StoredPost(signed, at: 1, receivedAt: now - 1), directory).isVerified)
        #expect(
            try await verdict(StoredPost(signed, at: 1, receivedAt: now), directory) == .failed(.revokedCertificate))
    }

    @Test func `a certificate that the relay does not have leaves the post unchecked`() async throws {
        let verified = try await verifier.verify(
            [StoredPost(identity.lesson("Night patrols"), at: 1)], with: directory([]).source)
        #expect(verified[0].verdict == .failed(.unknownCertificate))
        #expect(verified[0].mirrored?.verification == .unchecked)
    }

    @Test func `content that is no post is told and kept nowhere`() async throws {
        var signed = try identity.lesson("Night patrols")
        signed.content = [0xFF, 0xFF]
        let verified = try await verifier.verify([StoredPost(signed, at: 1)], with: directory().source)
        guard case .failed(.unreadable) = verified[0].verdict else {
            Issue.record("\(verified[0].verdict)")
            return
        }
        #expect(verified[0].mirrored == nil)
    }

    @Test func `many posts keep their order and cost one certificate an author`() async throws {
        let directory = directory()
        let verifier = verifier
        var posts: [StoredPost] = []
        for number in 1...150 {
            var signed = try identity.lesson("Lesson \(number)")
            if number % 7 == 0 { signed.signature[signed.signature.count - 1] ^= 1 }
            posts.append(StoredPost(signed, at: Int64(number)))
        }
        let verified = try await verifier.verify(posts, with: directory.source)
        #expect(verified.map(\.stored.sequence) == Array(1...150))
        for post in verified { #expect(post.verdict.isVerified == (post.stored.sequence % 7 != 0)) }
        _ = try await verifier.verify(posts, with: directory.source)
        #expect(directory.requests == [1])
    }

    @Test func `certificates are fetched at most a hundred at a time`() async throws {
        let directory = directory([])
        let posts = (0..<250).map { number in
            StoredPost(
                SignedPost(
                    content: [], signature: [],
                    certificateFingerprint: SHA256.digest([UInt8(number), 1])),
                at: Int64(number + 1))
        }
        _ = try await verifier.verify(posts, with: directory.source)
        #expect(directory.requests == [100, 100, 50])
    }

    @Test func `a fetched certificate is kept and serves without the relay`() async throws {
        let folder = try TemporaryDirectory()
        let mirror = try ClientMirror(directory: folder.path, relayID: "07")
        let stored = try StoredPost(identity.lesson("Night patrols"), at: 1)
        let directory = directory()
        var source = CertificateSource(mirror: mirror)
        source.fetch = directory.source.fetch
        let first = try await verifier.verify([stored], with: source)
        #expect(first[0].verdict.isVerified)
        let offline = PostVerifier(
            root: parties.authority.rootCertificate, issuers: [parties.authority.issuingCertificate])
        let second = try await offline.verify([stored], with: CertificateSource(mirror: mirror))
        #expect(second[0].verdict.isVerified)
    }

    @Test func `what the line does to the fetch is told and nothing is decided`() async throws {
        let source = CertificateSource(fetch: { _ async throws(ClientError) in throw ClientError.disconnected("gone") })
        let stored = try StoredPost(identity.lesson("Night patrols"), at: 1)
        let verifier = verifier
        await #expect(throws: ClientError.disconnected("gone")) { try await verifier.verify([stored], with: source) }
        #expect(try await verifier.verify([stored], with: directory().source)[0].verdict.isVerified)
    }
}

@Suite struct PostSignerTests {
    private let identity: ClientIdentity

    init() throws { identity = try Parties().identity() }

    @Test func `a post that breaks a rule is refused before it is signed, with the rule's sentence`() throws {
        let signer = try PostSigner(identity)
        var post = try identity.lessonPost("Title").0
        post.body = .lesson(Lesson(title: "", observation: "o", recommendation: "r"))
        let error = #expect(throws: ClientError.self) { try signer.sign(post) }
        #expect(error == .invalidPost("the title is missing"))
    }

    @Test func `nothing is signed in another member's name`() throws {
        var post = try identity.lessonPost("Title").0
        post.organisation = slug("de-bka")
        let signer = try PostSigner(identity)
        #expect(throws: ClientError.self) { try signer.sign(post) }
    }

    @Test func `a post over the relay's limit is refused here`() throws {
        let (post, signed) = try identity.lessonPost("Title")
        let signer = try PostSigner(identity)
        #expect(throws: ClientError.self) { try signer.sign(post, maxContentBytes: signed.content.count - 1) }
        #expect(try signer.sign(post, maxContentBytes: signed.content.count).content == signed.content)
    }

    @Test func `two posts never share an id or a salt`() throws {
        let posts = try (0..<50).map { _ in try identity.lessonPost("Title", now: 1_000).0 }
        #expect(Set(posts.map(\.id)).count == 50 && Set(posts.map(\.salt)).count == 50)
    }
}
