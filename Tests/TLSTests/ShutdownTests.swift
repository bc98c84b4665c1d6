import NIOCore
import NIOEmbedded
import TLS
import Testing

/// Orderly and other ends.
@Suite struct ShutdownTests {
    let parties: TestParties
    let pair: EmbeddedPair

    init() throws {
        parties = try TestParties()
        pair = try EmbeddedPair(server: parties.server(), client: parties.client())
    }

    @Test func `an orderly close ends both sides without an error`() throws {
        try pair.connect()
        let closed = pair.client.channel.close()
        try pair.exchange()
        try closed.wait()
        for side in [pair.client, pair.server] {
            side.channel.embeddedEventLoop.run()
            #expect(!side.channel.isActive)
            #expect(side.events.errors.isEmpty && side.events.otherErrors.isEmpty)
            #expect(side.events.inactiveCount == 1)
        }
    }

    @Test func `close_notify is the last record of both sides`() throws {
        try pair.connect()
        let clientBytes = pair.client.sent.readableBytes
        let serverBytes = pair.server.sent.readableBytes
        pair.client.channel.close(promise: nil)
        try pair.exchange()
        // An alert of two bytes, its content type and the tag.
        let alertRecordBytes = 5 + 2 + 1 + 16
        #expect(pair.client.sent.readableBytes == clientBytes + alertRecordBytes)
        #expect(pair.server.sent.readableBytes == serverBytes + alertRecordBytes)
    }

    @Test func `what was flushed before a close still arrives`() throws {
        try pair.connect()
        pair.client.channel.writeAndFlush(ByteBuffer(string: "last words"), promise: nil)
        pair.client.channel.close(promise: nil)
        try pair.exchange()
        #expect(pair.server.receivedText == "last words")
        #expect(pair.server.events.errors.isEmpty)
    }

    @Test func `what was not flushed before a close fails`() throws {
        try pair.connect()
        let written = pair.client.channel.write(ByteBuffer(string: "never sent"))
        pair.client.channel.close(promise: nil)
        try pair.exchange()
        #expect(throws: ChannelError.ioOnClosedChannel) { try written.wait() }
        #expect(pair.server.receivedText == "")
    }

    @Test func `writing after a close fails`() throws {
        try pair.connect()
        pair.client.channel.close(promise: nil)
        #expect(throws: ChannelError.ioOnClosedChannel) {
            try pair.client.channel.writeAndFlush(ByteBuffer(string: "late")).wait()
        }
    }

    @Test func `the end of the transport without close_notify is told once`() throws {
        try pair.connect()
        pair.server.transportEnds()
        #expect(pair.server.events.errors == [.uncleanShutdown])
        #expect(pair.server.events.inactiveCount == 1)
        pair.server.transportEnds()
        #expect(pair.server.events.errors == [.uncleanShutdown])
    }

    @Test func `the end of the transport in the handshake is told once`() throws {
        try pair.server.activate()
        pair.server.transportEnds()
        pair.server.transportEnds()
        #expect(pair.server.events.errors == [.closedDuringHandshake])
    }

    @Test func `a reset of the transport is one error`() throws {
        try pair.connect()
        pair.server.channel.pipeline.fireErrorCaught(IOError(errnoCode: 104, reason: "read"))
        pair.server.transportEnds()
        #expect(pair.server.events.errors == [.uncleanShutdown])
        #expect(pair.server.events.otherErrors.isEmpty)
    }

    @Test func `the input's end on a channel with half-closure is the end`() throws {
        try pair.connect()
        pair.server.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        pair.server.channel.embeddedEventLoop.run()
        #expect(pair.server.events.errors == [.uncleanShutdown])
        #expect(!pair.server.channel.isActive)
    }

    @Test func `half of a connection cannot be closed`() throws {
        try pair.connect()
        #expect(throws: ChannelError.operationUnsupported) {
            try pair.client.channel.close(mode: .output).wait()
        }
        try pair.client.send("still open")
        try pair.exchange()
        #expect(pair.server.receivedText == "still open")
    }

    @Test func `a peer that does not read delays a close for no longer than its limit`() throws {
        try pair.connect()
        pair.client.probe.holdsWrites = true
        pair.client.channel.close(promise: nil)
        pair.client.channel.embeddedEventLoop.advanceTime(by: .milliseconds(4999))
        #expect(pair.client.channel.isActive)
        pair.client.channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        #expect(!pair.client.channel.isActive)
        #expect(pair.client.events.errors.isEmpty)
    }

    @Test func `a close completes when the transport ends before its close_notify is written`() throws {
        try pair.connect()
        pair.client.probe.holdsWrites = true
        let closed = pair.client.channel.close()
        pair.client.channel.embeddedEventLoop.advanceTime(by: .seconds(5))
        pair.client.probe.failHeldWrites(ChannelError.ioOnClosedChannel)
        pair.client.channel.embeddedEventLoop.run()
        try closed.wait()
    }

    @Test func `a second close completes with the first`() throws {
        try pair.connect()
        pair.client.probe.holdsWrites = true
        let first = pair.client.channel.close()
        let second = pair.client.channel.close()
        #expect(pair.client.channel.isActive)
        pair.client.probe.releaseHeldWrites()
        pair.client.channel.embeddedEventLoop.run()
        try first.wait()
        try second.wait()
    }

    @Test func `a close from within a read delivers nothing after it`() throws {
        try pair.connect()
        pair.server.events.onRead = { $0.close(promise: nil) }
        try pair.client.send("first")
        let first = try #require(try pair.client.takeSent())
        try pair.client.send("second")
        let second = try #require(try pair.client.takeSent())
        try pair.server.channel.writeInbound(first)
        pair.server.channel.pipeline.fireChannelRead(second)
        #expect(pair.server.receivedText == "first")
        #expect(pair.server.events.errors.isEmpty)
    }
}
