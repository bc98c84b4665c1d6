import Foundation
import LessonModel
import PKI
import RelayClient
import RelayTestSupport
import Testing
import Wire

@testable import Relay

@Suite struct HoldTests {
    @Test func `a hold ends the session with its reason and refuses the next, and a release lets the member back`()
        async throws
    {
        try await TestRelay.with { relay in
            let member = try await relay.organisation("ours")
            let session = try await relay.connect(member)
            let admin = try await relay.connect(relay.admin)
            let fingerprint = try #require(member.certificate).fingerprint.asData
            let held = try await admin.revokeCertificates(.hold { $0.fingerprint = fingerprint })
            #expect([held.certificates, held.sessions] == [1, 1])
            #expect(await session.end() == .certificateOnHold)
            #expect(await relay.refusal(of: member) == .certificateRevoked)
            var certificate = try #require(try await admin.allCertificates { $0.state = .onHold }.first)
            #expect(certificate.revocationReason == "certificateHold")
            let summary = try #require(
                try await admin.memberSummaries().first { $0.member.memberID == Data(member.member.id.bytes) })
            #expect([summary.certificates, summary.certificatesOnHold] == [0, 1])

            try await relay.restart()
            #expect(await relay.refusal(of: member) == .certificateRevoked)
            let again = try await relay.connect(relay.admin)
            var release = WireReleaseHold()
            release.memberID = Data(member.member.id.bytes)
            #expect(try await again.releaseHold(release).certificates == 1)
            let back = try await relay.connect(member)
            #expect(try await back.publish(member.lesson("Back").signed).sequence == 1)
            certificate = try #require(
                try await again.allCertificates { $0.memberID = Data(member.member.id.bytes) }.first)
            #expect(certificate.revokedAtMs == 0)
            var list = WireListAudit()
            list.action = "certificate.*"
            let entries = try await again.audit(list).entries
            #expect(entries.map(\.action) == ["certificate.release", "certificate.hold"])
            #expect(entries.allSatisfy { $0.detail.contains(Hex.text(of: fingerprint)) })
            for connection in [back, again] { await connection.close() }
        }
    }

    @Test func `a hold becomes final by another reason, and no release undoes that`() async throws {
        try await TestRelay.with { relay in
            let member = try await relay.organisation("ours")
            let admin = try await relay.connect(relay.admin)
            let id = Data(member.member.id.bytes)
            let other = WireRevokeCertificates.hold { $0.memberID = id }
            #expect(try await admin.revokeCertificates(other).certificates == 1)
            #expect(try await admin.revokeCertificates(other).certificates == 0)
            var final = WireRevokeCertificates()
            final.memberID = id
            final.reason = "keyCompromise"
            #expect(try await admin.revokeCertificates(final).certificates == 1)
            #expect(try await admin.revokeCertificates(other).certificates == 0)
            var release = WireReleaseHold()
            release.organisation = "ours"
            #expect(try await admin.releaseHold(release).certificates == 0)
            #expect(await relay.refusal(of: member) == .certificateRevoked)
            let index = relay.server.membership.revocations
            let certificate = try #require(member.certificate)
            let key = try #require(RevocationIndex.Key(certificate))
            #expect(index.entry(key)?.reason == .keyCompromise)
            await admin.close()
        }
    }

    @Test func `a hold withdraws what would get around it, and nothing of the member is taken while it lasts`()
        async throws
    {
        try await TestRelay.with { relay in
            let member = try await relay.organisation("ours")
            let session = try await relay.connect(member)
            var invite = WireInvite()
            invite.memberID = Data(member.member.id.bytes)
            let device = try await session.invite(invite).invitation
            let admin = try await relay.connect(relay.admin)
            let membership = relay.server.membership
            let fingerprint = try #require(member.certificate).fingerprint
            let before = try membership.principal(member.member.id, fingerprint).get()
            _ = try await admin.revokeCertificates(.hold { $0.organisation = "ours" })
            await #expect { _ = try await relay.join(device) } throws: { error in
                (error as? ClientError)?.code == .invitationRevoked
            }
            let check = PostVerification(membership: membership, limits: RelayLimits())
            let post = try member.lesson("On its way").signed
            #expect { try check.check(post, from: before, now: relay.clock.now).get() } throws: { error in
                (error as? PublishRefusal)?.error.code == .certificateOnHold
            }
            await admin.close()
        }
    }

    @Test func `the last relay administrator cannot be put on hold`() async throws {
        try await TestRelay.with { relay in
            let admin = try await relay.connect(relay.admin)
            let own = Data(relay.admin.member.id.bytes)
            let code = await admin.code { try await $0.revokeCertificates(.hold { $0.memberID = own }) }
            #expect(code == .lastRelayAdministrator)
            await admin.close()
        }
    }
}

extension WireRevokeCertificates {
    static func hold(_ set: (inout WireRevokeCertificates) -> Void) -> WireRevokeCertificates {
        var revoke = WireRevokeCertificates()
        revoke.reason = RevocationReason.certificateHold.name
        set(&revoke)
        return revoke
    }
}

extension RelayConnection {
    func allCertificates(
        _ set: (inout WireListCertificates) -> Void = { _ in }
    ) async throws -> [WireCertificateEntry] {
        var list = WireListCertificates()
        set(&list)
        var entries: [WireCertificateEntry] = []
        try await certificates(list) { entries += $0.certificates }
        return entries
    }
}
