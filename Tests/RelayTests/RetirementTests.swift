import LessonModel
import PKI
import RelayClient
import RelayTestSupport
import Testing
import Wire

@testable import Relay

/// The end of an issuing certificate.
@Suite struct RetirementTests {
    @Test func `retired without force it is accepted until nothing relies on it, and then by itself no more`()
        async throws
    {
        try await TestRelay.with { relay in
            let old = try await relay.organisation("ours")
            try await relay.rollOver()
            let admin = try await relay.renew(relay.admin)
            try relay.ceremony.retire(1, isForced: false, now: relay.clock.now)
            try await relay.server.reload()
            let session = try await relay.connect(old)
            let waiting = try await relay.status(as: admin)
            #expect(waiting.issuers.map(\.certificates) == [1, 2])
            #expect(waiting.warnings.contains { $0.contains("is to be retired and is still accepted, since 2") })
            let actions = try await relay.actions("authority", as: admin)
            #expect(!actions.contains("authority.retire"))

            // The members' certificates go one by one; nobody touches the authority.
            let connection = try await relay.connect(admin)
            for identity in [old, relay.admin] {
                var revoke = WireRevokeCertificates()
                revoke.fingerprint = try #require(identity.certificate).fingerprint.asData
                revoke.reason = "superseded"
                _ = try await connection.revokeCertificates(revoke)
            }
            await connection.close()
            #expect(await session.goodbye() == .certificateRevoked)
            try await relay.server.reload()
            let done = try await relay.status(as: admin)
            #expect(done.issuers.map(\.name) == ["relay.test Issuing CA 2"])
            #expect(!done.warnings.contains { $0.contains("retired") })
            #expect(try await relay.actions("authority", as: admin).last == "authority.retire")
        }
    }

    @Test func `a forced retirement ends who relies on it, and refuses to lock out the last administrator`()
        async throws
    {
        try await TestRelay.with { relay in
            let lazy = try await relay.organisation("ours")
            let first = try await relay.member(of: "ours", name: "Diligent")
            let lesson = try lazy.lesson("Before")
            let lazySession = try await relay.connect(lazy)
            _ = try await lazySession.publish(lesson.signed)
            relay.clock.advance(by: 1_000)
            try await relay.rollOver()
            let diligent = try await relay.renew(first)
            let session = try await relay.connect(diligent)

            try relay.ceremony.retire(1, isForced: true, now: relay.clock.now)
            await #expect(throws: (any Error).self) { try await relay.server.reload() }
            let refused = try await relay.status()
            #expect(refused.warnings.first?.contains("lock out the last relay administrator") == true)
            // A relay that starts now locks out nobody either.
            try await relay.restart()
            let stillIn = try await relay.connect(lazy)
            #expect(try await relay.status().issuers.count == 2)

            let admin = try await relay.renew(relay.admin)
            let again = try await relay.connect(diligent)
            try await relay.server.reload()
            #expect(await stillIn.goodbye() == .certificateRevoked)
            await #expect { _ = try await relay.connect(lazy) } throws: { error in
                (error as? ClientError)?.code == .certificateRevoked
            }
            #expect(try await again.publish(diligent.lesson("Not noticed").signed).sequence == 2)
            #expect(try await relay.status(as: admin).issuers.count == 1)

            // Somebody who comes later verifies what was signed under the retired issuer.
            try await again.open()
            let posts = try await again.untilCaughtUp()
            let verified = try await PostVerifier(root: diligent.root).verify(
                posts, with: again.certificateSource)
            #expect(verified.map(\.verdict.isVerified) == [true, true])
            await session.close()
            await again.close()

            // It stays so over a restart.
            try await relay.restart()
            #expect(try await relay.status(as: admin).issuers.count == 1)
            await #expect { _ = try await relay.connect(lazy) } throws: { error in
                (error as? ClientError)?.code == .certificateRevoked
            }
        }
    }

    @Test func `the one that signs is not retired, and a retired one does not sign again`() async throws {
        try await TestRelay.with { relay in
            #expect {
                try relay.ceremony.retire(1, isForced: true, now: relay.clock.now)
            } throws: {
                "\($0)".contains("activate another one first")
            }
            try await relay.rollOver()
            try relay.ceremony.retire(1, isForced: false, now: relay.clock.now)
            #expect {
                _ = try relay.ceremony.activate(1, passphrase: nil, now: relay.clock.now)
            } throws: {
                "\($0)".contains("cannot sign")
            }
        }
    }
}
