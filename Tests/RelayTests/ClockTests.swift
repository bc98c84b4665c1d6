import LessonModel
import PKI
import RelayClient
import RelayTestSupport
import Testing
import Wire

@testable import Relay

/// The relay's clock is set, forwards and backwards, while members are connected.
@Suite(.timeLimit(.minutes(2))) struct ClockTests {
    private static let hour: Milliseconds = 3_600_000
    private static let day = 24 * hour

    @Test func `sequence numbers rise and everybody is served in order, whatever the clock says`() async throws {
        try await TestRelay.with { relay in
            let author = try await relay.connect(relay.admin)
            let reader = try await relay.connect(relay.admin)
            try await reader.open(posts: 1_000)
            #expect(try await reader.untilCaughtUp().isEmpty)
            let start = relay.clock.now
            var published: [WirePublished] = []
            for step in [0, -Self.hour, 5 * Self.hour, -3 * Self.day, Self.day] {
                relay.clock.advance(by: step)
                published.append(try await author.publish(try relay.admin.lesson("At \(step)").signed))
            }
            #expect(published.map(\.sequence) == Array(1...5))
            #expect(published[3].receivedAtMs < start && published[2].receivedAtMs > start)
            var received: [SequenceNumber] = []
            for _ in published { received.append(try await reader.nextPost().sequence) }
            #expect(received == Array(1...5))
            await author.close()
            await reader.close()
        }
    }

    @Test func `a session ends with its certificate, and says why`() async throws {
        try await TestRelay.with { relay in
            let peer = try await RawPeer.connect(relay, relay.admin)
            try await peer.greet()
            let end = try #require(relay.admin.certificate).notAfter * 1_000
            relay.clock.advance(by: end + 1 - relay.clock.now)
            guard case .goaway(let goaway) = try await peer.frame().body else {
                Issue.record("no goaway")
                return
            }
            #expect(goaway.code == .certificateExpired && !goaway.hasRetryAfterMs)
            await peer.closed()
            // OpenSSL goes by the machine's clock, the relay by its own: it is as strict.
            let late = try await RawPeer.connect(relay, relay.admin)
            guard case .goaway(let refusal) = try await late.frame().body else {
                Issue.record("let in")
                return
            }
            #expect(refusal.code == .certificateExpired)
            // Set right again, the clock lets them in.
            relay.clock.advance(by: -Self.day * 400)
            relay.clock.advance(by: end - Self.day - relay.clock.now)
            let again = try await relay.connect(relay.admin)
            await again.close()
        }
    }
}
