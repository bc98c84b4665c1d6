import Foundation
import LessonModel
import PKI
import Relay
import RelayClient
import RelayTestSupport
import Testing
import Wire

@Suite struct MembershipTests {
    @Test func `an invitation is good once`() async throws {
        try await TestRelay.with { relay in
            _ = try await relay.organisation("ours")
            let text = try await relay.invite("ours", "Ina", [.contributor])
            _ = try await relay.join(text)
            #expect(await code(of: text, at: relay) == .invitationUsed)
        }
    }

    @Test func `an invitation that is over, withdrawn or another relay's is refused`() async throws {
        try await TestRelay.with { relay in
            _ = try await relay.organisation("ours")
            let late = try await relay.invite("ours", "Late", [.contributor], lifetime: 60_000)
            let connection = try await relay.connect(relay.admin)
            let withdrawn = try await relay.invite("ours", "Withdrawn", [.contributor])
            let entry = try #require(try await connection.invitations().first { $0.name == "Withdrawn" })
            try await connection.revokeInvitation(Array(entry.invitationID))
            #expect(await code(of: withdrawn, at: relay) == .invitationRevoked)
            relay.clock.advance(by: 60_001)
            #expect(await code(of: late, at: relay) == .invitationExpired)

            var unknown = try Wire.Invitation(text: late.replacing(":0,0/", with: ":1,1/"))
            unknown.token[0] ^= 1
            #expect(await code(of: unknown.text, at: relay) == .invitationUnknown)
            var foreign = unknown
            foreign.rootFingerprint[0] ^= 1
            await #expect(throws: ClientError.self) { _ = try await relay.join(foreign.text) }
            await connection.close()
        }
    }

    @Test func `of two who redeem one invitation at once, one becomes a member`() async throws {
        try await TestRelay.with { relay in
            _ = try await relay.organisation("ours")
            let text = try await relay.invite("ours", "Race", [.contributor])
            let joined = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<4 { group.addTask { (try? await relay.join(text)) != nil } }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(joined == 1)
        }
    }

    @Test func `a revocation ends the live session with its reason, refuses the next, and leaves others alone`()
        async throws
    {
        try await TestRelay.with { relay in
            let bad = try await relay.organisation("bad")
            let good = try await relay.member(of: "bad", name: "good")
            let badSession = try await relay.connect(bad)
            let goodSession = try await relay.connect(good)
            let admin = try await relay.connect(relay.admin)
            var revoke = WireRevokeCertificates()
            revoke.fingerprint = try #require(bad.certificate).fingerprint.asData
            revoke.reason = "keyCompromise"
            let revoked = try await admin.revokeCertificates(revoke)
            #expect(revoked.certificates == 1)
            #expect(revoked.sessions == 1)
            var reason: WireErrorCode?
            while let event = await badSession.events.next() {
                if case .goaway(let code, _, _) = event { reason = code }
            }
            #expect(reason == .certificateRevoked)
            await #expect { _ = try await relay.connect(bad) } throws: { error in
                (error as? ClientError)?.code == .certificateRevoked
            }
            #expect(try await goodSession.publish(good.lesson("Still here").signed).sequence == 1)
            for connection in [goodSession, admin] { await connection.close() }
        }
    }

    @Test func `a session ends when its certificate does`() async throws {
        try await TestRelay.with { relay in
            let member = try await relay.organisation("ours")
            let session = try await relay.connect(member)
            relay.clock.advance(by: 31 * 24 * 3_600_000)
            var reason: WireErrorCode?
            while let event = await session.events.next() {
                if case .goaway(let code, _, _) = event { reason = code }
            }
            #expect(reason == .certificateExpired)
        }
    }

    @Test func `a renewed certificate opens sessions and signs posts`() async throws {
        try await TestRelay.with { relay in
            let member = try await relay.organisation("ours")
            let session = try await relay.connect(member)
            let renewed = try await Enrolment.renew(member, over: session, now: relay.clock.now / 1_000)
            #expect(renewed.certificate?.fingerprint != member.certificate?.fingerprint)
            let again = try await relay.connect(renewed)
            #expect(try await again.publish(renewed.lesson("With the new one").signed).sequence == 1)
            #expect(try await again.publish(member.lesson("With the old one").signed).sequence == 2)
            for connection in [session, again] { await connection.close() }
        }
    }

    @Test func `a drain answers what was accepted and says goodbye`() async throws {
        try await TestRelay.with { relay in
            let member = try await relay.organisation("ours")
            let session = try await relay.connect(member)
            let responses = try (0..<50).map { session.submitPublish(try member.lesson("Lesson \($0)").signed) }
            await relay.stop()
            var acknowledged: [SequenceNumber] = []
            for response in responses {
                if let published = try? await RelayConnection.published(response) {
                    acknowledged.append(published.sequence)
                }
            }
            var reason: WireErrorCode?
            while let event = await session.events.next() {
                if case .goaway(let code, _, _) = event { reason = code }
            }
            #expect(reason == .draining)
            try await relay.restart()
            let after = try await relay.connect(member)
            let stored = try await after.topics().first { $0.path == "policing/community" }?.posts
            #expect(Int(try #require(stored)) == acknowledged.count)
            await after.close()
        }
    }

    @Test func `only one process at a time has a relay's directory`() async throws {
        try await TestRelay.with { relay in
            #expect(throws: (any Error).self) {
                _ = try RelaySetup.invite(
                    home: relay.home, organisation: #require(OrganisationSlug("office")), name: "Second",
                    roles: [.reader],
                    now: relay.clock.now)
            }
        }
    }

    private func code(of invitation: String, at relay: TestRelay) async -> WireErrorCode? {
        do {
            _ = try await relay.join(invitation)
            return nil
        } catch {
            return (error as? ClientError)?.code
        }
    }
}

extension [UInt8] {
    var asData: Data { Data(self) }
}
