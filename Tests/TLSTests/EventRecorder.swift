import NIOCore
import TLS

/// Keeps what `TLSHandler` tells the application, in order of kinds. Used on one event loop.
final class EventRecorder: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private(set) var completed: [TLSHandshakeCompleted] = []
    private(set) var errors: [TLSError] = []
    private(set) var otherErrors: [any Error] = []
    private(set) var received = ByteBuffer()
    private(set) var readCount = 0
    private(set) var inactiveCount = 0
    private(set) var writability: [Bool] = []
    /// Called for each buffer, after it has been kept.
    var onRead: ((ChannelHandlerContext) -> Void)?

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        readCount += 1
        received.writeImmutableBuffer(unwrapInboundIn(data))
        onRead?(context)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? TLSHandshakeCompleted { completed.append(event) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? TLSError { errors.append(error) } else { otherErrors.append(error) }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        writability.append(context.channel.isWritable)
    }

    func channelInactive(context: ChannelHandlerContext) {
        inactiveCount += 1
    }
}

/// Stands below `TLSHandler` and counts what it asks of the channel.
final class TransportProbe: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer

    private(set) var readCount = 0
    private(set) var writeCount = 0
    private(set) var flushCount = 0
    /// While true, writes are kept back and their promises stay open.
    var holdsWrites = false
    private var held: [(NIOAny, EventLoopPromise<Void>?)] = []

    func read(context: ChannelHandlerContext) {
        readCount += 1
        context.read()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        writeCount += 1
        if holdsWrites {
            held.append((data, promise))
        } else {
            context.write(data, promise: promise)
        }
    }

    func flush(context: ChannelHandlerContext) {
        flushCount += 1
        context.flush()
    }

    /// As if the transport had taken them.
    func releaseHeldWrites() {
        for (_, promise) in held { promise?.succeed() }
        held = []
    }

    func failHeldWrites(_ error: any Error) {
        for (_, promise) in held { promise?.fail(error) }
        held = []
    }
}
