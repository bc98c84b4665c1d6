import Foundation
import LessonModel
import Logging
import NIOCore
import PKI
import RelayClient
import Synchronization
import TLS
import TestSupport
import Testing
import Wire

@Suite struct EnrolmentTests {
    private let parties: Parties
    private static let token = [UInt8](repeating: 3, count: Invitation.tokenBytes)
    private static let memberID = UUID()

    init() throws { parties = try Parties() }

    /// What an honest relay answers to a request, and how a test spoils it.
    private struct Answer: Sendable {
        var parties: Parties
        var issuer: Parties
        var memberID = EnrolmentTests.memberID
        var key: PublicKey?
        var change: @Sendable (inout WireEnrolled) -> Void = { _ in }

        init(_ parties: Parties) {
            self.parties = parties
            issuer = parties
        }

        func enrolled(_ der: Data) throws -> WireEnrolled {
            let request = try CertificateSigningRequest(der: der)
            let profile = try CertificateProfile.member(.person, relayDomain: "relay.test", memberID: memberID)
            let certificate = try issuer.authority.authority.issue(
                profile, to: key ?? request.publicKey, subject: DistinguishedName(commonName: "Arta"),
                now: issuer.authority.now)
            var enrolled = WireEnrolled()
            enrolled.certificate = Data(certificate.der)
            enrolled.issuers = [
                Data(issuer.authority.issuingCertificate.der), Data(issuer.authority.rootCertificate.der),
            ]
            let id = try #require(MemberID(text: EnrolmentTests.memberID.uuidString))
            enrolled.member = WireMember(
                Member(
                    id: id, organisation: Parties.organisation.slug, name: "Arta", kind: .person, roles: [.contributor]),
                showsRoles: true)
            enrolled.organisation = WireOrganisation(Parties.organisation, showsClients: false)
            enrolled.relayID = Data(Parties.relayID)
            change(&enrolled)
            return enrolled
        }
    }

    private func join(
        fingerprint: [UInt8]? = nil, answering body: @escaping @Sendable (WireEnrol) throws -> WireFrame.OneOf_Body
    ) async throws -> Result<ClientIdentity, ClientError> {
        let parties = parties
        let result = Mutex<Result<ClientIdentity, ClientError>?>(nil)
        try await withScriptedRelay(
            parties.enrolmentServer(),
            [
                { peer in
                    guard let hello = try? await peer.receiveRequest() else { return }
                    try await peer.send(.welcome(parties.welcome()), to: hello.requestID)
                    let frame = try await peer.receiveRequest()
                    guard case .enrol(let enrol) = frame.body else { throw ScriptError.unexpected(frame) }
                    try await peer.send(body(enrol), to: frame.requestID)
                    try await peer.drain()
                }
            ]
        ) { address, group in
            let invitation = Invitation(
                host: "127.0.0.1", port: 7_440, enrolmentPort: address.port,
                rootFingerprint: fingerprint ?? parties.authority.rootCertificate.fingerprint, token: Self.token)
            do throws(ClientError) {
                let identity = try await Enrolment.join(
                    invitation, agent: "test", group: group, now: TestAuthority.currentTime,
                    logger: Logger(label: "test"))
                result.withLock { $0 = .success(identity) }
            } catch {
                result.withLock { $0 = .failure(error) }
            }
        }
        return try #require(result.withLock { $0 })
    }

    private func join(_ answer: Answer) async throws -> Result<ClientIdentity, ClientError> {
        try await join { enrol in .enrolled(try answer.enrolled(enrol.certificateRequest)) }
    }

    @Test func `joining gives an identity that holds the key, the chain and what the relay said`() async throws {
        let answer = Answer(parties)
        let identity = try await join { enrol in
            #expect(Array(enrol.token) == Self.token)
            return .enrolled(try answer.enrolled(enrol.certificateRequest))
        }.get()
        #expect(identity.certificate?.publicKey == identity.key.publicKey)
        #expect(identity.chain.count == 2 && identity.root == parties.authority.rootCertificate)
        #expect(identity.member.name == "Arta" && identity.organisation == Parties.organisation)
        #expect(identity.relayID == Parties.relayID)
        #expect(identity.address.port == 7_440 && identity.enrolmentAddress.port != 7_440)
        #expect(identity.device.hasPrefix("device-") && identity.device.utf8.count == 15)
    }

    @Test func `a relay with another root than the invitation's is not asked`() async throws {
        let result = try await join(fingerprint: [UInt8](repeating: 1, count: 32)) { _ in
            Issue.record("the token was sent to a stranger")
            return .done(WireDone())
        }
        guard case .failure(.untrusted) = result else {
            Issue.record("\(result)")
            return
        }
    }

    @Test(arguments: [
        WireErrorCode.invitationUnknown, .invitationUsed, .invitationExpired, .invitationRevoked,
    ]) func `a refused invitation is told with its code`(code: WireErrorCode) async throws {
        let result = try await join { _ in .error(WireError(code, "no")) }
        #expect(throws: ClientError.request(WireError(code, "no"))) { try result.get() }
    }

    @Test func `a certificate for another key is not taken`() async throws {
        var answer = Answer(parties)
        answer.key = try PrivateKey.generate(.p256).publicKey
        try await expectUntrusted(answer)
    }

    @Test func `a certificate of another member is not taken`() async throws {
        var answer = Answer(parties)
        answer.memberID = UUID()
        try await expectUntrusted(answer)
    }

    @Test func `a certificate of another authority is not taken, with its own root or with the right one`() async throws
    {
        var answer = Answer(parties)
        answer.issuer = try Parties()
        try await expectUntrusted(answer)
        let root = Data(parties.authority.rootCertificate.der)
        answer.change = { $0.issuers[1] = root }
        try await expectUntrusted(answer)
    }

    @Test func `an answer for another relay than the one that was greeted is not taken`() async throws {
        var answer = Answer(parties)
        answer.change = { $0.relayID = Data(repeating: 9, count: 16) }
        try await expectUntrusted(answer)
    }

    @Test func `broken answers are told and do not crash`() async throws {
        let changes: [@Sendable (inout WireEnrolled) -> Void] = [
            { $0.certificate = Data([1, 2, 3]) }, { $0.certificate = Data() }, { $0.issuers = [] },
            { $0.issuers = [Data([1])] }, { $0.organisation.slug = "-" }, { $0.organisation.slug = "other" },
            { $0.clearMember() },
        ]
        for (index, change) in changes.enumerated() {
            var answer = Answer(parties)
            answer.change = change
            let result = try await join(answer)
            guard case .failure(let error) = result else {
                Issue.record("change \(index) was accepted")
                continue
            }
            #expect(!error.description.isEmpty)
        }
    }

    @Test func `renewing gives the same member a new key and certificate`() async throws {
        let (renewed, identity) = try await renew { _ in }
        let fresh = try renewed.get()
        #expect(fresh.key.publicKey != identity.key.publicKey)
        #expect(fresh.certificate?.publicKey == fresh.key.publicKey)
        #expect(fresh.member.id == identity.member.id && fresh.device == identity.device)
    }

    @Test func `a renewal that answers with another member's certificate is not taken`() async throws {
        let (renewed, _) = try await renew { $0.memberID = UUID() }
        guard case .failure(.untrusted) = renewed else {
            Issue.record("\(renewed)")
            return
        }
    }

    private func expectUntrusted(
        _ answer: Answer, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let result = try await join(answer)
        guard case .failure(.untrusted) = result else {
            Issue.record("\(result)", sourceLocation: sourceLocation)
            return
        }
    }

    private func renew(
        _ spoil: (inout Answer) -> Void
    ) async throws -> (Result<ClientIdentity, ClientError>, ClientIdentity) {
        var answer = Answer(parties)
        spoil(&answer)
        let parties = parties
        let good = answer
        let made = try parties.authority.member(uuid: Self.memberID)
        var identity = try parties.identity()
        identity.chain = [made.certificate, parties.authority.issuingCertificate]
        identity.key = made.key
        identity.member.id = try #require(MemberID(text: Self.memberID.uuidString))
        let result = Mutex<Result<ClientIdentity, ClientError>?>(nil)
        let member = identity
        try await withScriptedRelay(
            parties.server(),
            [
                { peer in
                    try await peer.greet(parties.welcome(for: member))
                    let frame = try await peer.receiveRequest()
                    guard case .renew(let renew) = frame.body else { throw ScriptError.unexpected(frame) }
                    try await peer.send(.enrolled(good.enrolled(renew.certificateRequest)), to: frame.requestID)
                    try await peer.drain()
                }
            ]
        ) { address, group in
            let connection = try await RelayConnection.connect(
                to: address, identity: member, agent: "test", group: group, logger: Logger(label: "test"))
            do throws(ClientError) {
                let renewed = try await Enrolment.renew(member, over: connection, now: TestAuthority.currentTime)
                result.withLock { $0 = .success(renewed) }
            } catch {
                result.withLock { $0 = .failure(error) }
            }
            await connection.close()
        }
        return (try #require(result.withLock { $0 }), identity)
    }
}
