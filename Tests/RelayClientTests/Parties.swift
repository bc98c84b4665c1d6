import Foundation
import LessonModel
import PKI
import RelayClient
import TLS
import TestSupport
import Testing
import Wire

/// A relay's certificates and members of it. Every maker has the good case as its default.
struct Parties {
    static let relayID = [UInt8](repeating: 7, count: 16)
    static let organisation = Organisation(
        slug: slug("al-police"), name: "Albanian State Police", country: "AL", kind: .police)

    let authority: TestAuthority
    let relay: (certificate: Certificate, key: PrivateKey)

    init() throws {
        authority = try TestAuthority()
        relay = try authority.relayCertificate(dns: ["localhost"], ips: ["127.0.0.1"])
    }

    /// What the relay sends: its certificate, its issuer and the root.
    var relayChain: [Certificate] { [relay.certificate, authority.issuingCertificate, authority.rootCertificate] }

    func identity(
        at address: RelayAddress = RelayAddress(host: "127.0.0.1", port: 1), name: String = "Arta",
        validity: TestAuthority.Validity = .current, root: Certificate? = nil
    ) throws -> ClientIdentity {
        let made = try authority.member(commonName: name, validity: validity)
        let id = try #require(MemberID(text: made.uuid.uuidString))
        return ClientIdentity(
            chain: [made.certificate, authority.issuingCertificate], key: made.key,
            root: root ?? authority.rootCertificate,
            member: Member(
                id: id, organisation: Self.organisation.slug, name: name, kind: .person, roles: [.contributor]),
            organisation: Self.organisation, relayID: Self.relayID, address: address,
            enrolmentAddress: RelayAddress(host: address.host, port: 2), device: "device-test")
    }

    func server(isRevoked: @escaping @Sendable (Certificate) -> Bool = { _ in false }) throws -> TLSContext {
        try TLSContext(
            server: .init(
                certificateChain: relayChain, privateKey: relay.key,
                clientAuthentication: .required(issuers: [authority.issuingCertificate], isRevoked: isRevoked),
                alpnProtocols: ["lessons/1"]))
    }

    func enrolmentServer() throws -> TLSContext {
        try TLSContext(
            server: .init(
                certificateChain: relayChain, privateKey: relay.key, clientAuthentication: .none,
                alpnProtocols: ["lessons-enrol/1"]))
    }

    func welcome(for identity: ClientIdentity? = nil, head: SequenceNumber = 0, keepaliveMs: UInt32 = 0) -> WireWelcome
    {
        var welcome = WireWelcome()
        welcome.version = 1
        welcome.relayID = Data(Self.relayID)
        if let identity {
            welcome.member = WireMember(identity.member, showsRoles: true)
            welcome.organisation = WireOrganisation(identity.organisation, showsClients: false)
        }
        welcome.limits.maxFrameBytes = 1 << 20
        welcome.limits.maxPostBytes = 512 << 10
        welcome.limits.maxPublishesInFlight = 4
        welcome.limits.maxRequestsInFlight = 4
        welcome.limits.maxFilters = 16
        welcome.keepaliveMs = keepaliveMs
        welcome.headSequence = head
        return welcome
    }
}

/// A slug that a test wrote down.
func slug(_ text: String) -> OrganisationSlug {
    guard let slug = OrganisationSlug(text) else { preconditionFailure("\(text) is no slug") }
    return slug
}

func topic(_ path: String) -> Topic {
    guard let topic = Topic(path) else { preconditionFailure("\(path) is no topic") }
    return topic
}

extension ClientIdentity {
    /// A signed lesson of this member.
    func lesson(_ title: String, id: PostID? = nil, now: Milliseconds = Int64(TestAuthority.currentTime) * 1_000) throws
        -> SignedPost
    {
        try lessonPost(title, id: id, now: now).1
    }

    func lessonPost(
        _ title: String, id: PostID? = nil, now: Milliseconds = Int64(TestAuthority.currentTime) * 1_000
    ) throws -> (Post, SignedPost) {
        let signer = try PostSigner(self)
        let post = signer.post(
            Lesson(title: title, observation: "It happened.", recommendation: "Do better."),
            topic: topic("policing/community"), marking: .green, audience: .everybody, language: "en", id: id, now: now)
        return (post, try signer.sign(post))
    }

    func commentPost(on lesson: Post, _ text: String) throws -> (Post, SignedPost) {
        let signer = try PostSigner(self)
        let post = signer.post(
            .comment(Comment(parent: lesson.id, text: text)), in: lesson.thread, topic: lesson.topic, marking: .green,
            audience: .everybody, language: "en", now: lesson.createdAt)
        return (post, try signer.sign(post))
    }
}

extension StoredPost {
    init(_ post: SignedPost, at sequence: SequenceNumber, receivedAt: Milliseconds = TestAuthority.currentTime * 1_000)
    {
        self.init(sequence: sequence, receivedAt: receivedAt, post: post)
    }
}
