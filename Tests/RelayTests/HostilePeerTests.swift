import LessonModel
import NIOCore
import NIOPosix
import PKI
import RelayClient
import RelayTestSupport
import Testing
import Wire

@testable import Relay

/// Peers that are slow, silent, greedy or hostile: each is cut off or held off, nothing of it stays with the relay, and
/// what is for the others reaches them while it goes on. What concerns TLS alone is in TLSTests.
@Suite(.timeLimit(.minutes(2))) struct HostilePeerTests {
    private static let limits: RelayLimits = {
        var limits = RelayLimits()
        limits.handshakeSeconds = 1
        limits.keepaliveSeconds = 1
        limits.maxRequestsPerSecond = 50
        return limits
    }()

    /// Runs `hostile`, then looks whether a post still reaches a well-behaved subscriber and who is left.
    private func withHostile(_ hostile: (TestRelay, ClientIdentity) async throws -> Void) async throws {
        try await TestRelay.with(limits: Self.limits) { relay in
            let member = try await relay.organisation("hostile")
            let reader = try await relay.connect(relay.admin)
            try await reader.open(posts: 1_000)
            #expect(try await reader.untilCaughtUp().isEmpty)
            try await hostile(relay, member)
            let author = try await relay.connect(relay.admin)
            let lesson = try relay.admin.lesson("Still here")
            _ = try await author.publish(lesson.signed)
            var received: PostID?
            while received != lesson.id { received = try Post(content: try await reader.nextPost().post.content).id }
            await author.close()
            await reader.close()
            for _ in 0..<10_000 where relay.server.core.registry.count + relay.server.handshakes.count > 0 {
                _ = await relay.server.isResponsive()
            }
            #expect(relay.server.core.registry.count == 0, "a session is left")
            #expect(relay.server.handshakes.count == 0, "a handshake is left")
        }
    }

    private func rawConnection(_ relay: TestRelay) async throws -> any Channel {
        try await ClientBootstrap(group: relay.group).connect(host: "127.0.0.1", port: relay.addresses.port).get()
    }

    @Test func `who connects and says nothing is cut off`() async throws {
        try await withHostile { relay, _ in
            let silent = try await rawConnection(relay)
            try await silent.closeFuture.get()
        }
    }

    @Test func `who stops amid the handshake is cut off`() async throws {
        try await withHostile { relay, _ in
            let slow = try await rawConnection(relay)
            // The head of a ClientHello of 512 bytes, and no more of it.
            for byte: UInt8 in [22, 3, 1, 2, 0, 1, 0, 1, 252] {
                try await slow.writeAndFlush(ByteBuffer(integer: byte))
            }
            try await slow.closeFuture.get()
        }
    }

    @Test func `who speaks something else than TLS is cut off`() async throws {
        try await withHostile { relay, _ in
            let stranger = try await rawConnection(relay)
            try? await stranger.writeAndFlush(ByteBuffer(string: "GET / HTTP/1.1\r\n\r\n"))
            try await stranger.closeFuture.get()
            #expect(relay.server.counters[.handshakesFailed] == 1)
        }
    }

    @Test func `who has shown a certificate and says no more is cut off, and told`() async throws {
        try await withHostile { relay, member in
            let silent = try await RawPeer.connect(relay, member)
            guard case .goaway(let goaway) = try await silent.frame().body else {
                Issue.record("no goaway")
                return
            }
            #expect(goaway.code == .idle)
            await silent.closed()
        }
    }

    @Test func `who announces a frame that is too long is told, and cut off before it comes`() async throws {
        try await withHostile { relay, member in
            let peer = try await RawPeer.connect(relay, member)
            try await peer.greet()
            try await peer.sendLength(.max)
            guard case .goaway(let goaway) = try await peer.frame().body else {
                Issue.record("no goaway")
                return
            }
            #expect(goaway.code == .frameTooLarge)
            await peer.closed()
        }
    }

    @Test func `who sends what is no frame is told, and cut off`() async throws {
        try await withHostile { relay, member in
            let peer = try await RawPeer.connect(relay, member)
            try await peer.greet()
            try await peer.send([0xFF, 0xFF, 0xFF])
            guard case .goaway(let goaway) = try await peer.frame().body else {
                Issue.record("no goaway")
                return
            }
            #expect(goaway.code == .malformedFrame)
            await peer.closed()
        }
    }

    @Test func `who sends what is no frame again and again is let wait`() async throws {
        var limits = Self.limits
        limits.maxConnectionsPerMinute = 100
        try await TestRelay.with(limits: limits) { relay in
            let member = try await relay.organisation("hostile")
            // One that went well has taken one place of 100, each of these twenty.
            for _ in 0..<5 {
                let peer = try await RawPeer.connect(relay, member)
                try await peer.greet()
                try await peer.send([0xFF, 0xFF, 0xFF])
                await peer.closed()
            }
            let refused = try await rawConnection(relay)
            for _ in 0..<10_000 where relay.server.counters[.handshakesRefused] == 0 {
                _ = await relay.server.isResponsive()
            }
            #expect(relay.server.counters[.handshakesRefused] == 1)
            try await refused.close()
        }
    }

    @Test func `who leaves amid a frame leaves nothing behind`() async throws {
        try await withHostile { relay, member in
            let peer = try await RawPeer.connect(relay, member)
            try await peer.greet()
            try await peer.sendLength(1_000)
            try await peer.abort()
        }
    }

    @Test func `who floods is held off, and only they`() async throws {
        try await withHostile { relay, member in
            let other = try await relay.organisation("calm")
            let peer = try await RawPeer.connect(relay, member)
            try await peer.greet()
            var frame = WireFrame()
            frame.listTopics = WireListTopics()
            for id in 1...400 {
                frame.requestID = UInt64(id)
                try await peer.send(frame)
            }
            let calm = try await relay.connect(other)
            #expect(try await !calm.topics().isEmpty)
            await calm.close()
            #expect(relay.server.counters[.rateLimited] > 0)
            try await peer.abort()
        }
    }

    @Test func `who gives no credit and acknowledges nothing gets nothing, and keeps nobody waiting`() async throws {
        try await withHostile { relay, member in
            let peer = try await RawPeer.connect(relay, member)
            try await peer.greet()
            var subscribe = WireFrame()
            subscribe.requestID = 2
            subscribe.subscribe.durable = "greedy"
            var filter = WireFilter()
            filter.topics = ["#"]
            subscribe.subscribe.filters = [filter]
            try await peer.send(subscribe)
            guard case .subscribed = try await peer.frame().body else {
                Issue.record("not subscribed")
                return
            }
            let author = try await relay.connect(relay.admin)
            for number in 0..<20 { _ = try await author.publish(try relay.admin.lesson("Lesson \(number)").signed) }
            await author.close()
            var ping = WireFrame()
            ping.requestID = 3
            ping.ping = WirePing()
            try await peer.send(ping)
            guard case .pong = try await peer.frame().body else {
                Issue.record("something was sent without credit")
                return
            }
            try await peer.abort()
        }
    }
}
