package import NIOCore

/// Speaks TLS below the handlers that follow: they read and write plaintext `ByteBuffer`s.
///
/// - Fires `TLSHandshakeCompleted` once the handshake is complete, and nothing inbound before that but `channelActive`.
/// - On any failure fires one `errorCaught` with a `TLSError`, after the peer's alert has been written, and closes.
/// - All that is written between two flushes leaves in records of up to 16 KiB and in one write; each of the writes'
///   promises completes with it. Writability is the channel's own: a writer that stops while the channel is not
///   writable keeps memory within the channel's high watermark.
/// - While the application does not call `read` (autoRead off), no more is read from the channel; what one read brought is
///   delivered.
/// - `close` sends close_notify and closes when that has been written, at the latest after `closeTimeout`. The peer's
///   close_notify is answered with one, then the channel closes. There is no half-closed state.
package final class TLSHandler: ChannelDuplexHandler {
    package typealias InboundIn = ByteBuffer
    package typealias InboundOut = ByteBuffer
    package typealias OutboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    /// A failure or close leads from every state to `closing`, the end of the channel to `closed`.
    private enum State {
        /// The channel is not active yet; becoming active leads to `handshaking`.
        case idle
        /// Completion leads to `established`.
        case handshaking
        case established
        /// The last bytes are on their way; whatever is received is dropped.
        case closing
        case closed
    }

    private let tlsContext: TLSContext
    private let handshakeTimeout: Duration
    private let closeTimeout: Duration
    private var state = State.idle
    /// From the start of the handshake to the end of the channel.
    private var connection: TLSConnection?
    private var pending = PendingWrites()
    /// The application flushed before the handshake was complete.
    private var flushIsDue = false
    /// The application asked for data and has had none since.
    private var readIsDue = false
    /// Bytes of the protocol's own answers since the channel was last writable.
    private var unsentReplyBytes = 0
    /// The handshake's, later the close's deadline; its closure holds this handler until it is cancelled or has run.
    private var deadline: Scheduled<Void>?

    /// - Parameters:
    ///   - handshakeTimeout: from the active channel to the completed handshake.
    ///   - closeTimeout: how long a peer that does not read can delay a close.
    package init(
        context: TLSContext, handshakeTimeout: Duration = .seconds(10), closeTimeout: Duration = .seconds(5)
    ) {
        tlsContext = context
        self.handshakeTimeout = handshakeTimeout
        self.closeTimeout = closeTimeout
    }

    /// How many bytes can be written before the handshake is complete; more fail the connection.
    package static let maxBytesBeforeHandshake = 1 << 20
    /// From this many bytes on, writes are encrypted and handed on before the flush, so that writability tells of them.
    private static let maxGatheredBytes = 64 * 1024
    /// A peer that makes us answer while it reads nothing is cut off here.
    private static let maxUnsentReplyBytes = 64 * 1024

    // MARK: Beginning and end

    package func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { begin(context) }
    }

    package func channelActive(context: ChannelHandlerContext) {
        // First, since beginning may close the channel.
        context.fireChannelActive()
        if case .idle = state { begin(context) }
    }

    package func channelInactive(context: ChannelHandlerContext) {
        let previous = state
        end()
        switch previous {
        case .handshaking: context.fireErrorCaught(TLSError.closedDuringHandshake)
        case .established: context.fireErrorCaught(TLSError.uncleanShutdown)
        case .idle, .closing, .closed: break
        }
        context.fireChannelInactive()
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        end()
    }

    private func begin(_ context: ChannelHandlerContext) {
        state = .handshaking
        do throws(TLSError) {
            connection = try TLSConnection(tlsContext)
        } catch {
            return fail(error, context)
        }
        schedule(handshakeTimeout, context) { handler, context in
            guard case .handshaking = handler.state else { return }
            handler.fail(.handshakeTimeout, context)
        }
        continueHandshake(context)
        if case .handshaking = state { context.read() }
    }

    private func end() {
        state = .closed
        deadline?.cancel()
        deadline = nil
        connection = nil
        pending.fail(ChannelError.ioOnClosedChannel)
    }

    private func schedule(
        _ delay: Duration, _ context: ChannelHandlerContext,
        _ action: @escaping (TLSHandler, ChannelHandlerContext) -> Void
    ) {
        deadline?.cancel()
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(delay)) {
            action(self, context)
        }
    }

    // MARK: Inbound

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard let connection else { return }
        switch state {
        case .handshaking:
            connection.receive(unwrapInboundIn(data))
            continueHandshake(context)
        case .established:
            connection.receive(unwrapInboundIn(data))
            deliver(from: connection, context)
        case .idle, .closing, .closed:
            break
        }
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        // With autoRead on, the channel reads on by itself. Off, the handshake needs bytes that nobody asks for, and
        // bytes that made no plaintext do not count as what the application asked for.
        if case .handshaking = state { context.read() } else if readIsDue { context.read() }
        context.fireChannelReadComplete()
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event {
            // A channel that allows half-closure: nothing will follow, so it is the end as well.
            switch state {
            case .handshaking: fail(.closedDuringHandshake, context)
            case .established: fail(.uncleanShutdown, context)
            case .idle, .closing, .closed: break
            }
        }
        context.fireUserInboundEventTriggered(event)
    }

    package func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { unsentReplyBytes = 0 }
        context.fireChannelWritabilityChanged()
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The channel tells of a reset and then becomes inactive. One error is enough.
        switch state {
        case .handshaking: fail(.closedDuringHandshake, context)
        case .established: fail(.uncleanShutdown, context)
        case .idle: context.fireErrorCaught(error)
        case .closing, .closed: break
        }
    }

    private func continueHandshake(_ context: ChannelHandlerContext) {
        guard let connection else { return }
        let isComplete: Bool
        do throws(TLSError) {
            isComplete = try connection.handshake()
        } catch {
            return fail(error, context)
        }
        guard isComplete else {
            sendOutbound(of: connection, context)
            return
        }
        state = .established
        deadline?.cancel()
        deadline = nil
        // What waits leaves together with the end of the handshake.
        if flushIsDue {
            encryptPending(context)
            context.flush()
        }
        sendOutbound(of: connection, context)
        guard case .established = state else { return }
        context.fireUserInboundEventTriggered(connection.completedHandshake())
        if connection.hasUnreadInbound { deliver(from: connection, context) }
    }

    /// Decrypts and delivers all that was received.
    private func deliver(from connection: TLSConnection, _ context: ChannelHandlerContext) {
        while case .established = state {
            var plaintext = context.channel.allocator.buffer(capacity: connection.plaintextBytesExpected)
            let outcome = connection.read(into: &plaintext)
            if let reply = connection.takeOutbound() { send(reply: reply, context) }
            if plaintext.readableBytes > 0, case .established = state {
                readIsDue = false
                context.fireChannelRead(wrapInboundOut(plaintext))
            }
            switch outcome {
            case .full: continue
            case .needsMore: return
            case .closed:
                if case .established = state { close(context, promise: nil) }
            case .failed(let error):
                fail(error, context)
            }
            return
        }
    }

    // MARK: Outbound

    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let buffer = unwrapOutboundIn(data)
        switch state {
        case .idle, .handshaking:
            guard pending.byteCount + buffer.readableBytes <= Self.maxBytesBeforeHandshake else {
                let error = TLSError.tooMuchWrittenBeforeHandshake(limitBytes: Self.maxBytesBeforeHandshake)
                promise?.fail(error)
                return fail(error, context)
            }
            pending.append(buffer, promise: promise)
        case .established:
            pending.append(buffer, promise: promise)
            if pending.byteCount >= Self.maxGatheredBytes { encryptPending(context) }
        case .closing, .closed:
            promise?.fail(ChannelError.ioOnClosedChannel)
        }
    }

    package func flush(context: ChannelHandlerContext) {
        switch state {
        case .idle, .handshaking:
            flushIsDue = true
        case .established:
            encryptPending(context)
            context.flush()
        case .closing, .closed:
            context.flush()
        }
    }

    package func read(context: ChannelHandlerContext) {
        readIsDue = true
        context.read()
    }

    package func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard mode == .all else {
            promise?.fail(ChannelError.operationUnsupported)
            return
        }
        switch state {
        case .established:
            close(context, promise: promise)
        case .closing:
            context.channel.closeFuture.cascade(to: promise)
        case .idle, .handshaking, .closed:
            end()
            context.close(promise: promise)
        }
    }

    /// Encrypts what waits and writes it on, without a flush.
    private func encryptPending(_ context: ChannelHandlerContext) {
        guard !pending.isEmpty, let connection else { return }
        connection.reserveOutbound(
            forPlaintextBytes: pending.byteCount, allocator: context.channel.allocator)
        guard pending.encrypt(with: connection) else {
            return fail(connection.failure(), context)
        }
        context.write(wrapOutboundOut(connection.takeOutbound() ?? ByteBuffer()), promise: pending.takePromise())
    }

    private func sendOutbound(of connection: TLSConnection, _ context: ChannelHandlerContext) {
        guard let outbound = connection.takeOutbound() else { return }
        context.writeAndFlush(wrapOutboundOut(outbound), promise: nil)
    }

    /// Sends what the protocol answers by itself, such as a KeyUpdate.
    private func send(reply: ByteBuffer, _ context: ChannelHandlerContext) {
        unsentReplyBytes = context.channel.isWritable ? 0 : unsentReplyBytes + reply.readableBytes
        context.writeAndFlush(wrapOutboundOut(reply), promise: nil)
        if unsentReplyBytes > Self.maxUnsentReplyBytes {
            fail(.protocolViolation(alert: nil, detail: "the peer reads none of the answers it asks for"), context)
        }
    }

    private func close(_ context: ChannelHandlerContext, promise: EventLoopPromise<Void>?) {
        connection?.shutdown()
        pending.fail(ChannelError.ioOnClosedChannel)
        closeAfterOutbound(context, promise: promise)
    }

    /// Ends the connection for `error`; does nothing when it is ending already.
    private func fail(_ error: TLSError, _ context: ChannelHandlerContext) {
        switch state {
        case .closing, .closed:
            return
        case .idle, .handshaking, .established:
            pending.fail(error)
            closeAfterOutbound(context, promise: nil) { context.fireErrorCaught(error) }
        }
    }

    /// Sends the last bytes and closes when they are written, at the latest after `closeTimeout`.
    /// - Parameter report: called when they are on their way and before the channel closes.
    private func closeAfterOutbound(
        _ context: ChannelHandlerContext, promise: EventLoopPromise<Void>?, report: () -> Void = {}
    ) {
        state = .closing
        deadline?.cancel()
        deadline = nil
        let written = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(wrapOutboundOut(connection?.takeOutbound() ?? ByteBuffer()), promise: written)
        report()
        // The transport may end first; the promise is kept then as well.
        context.channel.closeFuture.cascade(to: promise)
        guard case .closing = state else { return context.close(promise: nil) }
        schedule(closeTimeout, context) { _, context in context.close(promise: nil) }
        written.futureResult.assumeIsolated().whenComplete { _ in
            self.deadline?.cancel()
            self.deadline = nil
            context.close(promise: nil)
        }
    }
}
