import Logging
import NIOCore
import NIOPosix
import Storage
import TLS
import Wire

/// A connection on the enrolment port: Hello, then Enrol, and nothing else. The client has no certificate yet.
///
/// @unchecked: confined to its channel's event loop; other threads only carry the reference.
final class EnrolmentHandler: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// A certificate request has about 300 bytes.
    private static let maxFrameBytes = 32 << 10
    /// Somebody who joins needs one or two; who guesses tokens gets no more.
    private static let maxRequests = 8
    /// Of any kind: each may be answered, and the peer need not read the answers.
    private static let maxFrames = 16
    /// From the open connection to its end.
    private static let maxLifetime = TimeAmount.seconds(60)

    private let core: RelayCore
    private let place: HandshakeGate.Place?
    private var decoder = FrameDecoder(maxFrameBytes: EnrolmentHandler.maxFrameBytes)
    private var context: ChannelHandlerContext?
    private var hasGreeted = false
    private var isAnswering = false
    private var requests = 0
    private var frames = 0
    private var hasEnded = false
    private var deadline: Scheduled<Void>?

    init(core: RelayCore, place: HandshakeGate.Place? = nil) {
        self.core = core
        self.place = place
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        deadline = context.eventLoop.scheduleTask(in: EnrolmentHandler.maxLifetime) { [self] in
            end(.idle, "joining takes less than a minute; begin again")
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        deadline?.cancel()
        deadline = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if hasEnded { return }
        decoder.feed(unwrapInboundIn(data))
        do {
            while !hasEnded, let body = try decoder.next() { receive(try WireFrame(decoding: body)) }
        } catch FrameError.tooLarge {
            place?.misbehaved(now: context.eventLoop.now)
            end(.frameTooLarge, "on this port a frame has at most \(EnrolmentHandler.maxFrameBytes) bytes")
        } catch {
            place?.misbehaved(now: context.eventLoop.now)
            end(.malformedFrame, "\(error)")
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        place?.note(error, now: context.eventLoop.now)
        context.close(promise: nil)
    }

    private func receive(_ frame: WireFrame) {
        frames += 1
        guard frames <= EnrolmentHandler.maxFrames else {
            return end(.limitExceeded, "too many frames on one connection")
        }
        switch frame.body {
        case .hello(let hello) where !hasGreeted:
            guard hello.minVersion <= 1, hello.maxVersion >= 1 else {
                return end(.versionUnsupported, "this relay speaks version 1 of lessons")
            }
            hasGreeted = true
            var welcome = core.welcome(head: 0)
            welcome.limits.maxFrameBytes = UInt32(EnrolmentHandler.maxFrameBytes)
            send(.welcome(welcome), frame.requestID)
        case .enrol(let enrol) where hasGreeted: self.enrol(enrol, frame.requestID)
        case .goaway:
            hasEnded = true
            context?.close(promise: nil)
        case _ where !hasGreeted: end(.helloExpected, "the first frame must be Hello")
        default:
            send(.error(WireError(.unsupported, "this port is for joining only: send Enrol")), frame.requestID)
        }
    }

    private func enrol(_ request: WireEnrol, _ requestID: UInt64) {
        requests += 1
        guard requests <= EnrolmentHandler.maxRequests, !isAnswering else {
            return end(.limitExceeded, "too many requests on one connection")
        }
        guard let eventLoop = context?.eventLoop else { return }
        isAnswering = true
        core.pool.submit { [self, core] state in
            guard case .active = state else { return }
            let body: WireFrame.OneOf_Body
            do {
                body = .enrolled(try core.enrol(request))
            } catch {
                core.counters.add(.refusals)
                let refusal =
                    (error as? RequestRefusal)?.error ?? (error as? StorageError).map { RequestRefusal($0).error }
                    ?? WireError(.storageFailed, "the relay failed; try again", isRetryable: true)
                core.logger.info("an enrolment was refused", metadata: ["code": "\(refusal.code)"])
                body = .error(refusal)
            }
            eventLoop.execute { [self] in
                isAnswering = false
                send(body, requestID)
            }
        }
    }

    private func send(_ body: WireFrame.OneOf_Body, _ requestID: UInt64 = 0) {
        guard let context else { return }
        context.writeAndFlush(wrapOutboundOut(WireFrame(requestID: requestID, body).encoded()), promise: nil)
    }

    private func end(_ code: WireErrorCode, _ reason: String) {
        if hasEnded { return }
        hasEnded = true
        var goaway = WireGoaway()
        goaway.code = code
        goaway.reason = reason
        send(.goaway(goaway))
        context?.close(promise: nil)
    }
}
