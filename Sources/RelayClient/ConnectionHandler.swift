internal import Logging
internal import NIOCore
internal import TLS
internal import Wire

/// The client's end of `lessons/1` on one channel, above TLS: sends Hello, cuts frames, matches answers with requests,
/// counts credit, and keeps the line alive. Bound to the channel's event loop.
final class ConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Every state may end in `closed`.
    private enum Phase {
        /// The handshake, then Welcome: leads to `open`.
        case opening
        case open
        case closed(ClientError?)
    }

    struct Opening: Sendable {
        var address: RelayAddress
        /// The ALPN protocol that the other side must have chosen.
        var applicationProtocol: String
        var hello: WireHello
        /// From the open TCP connection to Welcome.
        var timeout: TimeAmount
    }

    /// Frames longer than this are refused whatever Welcome says.
    static let maxFrameBytes = 64 << 20
    /// Events other than posts that may wait for the reader; posts are bounded by credit.
    static let maxOtherEvents = 10_000

    /// How long after its Goaway the relay may take to answer what it still has and to close.
    static let closeTimeout = TimeAmount.seconds(10)

    private let opening: Opening
    private let welcomed: EventLoopPromise<WireWelcome>
    private let events: StreamEvents
    private let logger: Logger
    private var phase = Phase.opening
    private var decoder = FrameDecoder()
    private var requests = RequestTable(maxPublishes: 1, maxOthers: 1)
    private var credit = DeliveryCredit()
    private var keepalive: Keepalive?
    private var deadline: Scheduled<Void>?
    /// Why the connection ends, as the first one who knew said it.
    private var ending: ClientError?
    /// Nothing that is still received counts.
    private var hasFailed = false
    /// This side closes in good order.
    private var isClosingByItself = false
    private var isFlushDue = false
    /// Of one read, handed over together.
    private var received: [StreamEvent] = []
    private var context: ChannelHandlerContext?

    init(opening: Opening, welcomed: EventLoopPromise<WireWelcome>, events: StreamEvents, logger: Logger) {
        self.opening = opening
        self.welcomed = welcomed
        self.events = events
        self.logger = logger
    }

    // MARK: Beginning and end

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        schedule(at: context.eventLoop.now + opening.timeout) { handler in
            guard case .opening = handler.phase else { return }
            handler.fail(.unreachable("\(handler.opening.address) did not answer in time"))
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        finish()
        self.context = nil
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let handshake = event as? TLSHandshakeCompleted {
            guard handshake.applicationProtocol == opening.applicationProtocol else {
                return fail(
                    .unreachable("\(opening.address) is no port of a Lessons Relay for this; check host and port"))
            }
            write(WireFrame(requestID: 1, .hello(opening.hello)).encoded(allocator: context.channel.allocator))
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case let error as TLSError: fail(ClientError(error, address: opening.address))
        default: fail(.disconnected("the connection to \(opening.address) broke: \(error)"))
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        finish()
        context.fireChannelInactive()
    }

    /// Ends the connection because of `error`; an earlier reason stays the reason.
    private func fail(_ error: ClientError) {
        if ending == nil { ending = error }
        hasFailed = true
        context?.close(promise: nil)
    }

    private func finish() {
        if case .closed = phase { return }
        let error = ending ?? .disconnected("\(opening.address) closed the connection")
        if case .opening = phase { welcomed.fail(error) }
        phase = .closed(error)
        deadline?.cancel()
        deadline = nil
        requests.failAll(error)
        events.append(&received)
        events.end(with: .closed(isClosingByItself ? nil : error))
        logger.debug("connection closed", metadata: ["reason": "\(error)"])
    }

    /// Closes in good order, after all that was handed over before.
    func close() {
        guard let context else { return }
        if case .closed = phase { return }
        if !isClosingByItself {
            isClosingByItself = true
            if ending == nil { ending = .disconnected("this connection was closed") }
            if case .open = phase {
                var goaway = WireGoaway()
                goaway.code = .closing
                write(WireFrame(requestID: 0, .goaway(goaway)).encoded(allocator: context.channel.allocator))
            }
        }
        context.flush()
        context.close(promise: nil)
    }

    // MARK: Outbound

    /// Sends a request, at once or when it has its turn.
    func submit(_ request: RequestTable.Waiting, kind: RequestTable.Kind) {
        switch phase {
        case .closed(let error):
            request.response.complete(.failure(error ?? .disconnected("the connection is closed")))
        case .opening, .open:
            // After a Goaway nothing would be answered.
            if let ending { return request.response.complete(.failure(ending)) }
            if let frame = requests.submit(request, kind: kind) { write(frame) }
        }
    }

    /// Sends a frame that is not answered.
    func send(_ frame: ByteBuffer) {
        guard case .open = phase else { return }
        write(frame)
    }

    /// To be called before the frame that tells the relay of it is sent.
    func noteCredit(posts: Int64, bytes: Int64) {
        credit.grant(posts: posts, bytes: bytes)
    }

    /// Writes, and flushes once for all that the event loop has in hand.
    private func write(_ frame: ByteBuffer) {
        guard let context else { return }
        keepalive?.noteSent(at: context.eventLoop.now)
        context.write(wrapOutboundOut(frame), promise: nil)
        guard !isFlushDue else { return }
        isFlushDue = true
        context.eventLoop.assumeIsolated().execute {
            self.isFlushDue = false
            self.context?.flush()
        }
    }

    // MARK: Inbound

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        if case .closed = phase { return }
        guard !hasFailed else { return }
        keepalive?.noteReceived(at: context.eventLoop.now)
        decoder.feed(bytes)
        do {
            while let body = try decoder.next() {
                let frameBytes = body.readableBytes + FrameDecoder.lengthBytes
                try receive(try WireFrame(decoding: body), frameBytes: frameBytes, lastRead: bytes)
            }
        } catch let error as ClientError {
            fail(error)
        } catch {
            fail(.protocolViolation("\(opening.address) sent a broken frame: \(error)"))
        }
        events.append(&received)
    }

    private func receive(_ frame: WireFrame, frameBytes: Int, lastRead: ByteBuffer) throws {
        switch (phase, frame.body) {
        case (.closed, _), (_, .pong): return
        case (_, .ping(let ping)):
            guard ping.data.count <= 64, context?.channel.isWritable == true else {
                throw ClientError.protocolViolation("the relay sends pings faster than it reads their answers")
            }
            var pong = WirePong()
            pong.data = ping.data
            write(WireFrame(requestID: frame.requestID, .pong(pong)).encoded())
        case (_, .goaway(let goaway)):
            receive(goaway)
        case (.opening, .welcome(let welcome)):
            try open(welcome, lastRead: lastRead)
        case (.opening, .error(let error)):
            throw ClientError.refused(
                code: error.code, reason: error.message.nonEmpty ?? error.code.sentence,
                retryAfter: error.retryable ? .milliseconds(Int64(error.retryAfterMs)) : nil)
        case (.opening, _):
            throw ClientError.protocolViolation("\(opening.address) did not answer with Welcome")
        case (.open, .deliver(let deliver)) where frame.requestID == 0:
            guard deliver.hasPost, deliver.post.hasPost else {
                throw ClientError.protocolViolation("the relay delivered a frame without a post")
            }
            guard credit.use(frameBytes: frameBytes) else {
                throw ClientError.protocolViolation("the relay delivered more than it was given credit for")
            }
            received.append(.post(deliver.post.value, frameBytes: frameBytes))
        case (.open, .caughtUp(let caughtUp)) where frame.requestID == 0:
            try receive(.caughtUp(through: caughtUp.through))
        case (.open, .gap(let gap)) where frame.requestID == 0:
            try receive(.gap(from: gap.from, to: gap.to, reason: gap.reason))
        case (.open, .threadMarkList(let list)) where frame.requestID == 0:
            try receive(.marksChanged(version: list.version))
        case (.open, .error(let error)) where frame.requestID == 0:
            // The connection is at fault; when the relay closes it now, this is why.
            if ending == nil, !error.retryable { note(error) }
        case (.open, let body?) where frame.requestID != 0:
            answer(frame.requestID, body)
        case (.open, nil) where frame.requestID != 0:
            answer(frame.requestID, nil)
        case (.open, _):
            // Something of a later version that need not be understood.
            logger.debug("ignored an unknown frame")
        }
    }

    private func receive(_ event: StreamEvent) throws {
        guard received.count < Self.maxOtherEvents, events.count < Self.maxOtherEvents * 2 else {
            throw ClientError.protocolViolation("the relay sends more notices than it was asked for")
        }
        received.append(event)
    }

    private func answer(_ id: UInt64, _ body: WireFrame.OneOf_Body?) {
        let outcome: PendingResponse.Outcome
        switch body {
        case .error(let error): outcome = .failure(.request(error))
        case let body?: outcome = .success(body)
        case nil:
            outcome = .failure(.protocolViolation("the relay answered in a way this client does not know; update it"))
        }
        if let next = requests.answer(id, outcome) { write(next) }
    }

    private func receive(_ goaway: WireGoaway) {
        let retryAfter: Duration? = goaway.hasRetryAfterMs ? .milliseconds(Int64(goaway.retryAfterMs)) : nil
        let reason = goaway.reason.nonEmpty ?? goaway.code.sentence
        if ending == nil { ending = .refused(code: goaway.code, reason: reason, retryAfter: retryAfter) }
        switch phase {
        case .opening: context?.close(promise: nil)
        case .open:
            received.append(.goaway(code: goaway.code, reason: reason, retryAfter: retryAfter))
            keepalive = nil
            schedule(at: now + Self.closeTimeout) { $0.context?.close(promise: nil) }
        case .closed: break
        }
    }

    private func note(_ error: WireError) {
        let reason = error.message.nonEmpty ?? error.code.sentence
        logger.debug("the relay found fault", metadata: ["code": "\(error.code.name)", "reason": "\(reason)"])
        guard error.code.closesConnection else { return }
        ending = .refused(code: error.code, reason: reason, retryAfter: nil)
    }

    private func open(_ welcome: WireWelcome, lastRead: ByteBuffer) throws {
        guard (opening.hello.minVersion...opening.hello.maxVersion).contains(welcome.version) else {
            throw ClientError.protocolViolation(
                "\(opening.address) chose version \(welcome.version), which nobody offered")
        }
        guard welcome.relayID.count == 16 else {
            throw ClientError.protocolViolation("\(opening.address) did not say which relay it is")
        }
        let limit = Int(welcome.limits.maxFrameBytes)
        if limit > 0, limit != decoder.maxFrameBytes {
            // What the decoder still holds is the end of the last read.
            var rest = lastRead
            rest.moveReaderIndex(forwardBy: rest.readableBytes - min(rest.readableBytes, decoder.pendingBytes))
            decoder = FrameDecoder(maxFrameBytes: min(limit, Self.maxFrameBytes))
            if rest.readableBytes > 0 { decoder.feed(rest) }
        }
        phase = .open
        requests = RequestTable(
            maxPublishes: Int(welcome.limits.maxPublishesInFlight),
            maxOthers: Int(welcome.limits.maxRequestsInFlight))
        deadline?.cancel()
        deadline = nil
        keepalive = Keepalive(milliseconds: welcome.keepaliveMs, now: now)
        stepKeepalive()
        welcomed.succeed(welcome)
    }

    // MARK: Time

    private var now: NIODeadline { context?.eventLoop.now ?? .now() }

    private func stepKeepalive() {
        guard let keepalive, case .open = phase else { return }
        switch keepalive.step(at: now) {
        case .dead:
            fail(.disconnected("\(opening.address) has been silent for too long"))
        case .wait(let time):
            schedule(at: time) { $0.stepKeepalive() }
        case .ping(let time):
            write(WireFrame(requestID: .max, .ping(WirePing())).encoded())
            schedule(at: time) { $0.stepKeepalive() }
        }
    }

    private func schedule(at time: NIODeadline, _ action: @escaping (ConnectionHandler) -> Void) {
        deadline?.cancel()
        guard let loop = context?.eventLoop else { return }
        deadline = loop.assumeIsolated().scheduleTask(deadline: time) { action(self) }
    }
}

extension WireErrorCode {
    /// lessons.proto says of these that the connection is closed.
    fileprivate var closesConnection: Bool {
        switch self {
        case .malformedFrame, .frameTooLarge, .versionUnsupported, .helloExpected, .idle, .closing: true
        default: (200..<210).contains(rawValue)
        }
    }
}
