import Foundation
import LessonModel
import Logging
import NIOCore
import NIOEmbedded
import TLS
import TestSupport
import Testing
import Wire

@testable import RelayClient

/// The handler on a channel without TLS and with a clock that the test moves.
private struct Line {
    let channel = EmbeddedChannel()
    let events = StreamEvents()
    let handler: ConnectionHandler
    let welcomed: EventLoopFuture<WireWelcome>

    init(timeout: TimeAmount = .seconds(10)) throws {
        var hello = WireHello()
        hello.minVersion = 1
        hello.maxVersion = 1
        let promise = channel.embeddedEventLoop.makePromise(of: WireWelcome.self)
        welcomed = promise.futureResult
        handler = ConnectionHandler(
            opening: .init(
                address: RelayAddress(host: "relay.test", port: 7_440), applicationProtocol: "lessons/1", hello: hello,
                timeout: timeout),
            welcomed: promise, events: events, logger: Logger(label: "test"))
        try channel.pipeline.syncOperations.addHandler(handler)
        channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
    }

    /// Through handshake and Welcome.
    static func open(_ change: (inout WireWelcome) -> Void = { _ in }) throws -> Line {
        let line = try Line()
        line.completeHandshake()
        _ = try line.sent()
        try line.receive(.welcome(welcome(change)), to: 1)
        _ = try line.welcomed.wait()
        return line
    }

    static func welcome(_ change: (inout WireWelcome) -> Void = { _ in }) -> WireWelcome {
        var welcome = WireWelcome()
        welcome.version = 1
        welcome.relayID = Data(repeating: 1, count: 16)
        welcome.limits.maxPublishesInFlight = 4
        welcome.limits.maxRequestsInFlight = 4
        change(&welcome)
        return welcome
    }

    func completeHandshake(_ applicationProtocol: String? = "lessons/1") {
        channel.pipeline.fireUserInboundEventTriggered(
            TLSHandshakeCompleted(
                peer: nil, applicationProtocol: applicationProtocol, version: "TLSv1.3", cipherSuite: "test"))
        channel.embeddedEventLoop.run()
    }

    func receive(_ body: WireFrame.OneOf_Body?, to requestID: UInt64 = 0) throws {
        var frame = WireFrame()
        frame.requestID = requestID
        frame.body = body
        try channel.writeInbound(frame.encoded())
        channel.embeddedEventLoop.run()
    }

    func sent() throws -> [WireFrame] {
        channel.embeddedEventLoop.run()
        var decoder = FrameDecoder()
        while let bytes = try channel.readOutbound(as: ByteBuffer.self) { decoder.feed(bytes) }
        var frames: [WireFrame] = []
        while let body = try decoder.next() { frames.append(try WireFrame(decoding: body)) }
        return frames
    }

    /// Why it ended; nil while it is open.
    var ending: ClientError? {
        get async {
            var last: ClientError?
            while events.isReady, let event = await events.next() {
                if case .closed(let error) = event { last = error }
            }
            return last
        }
    }

    func submit(_ body: WireFrame.OneOf_Body, id: UInt64) -> PendingResponse {
        let response = PendingResponse()
        handler.submit(
            RequestTable.Waiting(id: id, frame: WireFrame(requestID: id, body).encoded(), response: response),
            kind: .other)
        channel.embeddedEventLoop.run()
        return response
    }
}

private let stored = StoredPost(
    sequence: 3, receivedAt: 1,
    post: SignedPost(content: [1, 2, 3], signature: [4], certificateFingerprint: [UInt8](repeating: 5, count: 32)))

private func frameBytes(_ stored: StoredPost) -> Int {
    var buffer = ByteBuffer()
    DeliverEncoder.write(stored, into: &buffer)
    return buffer.readableBytes
}

private func deliver(_ stored: StoredPost) -> WireFrame.OneOf_Body {
    var deliver = WireDeliver()
    deliver.post = WireStoredPost(stored)
    return .deliver(deliver)
}

private func caughtUp(_ through: SequenceNumber) -> WireFrame.OneOf_Body {
    var body = WireCaughtUp()
    body.through = through
    return .caughtUp(body)
}

@Suite struct ConnectionHandlerTests {
    @Test func `Hello is sent after the handshake and not before`() throws {
        let line = try Line()
        #expect(try line.sent().isEmpty)
        line.completeHandshake()
        let frames = try line.sent()
        #expect(frames.count == 1)
        guard case .hello(let hello) = frames.first?.body else {
            Issue.record("no Hello")
            return
        }
        #expect(hello.maxVersion == 1)
    }

    @Test func `another application protocol is no relay`() async throws {
        let line = try Line()
        line.completeHandshake("h2")
        #expect(throws: ClientError.self) { try line.welcomed.wait() }
        guard case .unreachable = await line.ending else {
            Issue.record("not told as unreachable")
            return
        }
    }

    @Test func `a relay that does not say Welcome in time is given up`() async throws {
        let line = try Line(timeout: .seconds(3))
        line.completeHandshake()
        line.channel.embeddedEventLoop.advanceTime(by: .seconds(3))
        #expect(throws: ClientError.unreachable("relay.test:7440 did not answer in time")) { try line.welcomed.wait() }
    }

    @Test(arguments: [
        (WireFrame.OneOf_Body.ping(WirePing()), false), (.published(WirePublished()), true), (.done(WireDone()), true),
    ]) func `before Welcome nothing but Welcome opens the connection`(
        body: WireFrame.OneOf_Body, ends: Bool
    ) async throws {
        let line = try Line()
        line.completeHandshake()
        try line.receive(body, to: 1)
        #expect((await line.ending != nil) == ends)
    }

    @Test func `a Welcome with a version that nobody offered, or without the relay's id, is refused`() async throws {
        for change in [{ $0.version = 2 }, { $0.relayID = Data([1]) }] as [(inout WireWelcome) -> Void] {
            let line = try Line()
            line.completeHandshake()
            try line.receive(.welcome(Line.welcome(change)), to: 1)
            guard case .protocolViolation = await line.ending else {
                Issue.record("accepted")
                continue
            }
        }
    }

    @Test func `frames that arrive byte by byte are the same as frames that arrive at once`() async throws {
        var bytes = WireFrame(requestID: 1, .welcome(Line.welcome { $0.limits.maxFrameBytes = 4_096 })).encoded()
        for sequence in 1...3 { WireFrame(requestID: 0, caughtUp(Int64(sequence))).write(into: &bytes) }
        for step in [1, 2, 7, bytes.readableBytes] {
            let line = try Line()
            line.completeHandshake()
            var rest = bytes
            while rest.readableBytes > 0 {
                let part = rest.readSlice(length: min(step, rest.readableBytes))
                try line.channel.writeInbound(#require(part))
            }
            _ = try await line.welcomed.get()
            #expect(
                await line.events.nextBatch()
                    == [.caughtUp(through: 1), .caughtUp(through: 2), .caughtUp(through: 3)], "step \(step)")
        }
    }

    @Test func `the frame limit of Welcome counts from the next frame on`() async throws {
        let line = try Line.open { $0.limits.maxFrameBytes = 100 }
        try line.channel.writeInbound(ByteBuffer(bytes: [0, 0, 0, 101]))
        guard case .protocolViolation = await line.ending else {
            Issue.record("the longer frame was accepted")
            return
        }
    }

    @Test func `a length over a mebibyte is refused before anything of the frame is kept`() async throws {
        let line = try Line()
        line.completeHandshake()
        try line.channel.writeInbound(ByteBuffer(bytes: [0xFF, 0xFF, 0xFF, 0xFF]))
        guard case .protocolViolation = await line.ending else {
            Issue.record("accepted")
            return
        }
    }

    @Test func `unknown frames and unknown answers leave the connection open`() async throws {
        let line = try Line.open()
        let response = line.submit(.listTopics(WireListTopics()), id: 2)
        // A body of a later version: field 99, two bytes.
        try line.channel.writeInbound(ByteBuffer(bytes: [0, 0, 0, 5, 0x9A, 0x06, 0x02, 1, 2]))
        try line.receive(.done(WireDone()), to: 77)
        try line.receive(.error(WireError(.invalid, "of nothing")), to: 78)
        try line.receive(.topicList(WireTopicList()), to: 2)
        #expect(try await response.value() == .topicList(WireTopicList()))
        #expect(await line.ending == nil)
    }

    @Test func `an answer of a kind that is not known fails its request alone`() async throws {
        let line = try Line.open()
        let response = line.submit(.listTopics(WireListTopics()), id: 2)
        try line.receive(nil, to: 2)
        await #expect(throws: ClientError.self) { try await response.value() }
        #expect(await line.ending == nil)
    }

    @Test func `an Error frame fails its request with the relay's code and words`() async throws {
        let line = try Line.open()
        let response = line.submit(.listTopics(WireListTopics()), id: 2)
        let error = WireError(.forbidden, "you may not", field: "topic")
        try line.receive(.error(error), to: 2)
        await #expect(throws: ClientError.request(error)) { try await response.value() }
    }

    @Test func `posts within the credit are delivered, one more ends the connection`() async throws {
        let line = try Line.open()
        line.handler.noteCredit(posts: 2, bytes: 1_000)
        for _ in 0..<2 { try line.receive(deliver(stored)) }
        let event = StreamEvent.post(stored, frameBytes: frameBytes(stored))
        #expect(await line.events.nextBatch() == [event, event])
        try line.receive(deliver(stored))
        guard case .protocolViolation = await line.ending else {
            Issue.record("a post without credit was taken")
            return
        }
    }

    @Test func `a flood of notices ends the connection instead of filling the memory`() async throws {
        let line = try Line.open()
        for sequence in 0..<30_000 where line.channel.isActive {
            try line.receive(caughtUp(Int64(sequence)))
        }
        #expect(!line.channel.isActive)
        #expect(line.events.count <= 2 * ConnectionHandler.maxOtherEvents + 1)
    }

    @Test func `a ping is answered with what it carried`() throws {
        let line = try Line.open()
        var ping = WirePing()
        ping.data = Data([1, 2, 3])
        try line.receive(.ping(ping), to: 9)
        let frames = try line.sent()
        var pong = WirePong()
        pong.data = Data([1, 2, 3])
        #expect(frames == [WireFrame(requestID: 9, .pong(pong))])
    }

    @Test func `a silent line is kept alive, and given up when the relay is gone`() async throws {
        let line = try Line.open { $0.keepaliveMs = 10_000 }
        line.channel.embeddedEventLoop.advanceTime(by: .milliseconds(4_900))
        #expect(try line.sent().isEmpty)
        line.channel.embeddedEventLoop.advanceTime(by: .milliseconds(200))
        guard case .ping = try line.sent().first?.body else {
            Issue.record("no ping")
            return
        }
        try line.receive(.pong(WirePong()), to: .max)
        line.channel.embeddedEventLoop.advanceTime(by: .seconds(12))
        #expect(await line.ending == nil)
        line.channel.embeddedEventLoop.advanceTime(by: .seconds(20))
        guard case .disconnected = await line.ending else {
            Issue.record("a relay that is gone was not noticed")
            return
        }
    }

    @Test func `a Goaway is told with its reason, and later requests fail with it`() async throws {
        let line = try Line.open()
        let earlier = line.submit(.listTopics(WireListTopics()), id: 2)
        var goaway = WireGoaway()
        goaway.code = .draining
        goaway.reason = "restart"
        goaway.retryAfterMs = 2_000
        try line.receive(.goaway(goaway))
        #expect(await line.events.next() == .goaway(code: .draining, reason: "restart", retryAfter: .seconds(2)))
        let refusal = ClientError.refused(code: .draining, reason: "restart", retryAfter: .seconds(2))
        let later = line.submit(.listTopics(WireListTopics()), id: 3)
        await #expect(throws: refusal) { try await later.value() }
        // What was asked before may still be answered.
        try line.receive(.topicList(WireTopicList()), to: 2)
        #expect(try await earlier.value() == .topicList(WireTopicList()))
        line.channel.close(promise: nil)
        #expect(await line.ending == refusal)
    }

    @Test func `a relay that says Goaway and stays is left`() async throws {
        let line = try Line.open()
        try line.receive(.goaway(WireGoaway()))
        line.channel.embeddedEventLoop.advanceTime(by: ConnectionHandler.closeTimeout)
        #expect(!line.channel.isActive)
    }

    @Test func `random bytes end the connection at most`() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededRandom(seed: seed)
        for round in 0..<300 {
            let line = try Line.open()
            line.handler.noteCredit(posts: 100, bytes: 1 << 20)
            var bytes = ByteBuffer()
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let count = Int.random(in: 0...40, using: &random)
                // Mostly right lengths, so that the bodies are looked at.
                bytes.writeInteger(
                    UInt32(count + (Bool.random(using: &random) ? 0 : Int.random(in: 0...9, using: &random))))
                for _ in 0..<count { bytes.writeInteger(UInt8.random(in: 0...255, using: &random)) }
            }
            try line.channel.writeInbound(bytes)
            let ending = await line.ending
            #expect(ending == nil || ending?.code == nil || !line.channel.isActive, "seed \(seed), round \(round)")
        }
    }
}
