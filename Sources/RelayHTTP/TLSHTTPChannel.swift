import Hummingbird
package import HummingbirdCore
import Logging
import NIOCore
import PKI
package import Relay
import Synchronization
import TLS

/// HTTP/1.1 over the relay's own TLS.
struct TLSHTTPChannel: ServerChildChannel {
    typealias Value = HTTP1Channel.Value

    let base: HTTP1Channel
    /// Asked for each connection; nil refuses it.
    let tlsContext: @Sendable () -> TLSContext?
    let handshakeTimeout: Duration

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            guard let context = tlsContext() else { throw ChannelError.operationUnsupported }
            try channel.pipeline.syncOperations.addHandlers(
                TLSHandler(context: context, handshakeTimeout: handshakeTimeout), WholeClose(), PeerRecorder())
        }.flatMap {
            base.setup(channel: channel, logger: logger)
        }
    }

    func handle(value: Value, logger: Logger) async {
        await base.handle(value: value, logger: logger)
    }
}

/// TLS has no half-closed state here: who closes one direction closes the connection.
private final class WholeClose: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        context.close(mode: .all, promise: promise)
    }
}

/// Remembers whose certificate the connection was opened with, for the requests on it.
final class PeerRecorder: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer

    private let shown = Mutex<Certificate?>(nil)

    /// Nil when the client showed none.
    var certificate: Certificate? { shown.withLock { $0 } }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let completed = event as? TLSHandshakeCompleted { shown.withLock { $0 = completed.peer?.certificate } }
        context.fireUserInboundEventTriggered(event)
    }
}

extension HTTPServerBuilder {
    /// HTTP/1.1 over TLS with whatever context the relay has at the time of the connection.
    package static func est(_ service: EnrolmentService) -> HTTPServerBuilder {
        HTTPServerBuilder { responder in
            TLSHTTPChannel(
                base: HTTP1Channel(
                    responder: responder,
                    configuration: HTTP1Channel.Configuration(
                        additionalChannelHandlers: [ConnectionDeadline()], idleTimeout: idleTimeout,
                        httpDecoderConfiguration: .small)),
                tlsContext: { service.tlsContext }, handshakeTimeout: service.handshakeTimeout)
        }
    }
}
