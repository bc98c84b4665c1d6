import NIOCore
import NIOEmbedded
import TLS

/// A client and a server joined in memory. Bytes move, and time passes, only when a test says so.
final class EmbeddedPair {
    let client: Side
    let server: Side

    /// One end.
    final class Side {
        let channel = EmbeddedChannel()
        let events = EventRecorder()
        let probe = TransportProbe()
        /// All bytes that this side has sent.
        private(set) var sent = ByteBuffer()

        init(_ context: TLSContext, handshakeTimeout: Duration) throws {
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandler(probe)
            try pipeline.addHandler(TLSHandler(context: context, handshakeTimeout: handshakeTimeout))
            try pipeline.addHandler(events)
        }

        /// An embedded channel and its pipeline hold each other until the channel has closed.
        deinit {
            probe.holdsWrites = false
            probe.failHeldWrites(ChannelError.ioOnClosedChannel)
            channel.close(promise: nil)
            channel.embeddedEventLoop.advanceTime(by: .seconds(10))
        }

        func activate() throws {
            try channel.connect(to: SocketAddress(unixDomainSocketPath: "/in-memory")).wait()
        }

        func takeSent() throws -> ByteBuffer? {
            channel.embeddedEventLoop.run()
            var taken: ByteBuffer?
            while let buffer = try channel.readOutbound(as: ByteBuffer.self) {
                taken.setOrWriteImmutableBuffer(buffer)
                sent.writeImmutableBuffer(buffer)
            }
            return taken
        }

        func send(_ text: String) throws {
            try channel.writeOutbound(ByteBuffer(string: text))
        }

        var receivedText: String { String(buffer: events.received) }

        /// As the transport tells of its end.
        func transportEnds() {
            channel.pipeline.fireChannelInactive()
        }
    }

    init(server: TLSContext, client: TLSContext, handshakeTimeout: Duration = .seconds(10)) throws {
        self.server = try Side(server, handshakeTimeout: handshakeTimeout)
        self.client = try Side(client, handshakeTimeout: handshakeTimeout)
    }

    /// Makes both channels active and moves bytes until nothing more comes.
    func connect(chunk: () -> Int = { .max }) throws {
        try server.activate()
        try client.activate()
        try exchange(chunk: chunk)
    }

    /// Moves bytes both ways, in pieces of `chunk()` bytes, until both sides are silent. A side that has closed
    /// receives nothing more.
    func exchange(chunk: () -> Int = { .max }) throws {
        while true {
            let movedToServer = try move(from: client, to: server, chunk: chunk)
            let movedToClient = try move(from: server, to: client, chunk: chunk)
            if !movedToServer, !movedToClient { return }
        }
    }

    private func move(from: Side, to: Side, chunk: () -> Int) throws -> Bool {
        guard var bytes = try from.takeSent() else { return false }
        while bytes.readableBytes > 0, to.channel.isActive {
            guard let piece = bytes.readSlice(length: min(max(1, chunk()), bytes.readableBytes)) else { break }
            try to.channel.writeInbound(piece)
            to.channel.embeddedEventLoop.run()
        }
        return true
    }
}

/// The length of each TLS record in `bytes`, without its header.
func recordLengths(_ bytes: ByteBuffer) -> [Int] {
    var bytes = bytes
    var lengths: [Int] = []
    while let header = bytes.readBytes(length: 5) {
        let length = Int(header[3]) << 8 | Int(header[4])
        lengths.append(length)
        guard bytes.readableBytes >= length else { break }
        bytes.moveReaderIndex(forwardBy: length)
    }
    return lengths
}
