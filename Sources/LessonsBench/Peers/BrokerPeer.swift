import NIOCore
import NIOPosix
import TLS

/// A lean client of a broker: publishes with a number of messages in flight, counts what it is sent, and acknowledges it
/// where the protocol has that.
///
/// @unchecked: confined to its channel's event loop, but for `channel`.
final class BrokerPeer: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer

    let channel: any Channel
    let kind: BrokerKind
    private var dialect: any BrokerDialect
    private var received = ByteBuffer()
    private var waiting: [EventLoopPromise<Void>] = []
    private var earlyAnswers = 0
    private var expected: (count: Int, promise: EventLoopPromise<Void>)?
    private var pump: (left: Int, unsent: Int, payload: ByteBuffer, promise: EventLoopPromise<Void>)?
    private(set) var deliveries = 0
    /// Called for each delivery, on the loop.
    var onDelivery: (() -> Void)?

    static let topic = "bench/t"

    private init(_ channel: any Channel, _ kind: BrokerKind) {
        self.channel = channel
        self.kind = kind
        dialect = kind == .mosquitto ? MQTTDialect() : NATSDialect(kind)
    }

    static func connect(
        _ kind: BrokerKind, port: Int, _ context: TLSContext, _ group: MultiThreadedEventLoopGroup
    ) async throws -> BrokerPeer {
        let channel = try await ClientBootstrap(group: group)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    // NATS greets in the clear, then goes over to TLS.
                    let tls = kind == .mosquitto ? [TLSHandler(context: context)] : []
                    try channel.pipeline.syncOperations.addHandlers(tls)
                    try channel.pipeline.syncOperations.addHandler(BrokerPeer(channel, kind))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        let peer = try await channel.pipeline.handler(type: BrokerPeer.self).get()
        if kind != .mosquitto {
            try await peer.step { _ in ByteBuffer() }
            try await channel.eventLoop.submit {
                try channel.pipeline.syncOperations.addHandler(TLSHandler(context: context), position: .first)
            }.get()
        }
        try await peer.step { $0.dialect.hello() }
        return peer
    }

    /// Takes the messages of the topic from now on.
    /// - Parameter number: of the subscriber, where each needs a name of its own.
    func subscribe(_ number: Int) async throws { try await step { $0.dialect.subscribe(number) } }

    /// Makes ready for publishing.
    func prepareToPublish() async throws {
        for index in 0..<dialect.publishSteps { try await step { $0.dialect.prepare(index) } }
    }

    /// Publishes `count` messages, at most `inFlight` of them unacknowledged; done when the last is acknowledged.
    func publish(_ count: Int, bytes: Int, inFlight: Int) async throws {
        try await channel.eventLoop.flatSubmit { [self] in
            let promise = channel.eventLoop.makePromise(of: Void.self)
            pump = (count, count, ByteBuffer(repeating: 0x61, count: bytes), promise)
            for _ in 0..<min(inFlight, count) { sendNext() }
            channel.flush()
            return promise.futureResult
        }.get()
    }

    /// One message, whose acknowledgement nobody waits for. On the event loop.
    func publishOne(_ payload: ByteBuffer) {
        channel.writeAndFlush(dialect.publish(payload), promise: nil)
    }

    /// Done when `count` deliveries have come in all.
    func received(_ count: Int) -> EventLoopFuture<Void> {
        channel.eventLoop.flatSubmit { [self] in
            let promise = channel.eventLoop.makePromise(of: Void.self)
            if deliveries >= count { promise.succeed(()) } else { expected = (count, promise) }
            return promise.futureResult
        }
    }

    func close() { channel.close(promise: nil) }

    /// Sends what `body` makes, nothing where the broker speaks first, and waits until the broker has answered it.
    private func step(_ body: @escaping @Sendable (BrokerPeer) -> ByteBuffer) async throws {
        try await channel.eventLoop.flatSubmit { [self] in
            let promise = channel.eventLoop.makePromise(of: Void.self)
            let buffer = body(self)
            if earlyAnswers > 0 {
                earlyAnswers -= 1
                promise.succeed(())
            } else {
                waiting.append(promise)
            }
            if buffer.readableBytes > 0 { channel.writeAndFlush(buffer, promise: nil) }
            return promise.futureResult
        }.get()
    }

    private func sendNext() {
        guard var pump, pump.unsent > 0 else { return }
        pump.unsent -= 1
        self.pump = pump
        channel.write(dialect.publish(pump.payload), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = unwrapInboundIn(data)
        if received.readableBytes == 0 { received = buffer } else { received.writeBuffer(&buffer) }
        parse()
    }

    private func parse() {
        var hasWritten = false
        do {
            while let event = try dialect.next(&received) {
                switch event {
                case .ignored: break
                case .answer:
                    // The greeting may come before it is waited for.
                    if waiting.isEmpty { earlyAnswers += 1 } else { waiting.removeFirst().succeed(()) }
                case .reply(let buffer):
                    channel.write(buffer, promise: nil)
                    hasWritten = true
                case .acknowledged:
                    guard pump != nil else { break }
                    pump?.left -= 1
                    if pump?.left == 0 {
                        pump?.promise.succeed(())
                        pump = nil
                    } else {
                        sendNext()
                        hasWritten = true
                    }
                case .delivery(let acknowledgement):
                    deliveries += 1
                    onDelivery?()
                    if let acknowledgement {
                        channel.write(acknowledgement, promise: nil)
                        hasWritten = true
                    }
                    if let expected, deliveries >= expected.count {
                        self.expected = nil
                        expected.promise.succeed(())
                    }
                }
            }
        } catch {
            fail(error)
            channel.close(promise: nil)
        }
        received.discardReadBytes()
        if hasWritten { channel.flush() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(error)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { fail(ChannelError.ioOnClosedChannel) }

    private func fail(_ error: any Error) {
        for promise in waiting { promise.fail(error) }
        waiting = []
        expected?.promise.fail(error)
        expected = nil
        pump?.promise.fail(error)
        pump = nil
    }
}

/// What a broker says, as far as the load needs it.
enum BrokerEvent {
    case ignored
    /// To a step such as connecting or subscribing.
    case answer
    /// Something to be sent back.
    case reply(ByteBuffer)
    /// Of a published message.
    case acknowledged
    /// A message, with what acknowledges it.
    case delivery(ByteBuffer?)
}

/// A protocol's bytes, without I/O.
protocol BrokerDialect {
    /// Steps that a publisher needs before its first message.
    var publishSteps: Int { get }
    mutating func hello() -> ByteBuffer
    mutating func subscribe(_ number: Int) -> ByteBuffer
    mutating func prepare(_ step: Int) -> ByteBuffer
    mutating func publish(_ payload: ByteBuffer) -> ByteBuffer
    /// Nil when more bytes are needed.
    mutating func next(_ buffer: inout ByteBuffer) throws -> BrokerEvent?
}
