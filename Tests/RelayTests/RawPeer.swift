import Foundation
import LessonModel
import NIOCore
import NIOPosix
import Relay
import RelayClient
import RelayTestSupport
import TLS
import Testing
import Wire

/// A client that sends whatever bytes a test wants, over real TLS with a member's certificate.
final class RawPeer: Sendable {
    private let channel: any Channel
    private let frames: AsyncStream<WireFrame>
    private let iterator: FrameReader

    static func connect(_ relay: TestRelay, _ identity: ClientIdentity) async throws -> RawPeer {
        let context = try TLSContext(
            client: .init(
                trust: .roots([identity.root]), serverName: "127.0.0.1", identity: (identity.chain, identity.key),
                alpnProtocols: ["lessons/1"]))
        return try await connect(relay, context, port: relay.addresses.port)
    }

    /// Somebody without a certificate on the enrolment port.
    static func stranger(_ relay: TestRelay) async throws -> RawPeer {
        let context = try TLSContext(
            client: .init(
                trust: .roots([relay.admin.root]), serverName: "127.0.0.1", identity: nil,
                alpnProtocols: ["lessons-enrol/1"]))
        return try await connect(relay, context, port: relay.addresses.enrolmentPort)
    }

    private static func connect(_ relay: TestRelay, _ context: TLSContext, port: Int) async throws -> RawPeer {
        let (frames, continuation) = AsyncStream<WireFrame>.makeStream()
        let channel = try await ClientBootstrap(group: relay.group)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([
                        TLSHandler(context: context), FrameCollector(continuation),
                    ])
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        return RawPeer(channel, frames)
    }

    private init(_ channel: any Channel, _ frames: AsyncStream<WireFrame>) {
        self.channel = channel
        self.frames = frames
        iterator = FrameReader(frames)
    }

    func greet() async throws {
        var hello = WireFrame()
        hello.hello.minVersion = 1
        hello.hello.maxVersion = 1
        try await send(hello)
        guard case .welcome = try await frame().body else { throw ClientError.protocolViolation("no welcome") }
    }

    func send(_ frame: WireFrame) async throws { try await channel.writeAndFlush(frame.encoded()) }

    func send(_ body: [UInt8]) async throws {
        var buffer = ByteBuffer()
        buffer.writeInteger(UInt32(body.count))
        buffer.writeBytes(body)
        try await channel.writeAndFlush(buffer)
    }

    func sendLength(_ length: UInt32) async throws { try await channel.writeAndFlush(ByteBuffer(integer: length)) }

    func frame() async throws -> WireFrame {
        guard let frame = await iterator.next() else { throw ClientError.disconnected("no frame came") }
        return frame
    }

    /// Returns once the relay has closed the connection.
    func closed() async { try? await channel.closeFuture.get() }

    /// Leaves without a word.
    func abort() async throws { try await channel.close() }

    /// Stops and begins reading from the socket.
    func setReading(_ isReading: Bool) async throws {
        try await channel.setOption(.autoRead, value: isReading).get()
    }
}

private actor FrameReader {
    private var iterator: AsyncStream<WireFrame>.Iterator

    init(_ frames: AsyncStream<WireFrame>) { iterator = frames.makeAsyncIterator() }

    func next() async -> WireFrame? {
        var copy = iterator
        let frame = await copy.next(isolation: self)
        iterator = copy
        return frame
    }
}

private final class FrameCollector: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let continuation: AsyncStream<WireFrame>.Continuation
    private var decoder = FrameDecoder()

    init(_ continuation: AsyncStream<WireFrame>.Continuation) { self.continuation = continuation }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        decoder.feed(unwrapInboundIn(data))
        do {
            while let body = try decoder.next() { continuation.yield(try WireFrame(decoding: body)) }
        } catch {
            context.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) { continuation.finish() }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
