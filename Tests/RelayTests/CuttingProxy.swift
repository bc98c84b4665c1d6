import NIOCore
import NIOPosix
import Synchronization

/// Stands between a client and the relay, and cuts a connection after a number of bytes, as often as it is told to.
final class CuttingProxy: Sendable {
    private let listener: any Channel
    private let cuts: Mutex<Int>
    let port: Int

    /// How many cuts are still to come.
    var cutsLeft: Int { cuts.withLock { $0 } }

    static func start(to relayPort: Int, cuts: Int, afterBytes limit: Int, group: any EventLoopGroup) async throws
        -> CuttingProxy
    {
        let box = Box()
        let listener = try await ServerBootstrap(group: group)
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { client in
                ClientBootstrap(group: client.eventLoop).channelOption(.autoRead, value: false)
                    .connect(host: "127.0.0.1", port: relayPort)
                    .flatMapThrowing { relay in
                        try client.pipeline.syncOperations.addHandler(
                            Glue(to: relay, limit: limit) { box.takeCut() })
                        try relay.pipeline.syncOperations.addHandler(Glue(to: client, limit: limit) { box.takeCut() })
                        relay.read()
                    }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let proxy = CuttingProxy(listener, cuts)
        box.proxy.withLock { $0 = proxy }
        return proxy
    }

    private init(_ listener: any Channel, _ cuts: Int) {
        self.listener = listener
        self.cuts = Mutex(cuts)
        port = listener.localAddress?.port ?? 0
    }

    func stop() async { try? await listener.close() }

    private func takeCut() -> Bool {
        cuts.withLock { left in
            guard left > 0 else { return false }
            left -= 1
            return true
        }
    }

    private final class Box: Sendable {
        let proxy = Mutex<CuttingProxy?>(nil)

        func takeCut() -> Bool { proxy.withLock { $0 }?.takeCut() ?? false }
    }

    /// Hands bytes on; both ends are on one event loop.
    private final class Glue: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let other: any Channel
        private let limit: Int
        private let takeCut: @Sendable () -> Bool
        private var bytes = 0

        init(to other: any Channel, limit: Int, takeCut: @escaping @Sendable () -> Bool) {
            self.other = other
            self.limit = limit
            self.takeCut = takeCut
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let buffer = unwrapInboundIn(data)
            bytes += buffer.readableBytes
            if bytes > limit, takeCut() {
                other.close(promise: nil)
                context.close(promise: nil)
                return
            }
            let channel = context.channel
            other.writeAndFlush(buffer).whenComplete { _ in channel.read() }
        }

        func channelActive(context: ChannelHandlerContext) { context.read() }

        func channelInactive(context: ChannelHandlerContext) { other.close(promise: nil) }
    }
}
