import LessonModel
import NIOCore
import NIOPosix
import TLS
import Wire

/// A lean client: counts deliveries without decoding them, matches answers to requests.
///
/// @unchecked: confined to its channel's event loop, but for `channel`, `caughtUp` and the counter, which are safe.
final class BenchPeer: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer

    /// The first body byte of a Deliver frame: field 10, length-delimited.
    private static let deliverTag: UInt8 = 10 << 3 | 2

    let channel: any Channel
    let caughtUp: EventLoopFuture<Void>
    /// The relay's Goaway and when it came; fails when the connection ends without one.
    let goaway: EventLoopFuture<(told: WireGoaway, at: NIODeadline)>
    private let caughtUpPromise: EventLoopPromise<Void>
    private let goawayPromise: EventLoopPromise<(told: WireGoaway, at: NIODeadline)>
    private var decoder = FrameDecoder()
    private var waiting: [UInt64: EventLoopPromise<WireFrame.OneOf_Body>] = [:]
    private var nextID: UInt64 = 1
    private var expected: (count: Int, promise: EventLoopPromise<Void>)?
    private var failure: (any Error)?
    private(set) var deliveries = 0
    /// Called for each delivery, on the loop.
    var onDelivery: (() -> Void)?

    private init(_ channel: any Channel) {
        self.channel = channel
        caughtUpPromise = channel.eventLoop.makePromise()
        caughtUp = caughtUpPromise.futureResult
        goawayPromise = channel.eventLoop.makePromise()
        goaway = goawayPromise.futureResult
    }

    static func connect(
        port: Int, _ context: TLSContext, _ group: MultiThreadedEventLoopGroup
    ) async throws -> BenchPeer {
        let channel = try await ClientBootstrap(group: group)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([TLSHandler(context: context), BenchPeer(channel)])
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        return try await channel.pipeline.handler(type: BenchPeer.self).get()
    }

    func request(_ body: WireFrame.OneOf_Body) async throws -> WireFrame.OneOf_Body {
        let answer = try await channel.eventLoop.flatSubmit { self.send(body, flush: true) }.get()
        if case .error(let error) = answer { throw BenchError.refused("\(error.code): \(error.message)") }
        return answer
    }

    /// On the event loop.
    func send(_ body: WireFrame.OneOf_Body, flush: Bool) -> EventLoopFuture<WireFrame.OneOf_Body> {
        let id = nextID
        nextID += 1
        let promise = channel.eventLoop.makePromise(of: WireFrame.OneOf_Body.self)
        if let failure {
            promise.fail(failure)
            return promise.futureResult
        }
        waiting[id] = promise
        let buffer = WireFrame(requestID: id, body).encoded()
        if flush { channel.writeAndFlush(buffer, promise: nil) } else { channel.write(buffer, promise: nil) }
        return promise.futureResult
    }

    /// Sends all, at most `inFlight` at a time; done when the last is answered.
    func pump(_ bodies: [WireFrame.OneOf_Body], inFlight: Int) async throws {
        let pump = Pump(self, bodies, done: channel.eventLoop.makePromise())
        channel.eventLoop.execute {
            for _ in 0..<min(inFlight, bodies.count) { pump.sendNext() }
        }
        try await pump.done.futureResult.get()
    }

    /// @unchecked: confined to the peer's event loop.
    private final class Pump: @unchecked Sendable {
        let done: EventLoopPromise<Void>
        private let peer: BenchPeer
        private let bodies: [WireFrame.OneOf_Body]
        private var next = 0
        private var left: Int

        init(_ peer: BenchPeer, _ bodies: [WireFrame.OneOf_Body], done: EventLoopPromise<Void>) {
            self.peer = peer
            self.bodies = bodies
            self.done = done
            left = bodies.count
        }

        func sendNext() {
            guard next < bodies.count else { return }
            next += 1
            peer.send(bodies[next - 1], flush: true).whenComplete { [self] result in
                switch result {
                case .success(.error(let error)): done.fail(BenchError.refused(error.message))
                case .failure(let error): done.fail(error)
                case .success:
                    left -= 1
                    if left == 0 { done.succeed(()) } else { sendNext() }
                }
            }
        }
    }

    /// Done when `count` deliveries have come in all.
    func received(_ count: Int) -> EventLoopFuture<Void> {
        channel.eventLoop.flatSubmit { [self] in
            let promise = channel.eventLoop.makePromise(of: Void.self)
            if deliveries >= count {
                promise.succeed(())
            } else if let failure {
                promise.fail(failure)
            } else {
                expected = (count, promise)
            }
            return promise.futureResult
        }
    }

    func close() { channel.close(promise: nil) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        decoder.feed(unwrapInboundIn(data))
        do {
            while let body = try decoder.next() {
                if body.getInteger(at: body.readerIndex, as: UInt8.self) == BenchPeer.deliverTag {
                    deliveries += 1
                    onDelivery?()
                    if let expected, deliveries >= expected.count {
                        self.expected = nil
                        expected.promise.succeed(())
                    }
                    continue
                }
                let frame = try WireFrame(decoding: body)
                if case .caughtUp = frame.body { caughtUpPromise.succeed(()) }
                if case .goaway(let told) = frame.body {
                    goawayPromise.succeed((told, .now()))
                    fail(BenchError.refused(told.reason))
                }
                if let promise = waiting.removeValue(forKey: frame.requestID) {
                    if let answer = frame.body {
                        promise.succeed(answer)
                    } else {
                        promise.fail(BenchError.unexpectedAnswer)
                    }
                }
            }
        } catch {
            context.fireErrorCaught(error)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(error)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(ChannelError.ioOnClosedChannel)
    }

    private func fail(_ error: any Error) {
        failure = failure ?? error
        caughtUpPromise.fail(error)
        goawayPromise.fail(error)
        for promise in waiting.values { promise.fail(error) }
        waiting = [:]
        expected?.promise.fail(error)
        expected = nil
    }
}
