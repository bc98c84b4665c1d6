import LessonModel
import NIOCore
import NIOPosix
import PKI
import RelayClient
import RelayTestSupport
import Storage
import TLS
import TestSupport
import Testing
import Wire

@testable import Relay

@Suite(.timeLimit(.minutes(2))) struct RateLimitTests {
    private let start = NIODeadline.now()

    @Test func `so many at once, then as many in each period, each key apart`() {
        let limiter = RateLimiter<String>(4, per: .seconds(8))
        for _ in 0..<4 { #expect(limiter.take("a", now: start) == nil) }
        #expect(limiter.take("a", now: start) == .seconds(2))
        // What was refused is not counted.
        #expect(limiter.take("a", now: start) == .seconds(2))
        #expect(limiter.take("b", now: start) == nil)
        #expect(limiter.take("a", now: start + .seconds(2)) == nil)
        #expect(limiter.take("a", now: start + .seconds(2)) == .seconds(2))
        for _ in 0..<4 { #expect(limiter.take("a", now: start + .seconds(60)) == nil) }
        #expect(limiter.take("a", now: start + .seconds(60)) != nil)
    }

    @Test func `none is no limit, and those who have their whole allowance are forgotten`() {
        let none = RateLimiter<Int>(0, per: .seconds(1))
        for _ in 0..<10_000 { #expect(none.take(1, now: start) == nil) }
        let limiter = RateLimiter<Int>(10, per: .seconds(1))
        for key in 0..<100_000 { _ = limiter.take(key, now: start + .milliseconds(Int64(key))) }
        #expect(limiter.trackedCount < 3_000)
    }

    @Test func `over any time, no more than the allowance and its share of the time gets through`() {
        var random = SeededRandom(for: "rate limit")
        let limiter = RateLimiter<Int>(50, per: .seconds(10))
        var now = start
        var taken = 0
        for _ in 0..<20_000 {
            now = now + .milliseconds(Int64.random(in: 0...60, using: &random))
            if limiter.take(1, now: now) == nil { taken += 1 }
        }
        let seconds = Double((now - start).nanoseconds) / 1e9
        #expect(Double(taken) <= 50 + 5 * seconds + 1)
        #expect(Double(taken) >= 5 * seconds - 1)
    }

    @Test func `a member who asks too fast is told how long to wait, and the session goes on`() async throws {
        var limits = RelayLimits()
        limits.maxRequestsPerSecond = 8
        try await TestRelay.with(limits: limits) { relay in
            let peer = try await RawPeer.connect(relay, relay.admin)
            try await peer.greet()
            for id in 1...100 {
                var frame = WireFrame()
                frame.requestID = UInt64(id)
                frame.ping = WirePing()
                try await peer.send(frame)
            }
            var pongs = 0
            var waits: [UInt32] = []
            for _ in 1...100 {
                switch try await peer.frame().body {
                case .pong: pongs += 1
                case .error(let error):
                    #expect(error.code == .rateLimited && error.retryable)
                    waits.append(error.retryAfterMs)
                default: Issue.record("an answer of another kind")
                }
            }
            #expect(pongs >= 8 && !waits.isEmpty && pongs + waits.count == 100)
            #expect(waits.allSatisfy { (1...1_000).contains($0) })
            #expect(relay.server.counters[.rateLimited] == waits.count)
            try await peer.send(goaway)
        }
    }

    private var goaway: WireFrame {
        var frame = WireFrame()
        frame.goaway = WireGoaway()
        return frame
    }

    @Test func `an organisation's posts are bounded by the hour, over all its members, and no other's`() async throws {
        var limits = RelayLimits()
        limits.maxPostsPerHour = 3
        try await TestRelay.with(limits: limits) { relay in
            let first = try await relay.organisation("police-al")
            let second = try await relay.member(of: "police-al", name: "second")
            let other = try await relay.organisation("ngo-rs")
            func publish(_ identity: ClientIdentity, _ count: Int) async throws -> [WireErrorCode?] {
                let connection = try await relay.connect(identity)
                #expect(connection.welcome.limits.maxPostsPerHour == 3)
                var codes: [WireErrorCode?] = []
                for number in 0..<count {
                    do {
                        _ = try await connection.publish(try identity.lesson("Lesson \(number)").signed)
                        codes.append(nil)
                    } catch {
                        let error = try #require(error as? ClientError)
                        codes.append(error.code)
                        #expect((error.retryAfter ?? .zero) > .seconds(600))
                    }
                }
                await connection.close()
                return codes
            }
            #expect(try await publish(first, 2) == [nil, nil])
            #expect(try await publish(second, 2) == [nil, .rateLimited])
            #expect(try await publish(other, 1) == [nil])
        }
    }

    @Test func `connections that say nothing take no member's place for long`() async throws {
        var limits = RelayLimits()
        limits.maxHandshakesPerAddress = 3
        try await TestRelay.with(limits: limits) { relay in
            var silent: [any Channel] = []
            for _ in 0..<3 { silent.append(try await silentConnection(to: relay)) }
            try await untilTrue(relay) { relay.server.handshakes.count == 3 }
            // The relay says nothing to the next one.
            silent.append(try await silentConnection(to: relay))
            try await untilTrue(relay) { relay.server.counters[.handshakesRefused] == 1 }
            // As soon as one has gone, or has shown whose it is, there is room.
            try await silent[0].close()
            try await untilTrue(relay) { relay.server.handshakes.count == 2 }
            let connections = [try await relay.connect(relay.admin), try await relay.connect(relay.admin)]
            for connection in connections { await connection.close() }
            for channel in silent.dropFirst() { try await channel.close() }
        }
    }

    /// Waits while the relay's loops turn.
    private func untilTrue(_ relay: TestRelay, _ condition: () -> Bool) async throws {
        for _ in 0..<10_000 where !condition() { _ = await relay.server.isResponsive() }
        try #require(condition())
    }

    @Test func `one machine that connects again and again is let wait`() throws {
        var limits = RelayLimits()
        limits.maxConnectionsPerMinute = 60
        let gate = HandshakeGate(limits)
        let (near, far) = (
            try SocketAddress(ipAddress: "192.0.2.1", port: 1), try SocketAddress(ipAddress: "192.0.2.2", port: 1)
        )
        for _ in 0..<60 { gate.enter(near, now: start)?.leave() }
        #expect(gate.enter(near, now: start) == nil && gate.enter(far, now: start) != nil)
        #expect(gate.enter(near, now: start + .seconds(1)) != nil)
        #expect(gate.enter(near, now: start + .seconds(1)) == nil)
        #expect(gate.count == 2)
    }

    @Test func `a connection that breaks the protocol counts for twenty`() throws {
        var limits = RelayLimits()
        limits.maxConnectionsPerMinute = 60
        let gate = HandshakeGate(limits)
        let near = try SocketAddress(ipAddress: "192.0.2.1", port: 1)
        func enter(_ seconds: Int64) -> HandshakeGate.Place? { gate.enter(near, now: start + .seconds(seconds)) }
        for _ in 0..<3 { try #require(enter(0)).misbehaved(now: start) }
        #expect(enter(0) == nil && enter(1) != nil)
        // What was broken beyond the allowance is not forgiven at once, nor held against an address for ever.
        let place = try #require(enter(60))
        for _ in 0..<1_000 { place.misbehaved(now: start + .seconds(60)) }
        #expect(enter(119) == nil && enter(180) != nil)
    }

    @Test func `only a breach counts against an address`() throws {
        var limits = RelayLimits()
        limits.maxConnectionsPerMinute = 60
        let gate = HandshakeGate(limits)
        let near = try SocketAddress(ipAddress: "192.0.2.1", port: 1)
        let place = try #require(gate.enter(near, now: start))
        for error in [
            TLSError.handshakeTimeout, .closedDuringHandshake, .uncleanShutdown, .peerAlert(name: "", code: 0),
        ] {
            for _ in 0..<10 { place.note(error, now: start) }
        }
        #expect(gate.enter(near, now: start) != nil)
        for _ in 0..<10 { place.note(TLSError.handshakeFailed(alert: nil, detail: ""), now: start) }
        #expect(gate.enter(near, now: start) == nil)
    }

    private func silentConnection(to relay: TestRelay) async throws -> any Channel {
        try await ClientBootstrap(group: relay.group).connect(host: "127.0.0.1", port: relay.addresses.port).get()
    }

    @Test func `addresses of one machine's network count as one`() throws {
        func key(_ text: String) throws -> String { HandshakeGate.key(try SocketAddress(ipAddress: text, port: 1)) }
        #expect(try key("2001:db8:1:2::1") == key("2001:db8:1:2:3:4:5:6"))
        #expect(try key("2001:db8:1:2::1") != key("2001:db8:1:3::1"))
        #expect(try key("192.0.2.1") != key("192.0.2.2"))
        #expect(try key("::ffff:192.0.2.1") != key("::ffff:192.0.2.2"))
    }
}
