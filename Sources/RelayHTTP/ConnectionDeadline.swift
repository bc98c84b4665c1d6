import NIOCore

/// Ends a connection after a time, whatever goes on on it: a peer that does not read, or that sends its request octet by
/// octet, would keep its place for ever.
final class ConnectionDeadline: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = Any

    /// Ample for any request here, on a slow line too.
    static let standard = TimeAmount.seconds(120)

    private let limit: TimeAmount
    private var end: Scheduled<Void>?

    init(after limit: TimeAmount = standard) { self.limit = limit }

    func handlerAdded(context: ChannelHandlerContext) {
        end = context.eventLoop.assumeIsolated().scheduleTask(in: limit) { context.close(mode: .all, promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end?.cancel()
        end = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        end?.cancel()
        end = nil
        context.fireChannelInactive()
    }
}
