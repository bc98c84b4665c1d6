import Foundation
import LessonModel
import NIOPosix
import PKI
import TLS
import Wire

/// The member that loads the relay: joined over the enrolment port like any other.
struct BenchMember: Sendable {
    var id: MemberID
    var organisation: OrganisationSlug
    var key: PrivateKey
    var chain: [Certificate]
    var root: Certificate

    static func join(_ invitation: Wire.Invitation, _ group: MultiThreadedEventLoopGroup) async throws -> BenchMember {
        let context = try TLSContext(
            client: .init(
                trust: .rootFingerprint(invitation.rootFingerprint), serverName: invitation.host, identity: nil,
                alpnProtocols: ["lessons-enrol/1"]))
        let peer = try await BenchPeer.connect(port: invitation.enrolmentPort, context, group)
        var hello = WireHello()
        hello.minVersion = 1
        hello.maxVersion = 1
        _ = try await peer.request(.hello(hello))
        let key = try PrivateKey.generate(.p256)
        var enrol = WireEnrol()
        enrol.token = Data(invitation.token)
        enrol.certificateRequest = Data(try CertificateSigningRequest.make(key: key, commonName: "bench").der)
        guard case .enrolled(let enrolled) = try await peer.request(.enrol(enrol)),
            let id = MemberID(bytes: enrolled.member.memberID),
            let organisation = OrganisationSlug(enrolled.organisation.slug)
        else { throw BenchError.unexpectedAnswer }
        let issuers = try enrolled.issuers.map { try Certificate(der: $0) }
        guard let root = issuers.last else { throw BenchError.unexpectedAnswer }
        peer.close()
        return BenchMember(
            id: id, organisation: organisation, key: key,
            chain: [try Certificate(der: enrolled.certificate)] + issuers.dropLast(), root: root)
    }

    /// What this member connects with.
    func clientContext() throws -> TLSContext {
        try TLSContext(
            client: .init(
                trust: .roots([root]), serverName: "127.0.0.1", identity: (chain: chain, key: key),
                alpnProtocols: ["lessons/1"]))
    }

    /// Signed posts of about `bytes` bytes of content each, as Publish frames.
    func posts(_ count: Int, bytes: Int, topic: String) throws -> [WireFrame.OneOf_Body] {
        let filler = String(repeating: "What happened, why it matters, what to change. ", count: bytes / 47 + 1)
        let observation = String(filler.prefix(max(1, bytes - 200)))
        return try (0..<count).map { index in
            try post(
                Lesson(title: "Lesson \(index)", observation: observation, recommendation: "Change it."), topic: topic)
        }
    }

    /// `lesson` as a signed post, in a Publish frame.
    func post(_ lesson: Lesson, topic: String) throws -> WireFrame.OneOf_Body {
        guard let topic = Topic(topic) else { throw BenchError.unexpectedAnswer }
        return try self.lesson(lesson, topic: topic, marking: .green).frame
    }

    func lesson(
        _ lesson: Lesson, topic: Topic, marking: Marking
    ) throws -> (id: PostID, frame: WireFrame.OneOf_Body) {
        let id = newID()
        return (id, try frame(id, .lesson(lesson), in: id, topic: topic, marking: marking))
    }

    func comment(_ text: String, on lesson: PostID, topic: Topic) throws -> WireFrame.OneOf_Body {
        try frame(newID(), .comment(Comment(parent: lesson, text: text)), in: lesson, topic: topic, marking: .green)
    }

    private var now: Milliseconds { Milliseconds(Date().timeIntervalSince1970 * 1_000) }

    private func newID() -> PostID {
        var random = SystemCSPRNG()
        return PostID(UUIDValue(version7At: now, using: &random))
    }

    private func frame(
        _ id: PostID, _ body: Post.Body, in thread: PostID, topic: Topic, marking: Marking
    ) throws -> WireFrame.OneOf_Body {
        let audience: Audience =
            switch marking {
            case .amber, .amberStrict: Audience(organisations: [organisation])
            case .red: Audience(members: [self.id])
            case .clear, .green: .everybody
            }
        let post = Post(
            id: id, salt: SecureRandom.bytes(Post.saltBytes), author: self.id, organisation: organisation,
            createdAt: now, topic: topic, thread: thread, marking: marking, audience: audience, language: "en",
            body: body)
        let content = post.encodedContent()
        var publish = WirePublish()
        publish.post = WireSignedPost(
            SignedPost(
                content: content, signature: try key.sign(SignedPost.signatureContext + content),
                certificateFingerprint: chain[0].fingerprint))
        return .publish(publish)
    }
}
