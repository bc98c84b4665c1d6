import NIOCore
import NIOEmbedded
import TLS
import TestSupport
import Testing

/// How plaintext becomes records, writes and promises.
@Suite struct RecordTests {
    let pair: EmbeddedPair

    init() throws {
        let parties = try TestParties()
        pair = try EmbeddedPair(server: parties.server(), client: parties.client())
        try pair.connect()
    }

    /// The records that the server sent since `start`.
    private func recordsSent(since start: Int) -> [Int] {
        var sent = pair.server.sent
        sent.moveReaderIndex(forwardBy: start)
        return recordLengths(sent)
    }

    @Test func `many small writes of one flush leave in full records and one write`() throws {
        let start = pair.server.sent.readableBytes
        let writes = pair.server.probe.writeCount
        var expected = ByteBuffer()
        for index in 0..<40 {
            let message = ByteBuffer(repeating: UInt8(index), count: 1024)
            expected.writeImmutableBuffer(message)
            pair.server.channel.write(message, promise: nil)
        }
        pair.server.channel.flush()
        try pair.exchange()
        // 40 KiB: two full records and the rest; each has 17 bytes of its own after the header.
        #expect(recordsSent(since: start) == [16384 + 17, 16384 + 17, 8192 + 17])
        #expect(pair.server.probe.writeCount == writes + 1)
        #expect(pair.client.events.received == expected)
    }

    @Test func `nothing leaves before the flush`() throws {
        let writes = pair.server.probe.writeCount
        pair.server.channel.write(ByteBuffer(string: "wait"), promise: nil)
        #expect(pair.server.probe.writeCount == writes)
        #expect(try pair.server.takeSent() == nil)
        pair.server.channel.flush()
        try pair.exchange()
        #expect(pair.client.receivedText == "wait")
    }

    @Test func `large and small writes in any mixture arrive as they were written`() throws {
        var random = SeededRandom(for: "large and small writes")
        for _ in 0..<50 {
            var expected = ByteBuffer()
            for _ in 0..<Int.random(in: 1...12, using: &random) {
                let sizes = [0, 1, 2, 1000, 16382, 16383, 16384, 16385, 16386, 32768, 40000]
                let count = sizes[Int.random(in: 0..<sizes.count, using: &random)]
                let message = ByteBuffer(
                    bytes: (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) })
                expected.writeImmutableBuffer(message)
                pair.server.channel.write(message, promise: nil)
            }
            pair.server.channel.flush()
            let before = pair.client.events.received.readableBytes
            try pair.exchange { Int.random(in: 1...20000, using: &random) }
            var received = pair.client.events.received
            received.moveReaderIndex(forwardBy: before)
            #expect(received == expected)
        }
    }

    @Test func `every promise of a flush completes with its write, in order`() throws {
        pair.server.probe.holdsWrites = true
        var completed: [Int] = []
        for index in 0..<3 {
            let promise = pair.server.channel.eventLoop.makePromise(of: Void.self)
            promise.futureResult.assumeIsolated().whenSuccess { completed.append(index) }
            pair.server.channel.write(ByteBuffer(string: "x"), promise: promise)
        }
        pair.server.channel.flush()
        #expect(completed.isEmpty)
        pair.server.probe.releaseHeldWrites()
        #expect(completed == [0, 1, 2])
    }

    @Test func `every promise of a flush fails when its write fails`() throws {
        pair.server.probe.holdsWrites = true
        let futures = (0..<3).map { _ in pair.server.channel.write(ByteBuffer(string: "x")) }
        pair.server.channel.flush()
        pair.server.probe.failHeldWrites(ChannelError.eof)
        for future in futures {
            #expect(throws: ChannelError.eof) { try future.wait() }
        }
    }

    @Test func `an empty write completes`() throws {
        try pair.server.channel.writeAndFlush(ByteBuffer()).wait()
        try pair.exchange()
        #expect(pair.client.events.readCount == 0)
        #expect(pair.client.events.errors.isEmpty)
    }

    @Test func `a large write does not wait for its flush to be told to the channel`() throws {
        let writes = pair.server.probe.writeCount
        for _ in 0..<64 { pair.server.channel.write(ByteBuffer(repeating: 7, count: 1024), promise: nil) }
        #expect(pair.server.probe.writeCount == writes + 1)
        #expect(pair.server.probe.flushCount == 1)
    }
}
