import NIOCore
import NIOEmbedded
import TLS
import Testing

/// `read` and writability pass through the handler both ways.
@Suite struct BackPressureTests {
    let pair: EmbeddedPair

    init() throws {
        let parties = try TestParties()
        pair = try EmbeddedPair(server: parties.server(), client: parties.client())
    }

    private func stopReading(_ side: EmbeddedPair.Side) throws {
        try side.channel.syncOptions?.setOption(.autoRead, value: false)
    }

    @Test func `the handshake reads by itself when the application does not`() throws {
        try stopReading(pair.server)
        try stopReading(pair.client)
        try pair.connect { 100 }
        #expect(pair.server.events.completed.count == 1)
        #expect(pair.server.probe.readCount > 0)
        #expect(pair.client.probe.readCount > 0)
    }

    @Test func `nothing is read while the application does not ask`() throws {
        try stopReading(pair.server)
        try pair.connect()
        let reads = pair.server.probe.readCount
        pair.server.channel.pipeline.fireChannelReadComplete()
        pair.server.channel.embeddedEventLoop.run()
        #expect(pair.server.probe.readCount == reads)
        pair.server.channel.read()
        #expect(pair.server.probe.readCount == reads + 1)
    }

    @Test func `one request of the application reads until there is plaintext`() throws {
        try stopReading(pair.server)
        try pair.connect()
        try pair.client.send("whole")
        var record = try #require(try pair.client.takeSent())
        let half = try #require(record.getSlice(at: record.readerIndex, length: 10))
        record.moveReaderIndex(forwardBy: 10)
        pair.server.channel.read()
        let reads = pair.server.probe.readCount
        try pair.server.channel.writeInbound(half)
        #expect(pair.server.probe.readCount == reads + 1)
        try pair.server.channel.writeInbound(record)
        #expect(pair.server.receivedText == "whole")
        #expect(pair.server.probe.readCount == reads + 1)
    }

    @Test func `the channel's writability is the application's`() throws {
        try pair.connect()
        pair.server.channel.isWritable = false
        pair.server.channel.pipeline.fireChannelWritabilityChanged()
        pair.server.channel.isWritable = true
        pair.server.channel.pipeline.fireChannelWritabilityChanged()
        #expect(pair.server.events.writability == [false, true])
    }
}
