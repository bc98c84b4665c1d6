import NIOCore
import NIOPosix
import TLS

/// What became of a connection, once it has ended.
struct ConnectionOutcome: Sendable {
    var completed: TLSHandshakeCompleted?
    var errors: [String] = []
    var tlsErrors: [TLSError] = []
    var received = ByteBuffer()
}

/// The application on one end of a real socket: keeps what it is told, can answer, and tells all when the channel ends.
final class SocketEndpoint: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    enum Behaviour {
        case keep
        /// Sends back what it receives and closes once it has received this many bytes.
        case echo(closeAfterBytes: Int)
        /// Sends this when the handshake is complete, and closes once it has received as many bytes.
        case sayAndClose(String)
    }

    private let behaviour: Behaviour
    private let ended: EventLoopPromise<ConnectionOutcome>
    private var outcome = ConnectionOutcome()

    init(_ behaviour: Behaviour, ended: EventLoopPromise<ConnectionOutcome>) {
        self.behaviour = behaviour
        self.ended = ended
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        outcome.received.writeImmutableBuffer(buffer)
        switch behaviour {
        case .keep: break
        case .echo(let limit):
            context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
            if outcome.received.readableBytes >= limit { context.close(promise: nil) }
        case .sayAndClose(let text):
            if outcome.received.readableBytes >= text.utf8.count { context.close(promise: nil) }
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard let event = event as? TLSHandshakeCompleted else { return }
        outcome.completed = event
        if case .sayAndClose(let text) = behaviour {
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        outcome.errors.append("\(error)")
        if let error = error as? TLSError { outcome.tlsErrors.append(error) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        ended.succeed(outcome)
    }
}

/// A server on a free port of the loopback that accepts connections for one test.
struct SocketServer {
    let channel: any Channel
    /// The outcome of the first connection.
    let firstOutcome: EventLoopFuture<ConnectionOutcome>

    var port: Int { channel.localAddress?.port ?? 0 }

    static var group: MultiThreadedEventLoopGroup { .singleton }

    /// - Parameter behaviour: of every connection; only the first one's outcome is kept.
    static func start(
        _ context: TLSContext, _ behaviour: SocketEndpoint.Behaviour
    ) async throws -> SocketServer {
        let first = group.any().makePromise(of: ConnectionOutcome.self)
        let channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([
                        TLSHandler(context: context), SocketEndpoint(behaviour, ended: first),
                    ])
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return SocketServer(channel: channel, firstOutcome: first.futureResult)
    }

    func stop() async throws {
        try await channel.close()
    }
}

/// Connects to the loopback.
/// - Returns: the outcome, once the connection has ended.
func connectSocket(
    port: Int, _ context: TLSContext, _ behaviour: SocketEndpoint.Behaviour
) async throws -> ConnectionOutcome {
    let ended = SocketServer.group.any().makePromise(of: ConnectionOutcome.self)
    do {
        _ = try await ClientBootstrap(group: SocketServer.group)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([
                        TLSHandler(context: context), SocketEndpoint(behaviour, ended: ended),
                    ])
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
    } catch {
        ended.fail(error)
    }
    return try await ended.futureResult.get()
}
