import NIOCore
import Synchronization
import TLS
import TestSupport

/// Sends `byteCount` bytes of an endless repetition of a block, in pieces of random sizes, and checks that the peer's are the
/// same; `done` once both are through.
final class StreamPeer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    struct WrongByte: Error { let near: Int }
    struct EndedEarly: Error { let sent, received: Int }

    private let block: ByteBuffer
    private let byteCount: Int
    private var random: SeededRandom
    private let done: EventLoopPromise<Void>
    private var sent = 0
    private var received = 0

    init(_ block: ByteBuffer, byteCount: Int, seed: UInt64, done: EventLoopPromise<Void>) {
        self.block = block
        self.byteCount = byteCount
        random = SeededRandom(seed: seed)
        self.done = done
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is TLSHandshakeCompleted { send(context) }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        send(context)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = unwrapInboundIn(data)
        while buffer.readableBytes > 0 {
            let expected = piece(at: received, atMost: buffer.readableBytes)
            guard buffer.readSlice(length: expected.readableBytes) == expected else {
                done.fail(WrongByte(near: received))
                return context.close(promise: nil)
            }
            received += expected.readableBytes
        }
        finishIfDone()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        done.fail(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        done.fail(EndedEarly(sent: sent, received: received))
    }

    private func send(_ context: ChannelHandlerContext) {
        while sent < byteCount, context.channel.isWritable {
            // A few writes to a flush; sizes from a byte to several records.
            for _ in 0..<Int.random(in: 1...6, using: &random) where sent < byteCount {
                let size = 1 << Int.random(in: 0...16, using: &random)
                let next = piece(at: sent, atMost: min(byteCount - sent, Int.random(in: 1...size, using: &random)))
                sent += next.readableBytes
                context.write(wrapOutboundOut(next), promise: nil)
            }
            context.flush()
        }
        finishIfDone()
    }

    private func piece(at offset: Int, atMost count: Int) -> ByteBuffer {
        let start = offset % block.readableBytes
        return block.getSlice(at: start, length: min(count, block.readableBytes - start)) ?? ByteBuffer()
    }

    private func finishIfDone() {
        if sent == byteCount, received == byteCount { done.succeed() }
    }
}

/// Writes for as long as the channel takes it, and tells when it does not, and when it does again.
final class EagerWriter: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let blocked: EventLoopPromise<Int>
    private let resumed: EventLoopPromise<Void>
    private let message = ByteBuffer(repeating: 42, count: 4096)
    private var written = 0
    private var isBlocked = false

    /// - Parameter blocked: with the bytes written until then.
    init(blocked: EventLoopPromise<Int>, resumed: EventLoopPromise<Void>) {
        self.blocked = blocked
        self.resumed = resumed
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is TLSHandshakeCompleted else { return }
        write(context)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if isBlocked, context.channel.isWritable { resumed.succeed() }
    }

    /// One message in a turn of the loop, so that the channel tells of its own state between them.
    private func write(_ context: ChannelHandlerContext) {
        guard context.channel.isWritable, written < 256 << 20 else {
            isBlocked = true
            return blocked.succeed(written)
        }
        written += message.readableBytes
        context.writeAndFlush(wrapOutboundOut(message), promise: nil)
        context.eventLoop.assumeIsolated().execute { self.write(context) }
    }
}

/// Counts received bytes where another thread can ask for them.
final class ByteCounter: Sendable {
    private let bytes = Mutex(0)

    var count: Int { bytes.withLock { $0 } }
    var handler: any ChannelHandler { Handler(counter: self) }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let counter: ByteCounter

        init(counter: ByteCounter) { self.counter = counter }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let count = unwrapInboundIn(data).readableBytes
            counter.bytes.withLock { $0 += count }
        }
    }
}
