import LessonModel
import Logging
import NIOCore
import NIOPosix
import PKI
import Storage
import TLS
import Wire

/// One member's connection: the shell that moves frames between the channel, the committer, the store and the stream.
///
/// Phases: `connecting` leaves to `greeting` when the handshake has shown a member, else to `ended`. `greeting` leaves to
/// `open` at Hello, else to `ended`. `open` leaves to `ended`. `ended` is final.
///
/// @unchecked: everything is confined to `loop.eventLoop`; other threads only carry the reference.
final class SessionHandler: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    enum Phase {
        case connecting
        case greeting(Principal)
        case open(Principal)
        case ended
    }

    /// Of the requests that wait, if there is more than one.
    private static let maxWaitingBytes = 256 << 10

    let core: RelayCore
    let loop: RelayLoop
    private(set) var phase = Phase.connecting
    private(set) var context: ChannelHandlerContext?
    private var decoder: FrameDecoder
    private var lastHeard: NIODeadline = .now()
    private var expiresAt: Milliseconds = .max
    private var publishesInFlight = 0
    /// Kept as they came: decoded, a request can take fifty times its bytes.
    private var requests: [(id: UInt64, frame: ByteBuffer)] = []
    private var waitingBytes = 0
    private var isAnswering = false
    private var flushIsDue = false
    private let place: HandshakeGate.Place?
    private var logger: Logger

    /// The delivery stream, its share of the batch that is being fanned out, and whether its topics alone decide.
    var stream: DeliveryStream?
    /// Of the stream that was here before.
    var endedGeneration = 0
    var share: UInt64 = 0
    var isTopicOnly = true
    var slowNoticeIsDue = false

    /// - Parameter place: left once the handshake has shown who this is.
    init(core: RelayCore, loop: RelayLoop, place: HandshakeGate.Place? = nil, logger: Logger) {
        self.core = core
        self.place = place
        self.loop = loop
        self.logger = logger
        decoder = FrameDecoder(maxFrameBytes: core.limits.maxFrameBytes)
    }

    var principal: Principal? {
        if case .open(let principal) = phase { principal } else { nil }
    }

    var viewer: Viewer? { stream?.viewer }

    // MARK: Channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        lastHeard = context.eventLoop.now
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard let completed = event as? TLSHandshakeCompleted else {
            return context.fireUserInboundEventTriggered(event)
        }
        place?.leave()
        guard let certificate = completed.peer?.certificate else {
            return end(.notAMember, "no certificate was shown")
        }
        switch core.membership.admit(certificate, now: core.clock()) {
        case .failure(let refusal):
            core.counters.add(.sessionsRefused)
            end(refusal.code, refusal.reason)
        case .success(let principal):
            guard core.registry.add(self, principal) else {
                core.counters.add(.sessionsRefused)
                return end(
                    .limitExceeded, "too many sessions are open; close some, or try again later", retryAfterMs: 10_000)
            }
            // A suspension or revocation that came between has not seen this session in the registry.
            if case .failure(let refusal) = core.membership.admit(certificate, now: core.clock()) {
                core.counters.add(.sessionsRefused)
                return end(refusal.code, refusal.reason)
            }
            expiresAt = certificate.notAfter * 1_000
            logger[metadataKey: "member"] = "\(principal.member.id)"
            logger[metadataKey: "organisation"] = "\(principal.organisation.slug)"
            phase = .greeting(principal)
            loop.fanOut.add(self)
            core.counters.add(.sessionsOpened)
            logger.debug("session opened")
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .ended = phase { return }
        lastHeard = context.eventLoop.now
        decoder.feed(unwrapInboundIn(data))
        do {
            while let body = try decoder.next() {
                receive(body)
                if case .ended = phase { return }
            }
        } catch {
            endViolation(.frameTooLarge, error.description)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        flushIfDue()
        context.fireChannelReadComplete()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        // A peer that does not read its answers is not asked for more requests.
        context.channel.setOption(.autoRead, value: context.channel.isWritable).whenFailure { _ in }
        if context.channel.isWritable {
            resumeStream()
            answerNext()
        }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch (phase, error) {
        case (.connecting, _): core.counters.add(.handshakesFailed)
        case (_, TLSError.uncleanShutdown): core.counters.add(.uncleanShutdowns)
        default: break
        }
        place?.note(error, now: context.eventLoop.now)
        logger.debug("connection failed", metadata: ["reason": "\(error)"])
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    // MARK: Ending

    /// Says why, then closes in good order. Whatever is called afterwards does nothing.
    func end(_ code: WireErrorCode, _ reason: String, retryAfterMs: UInt32? = nil) {
        if case .ended = phase { return }
        var goaway = WireGoaway()
        goaway.code = code
        goaway.reason = reason
        if let retryAfterMs { goaway.retryAfterMs = retryAfterMs }
        logger.debug("session ends", metadata: ["code": "\(code)"])
        send(.goaway(goaway))
        leave()
        context?.flush()
        context?.close(promise: nil)
    }

    private func endViolation(_ code: WireErrorCode, _ reason: String) {
        if let context { place?.misbehaved(now: context.eventLoop.now) }
        end(code, reason)
    }

    private func leave() {
        if case .ended = phase { return }
        phase = .ended
        stream = nil
        requests = []
        waitingBytes = 0
        loop.fanOut.remove(self)
        core.registry.remove(self)
    }

    /// Ends a session that is silent for too long or whose certificate has expired. Called now and then by the loop.
    func endIfOverdue(now: Milliseconds, deadline: NIODeadline) {
        if now > expiresAt {
            end(.certificateExpired, "your certificate has expired; run `lessons renew`, or ask for a new invitation")
        } else if core.limits.keepaliveSeconds > 0,
            deadline - lastHeard > .seconds(Int64(2 * core.limits.keepaliveSeconds))
        {
            end(.idle, "nothing was heard for \(2 * core.limits.keepaliveSeconds) seconds", retryAfterMs: 0)
        }
    }

    // MARK: Frames in

    private func receive(_ body: ByteBuffer) {
        let frame: WireFrame
        do {
            frame = try WireFrame(decoding: body)
        } catch FrameError.invalidUTF8 {
            return refuse(
                WireFrame.requestID(of: body), WireError(.invalidUtf8, FrameError.invalidUTF8.description))
        } catch {
            return endViolation(.malformedFrame, error.description)
        }
        switch (phase, frame.body) {
        case (.greeting(let principal), .hello(let hello)): greet(principal, frame.requestID, hello)
        case (.greeting, _): endViolation(.helloExpected, "the first frame must be Hello")
        case (.open, .hello): endViolation(.helloExpected, "Hello is sent once")
        case (.open(let principal), let request): handle(principal, frame.requestID, request, body)
        case (.connecting, _), (.ended, _): break
        }
    }

    private func greet(_ principal: Principal, _ requestID: UInt64, _ hello: WireHello) {
        guard hello.minVersion <= 1, hello.maxVersion >= 1 else {
            return end(
                .versionUnsupported,
                "this relay speaks version 1 of lessons, you offered \(hello.minVersion) to \(hello.maxVersion)")
        }
        phase = .open(principal)
        logger.debug("hello", metadata: ["agent": "\(hello.agent.prefix(128))"])
        var welcome = core.welcome(head: loop.fanOut.head)
        welcome.member = WireMember(principal.member, showsRoles: true)
        welcome.organisation = WireOrganisation(principal.organisation, showsClients: true)
        send(.welcome(welcome), requestID)
    }

    private func handle(
        _ principal: Principal, _ requestID: UInt64, _ body: WireFrame.OneOf_Body?, _ frame: ByteBuffer
    ) {
        guard isWithinRate(principal, requestID, body) else { return }
        switch body {
        case .publish(let publish): self.publish(principal, requestID, publish)
        case .credit(let credit): grant(credit)
        case .ack(let ack): acknowledge(principal, ack)
        case .ping(let ping):
            var pong = WirePong()
            pong.data = ping.data.prefix(64)
            send(.pong(pong), requestID)
        case .pong: break
        case .goaway: context?.close(promise: nil)
        case nil:
            refuse(requestID, WireError(.unsupported, "this relay does not know that frame; see lessons.proto"))
        case .some: enqueue(requestID, frame)
        }
    }

    /// Tells the peer where it is not. What is no request, and has no answer, does not count.
    private func isWithinRate(
        _ principal: Principal, _ requestID: UInt64, _ body: WireFrame.OneOf_Body?
    ) -> Bool {
        let isPost: Bool
        switch body {
        case .credit, .ack, .pong, .goaway, nil: return true
        case .publish: isPost = true
        case .some: isPost = false
        }
        guard let excess = core.excess(of: principal, isPost: isPost, now: loop.eventLoop.now) else { return true }
        core.counters.add(.rateLimited)
        refuse(requestID, excess)
        return false
    }

    private func publish(_ principal: Principal, _ requestID: UInt64, _ publish: WirePublish) {
        guard !loop.isDraining else {
            return refuse(
                requestID,
                WireError(.draining, "the relay is stopping; try again", isRetryable: true, retryAfterMs: 2_000))
        }
        guard publishesInFlight < core.limits.maxPublishesInFlight else {
            return refuse(
                requestID,
                WireError(
                    .limitExceeded, "more than \(core.limits.maxPublishesInFlight) posts wait for their answer",
                    isRetryable: true, retryAfterMs: 100))
        }
        let submission = GroupCommitter.Submission(
            signed: publish.post.value, principal: principal, answer: .session(self, requestID: requestID))
        guard core.committer.submit(submission) else {
            return refuse(
                requestID,
                WireError(.overloaded, "the relay has too many posts waiting", isRetryable: true, retryAfterMs: 250))
        }
        publishesInFlight += 1
    }

    func finishPublish(_ requestID: UInt64, _ body: WireFrame.OneOf_Body) {
        publishesInFlight -= 1
        if case .error = body { core.counters.add(.refusals) }
        send(body, requestID)
    }

    // MARK: Requests that need the store, one at a time and in order

    private func enqueue(_ requestID: UInt64, _ frame: ByteBuffer) {
        guard requests.count < core.limits.maxRequestsInFlight,
            requests.isEmpty || waitingBytes + frame.readableBytes <= SessionHandler.maxWaitingBytes
        else {
            return refuse(
                requestID,
                WireError(
                    .limitExceeded,
                    "more than \(core.limits.maxRequestsInFlight) requests, or too long ones, wait for their answer",
                    isRetryable: true, retryAfterMs: 100))
        }
        // A copy: the slice would keep all that was received with it.
        requests.append((requestID, ByteBuffer(bytes: frame.readableBytesView)))
        waitingBytes += frame.readableBytes
        answerNext()
    }

    private func answerNext() {
        // A peer that does not read its answers gets no more of them.
        guard !isAnswering, isWritable, let principal, !requests.isEmpty else { return }
        isAnswering = true
        let (requestID, frame) = requests.removeFirst()
        waitingBytes -= frame.readableBytes
        let place = StreamPlace(
            session: ObjectIdentifier(self), stream: stream, loopHead: loop.fanOut.head,
            topicMoves: core.topicMoves.settledCount)
        core.pool.submit { [self] state in
            guard case .active = state else { return }
            guard let body = (try? WireFrame(decoding: frame))?.body else {
                return answered(
                    requestID, principal,
                    RequestAnswer(.error(WireError(.unsupported, "that frame is no request; see lessons.proto"))))
            }
            core.answer(body, from: principal, place: place) { [self] in answered(requestID, principal, $0) }
        }
    }

    /// On any thread.
    private func answered(_ requestID: UInt64, _ principal: Principal, _ answer: RequestAnswer) {
        loop.eventLoop.execute { [self] in
            isAnswering = false
            var body = answer.body
            if let change = answer.streamChange {
                apply(change, principal)
                // An open stream that goes on where it is has moved since the answer was made.
                if case .subscribed(var reply) = body, let stream {
                    reply.cursor = stream.sentThrough
                    body = .subscribed(reply)
                }
            }
            send(body, requestID)
            resumeStream()
            answerNext()
            flushIfDue()
        }
    }

    // MARK: Frames out

    func refuse(_ requestID: UInt64, _ error: WireError) {
        core.counters.add(.refusals)
        send(.error(error), requestID)
    }

    /// Sent with the next flush.
    /// Sends something that nobody asked for. On the session's loop.
    func notify(_ body: WireFrame.OneOf_Body) {
        guard principal != nil else { return }
        send(body)
        flushIfDue()
    }

    func send(_ body: WireFrame.OneOf_Body, _ requestID: UInt64 = 0) {
        guard let context else { return }
        if case .ended = phase { return }
        write(WireFrame(requestID: requestID, body).encoded(allocator: context.channel.allocator))
    }

    func write(_ buffer: ByteBuffer) {
        context?.write(wrapOutboundOut(buffer), promise: nil)
        flushIsDue = true
    }

    func flushIfDue() {
        guard flushIsDue else { return }
        flushIsDue = false
        context?.flush()
    }

    var isWritable: Bool { context?.channel.isWritable ?? false }
}
