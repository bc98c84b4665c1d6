package import LessonModel
package import Logging
package import NIOCore
internal import NIOPosix
internal import PKI
internal import Synchronization
internal import TLS
package import Wire

/// One connection to a relay, open from its creation until one of the two sides ends it, or nobody holds it any more.
///
/// It sends requests within the relay's limits, matches the answers, keeps the line alive, and hands on what the stream
/// delivers. It does not come back by itself: see `DurableSubscriber`.
package final class RelayConnection: Sendable {
    package static let applicationProtocol = "lessons/1"
    package static let enrolmentProtocol = "lessons-enrol/1"
    package static let protocolVersion: UInt32 = 1

    package let address: RelayAddress
    package let welcome: WireWelcome
    /// What the relay sends by itself; has one reader. Its last event is `.closed`.
    package let events: StreamEvents
    private let channel: any Channel
    private let handler: NIOLoopBound<ConnectionHandler>
    private let nextRequestID = Atomic<UInt64>(2)

    private init(
        address: RelayAddress, welcome: WireWelcome, events: StreamEvents, channel: any Channel,
        handler: NIOLoopBound<ConnectionHandler>
    ) {
        self.address = address
        self.welcome = welcome
        self.events = events
        self.channel = channel
        self.handler = handler
    }

    deinit { channel.close(promise: nil) }

    /// Connects as the member of `identity` and waits for Welcome.
    /// - Parameters:
    ///   - agent: name and version of the software, for the relay's log.
    ///   - timeout: for the TCP connection, and again for the handshake with Welcome.
    /// - Throws: `.unreachable`, `.untrusted`, `.refused`, `.protocolViolation`, `.identity`, `.disconnected` or
    ///   `.cancelled`.
    package static func connect(
        to address: RelayAddress, identity: ClientIdentity, agent: String, group: any EventLoopGroup,
        timeout: TimeAmount = .seconds(10), logger: Logger
    ) async throws(ClientError) -> RelayConnection {
        let configuration = TLSContext.ClientConfiguration(
            trust: .roots([identity.root]), serverName: address.host, identity: (identity.chain, identity.key),
            alpnProtocols: [applicationProtocol])
        let connection = try await open(
            address, configuration, applicationProtocol: applicationProtocol, agent: agent, group: group,
            timeout: timeout,
            logger: logger)
        guard Array(connection.welcome.relayID) == identity.relayID else {
            await connection.close()
            throw .untrusted(
                "\(address) is another relay than the one that was joined; join it with a profile of its own")
        }
        return connection
    }

    /// The member as the relay knows it now; nil on the enrolment port.
    package var member: Member? { welcome.hasMember ? welcome.member.value : nil }

    /// Hands a request over for sending.
    ///
    /// Requests of one kind leave in the order of the calls; those over the relay's limits wait here for their turn.
    package func submit(_ body: WireFrame.OneOf_Body) -> PendingResponse {
        let response = PendingResponse()
        let id = nextRequestID.wrappingAdd(1, ordering: .relaxed).oldValue
        let frame = WireFrame(requestID: id, body).encoded(allocator: channel.allocator)
        let limit = Int(welcome.limits.maxFrameBytes)
        let frameBytes = frame.readableBytes - FrameDecoder.lengthBytes
        guard limit == 0 || frameBytes <= limit else {
            response.complete(
                .failure(
                    .request(
                        WireError(
                            .frameTooLarge, "the request has \(frameBytes) bytes; this relay takes \(limit)", field: "")
                    )))
            return response
        }
        let kind: RequestTable.Kind = if case .publish = body { .publish } else { .other }
        channel.eventLoop.execute { [handler] in
            handler.value.submit(RequestTable.Waiting(id: id, frame: frame, response: response), kind: kind)
        }
        return response
    }

    /// Sends a request and waits for its answer.
    /// - Throws: `.request` for an Error frame; `.disconnected`, `.refused` or `.protocolViolation` when the connection
    ///   ends first; `.cancelled`.
    package func request(_ body: WireFrame.OneOf_Body) async throws(ClientError) -> WireFrame.OneOf_Body {
        try await submit(body).value()
    }

    /// Allows the relay to deliver more; added to what is left.
    package func grant(posts: Int, bytes: Int) {
        guard posts > 0 || bytes > 0 else { return }
        let granted = WireCredit(posts: posts, bytes: bytes)
        sendUnanswered(.credit(granted)) { handler in
            handler.noteCredit(posts: Int64(granted.posts), bytes: Int64(clamping: granted.bytes))
        }
    }

    /// Tells the relay that everything through `sequence` is received and kept.
    package func acknowledge(through sequence: SequenceNumber) {
        var ack = WireAck()
        ack.through = sequence
        sendUnanswered(.ack(ack))
    }

    /// Opens the delivery stream, or adds to it; `request.credit` is counted as granted.
    package func subscribe(_ request: WireSubscribe) async throws(ClientError) -> WireSubscribed {
        let credit = request.credit
        channel.eventLoop.execute { [handler] in
            handler.value.noteCredit(posts: Int64(credit.posts), bytes: Int64(clamping: credit.bytes))
        }
        guard case .subscribed(let subscribed) = try await self.request(.subscribe(request)) else {
            throw Self.unexpectedAnswer
        }
        return subscribed
    }

    /// Sends what was handed over, says goodbye, and returns when the connection is closed.
    package func close() async {
        channel.eventLoop.execute { [handler] in handler.value.close() }
        try? await channel.closeFuture.get()
    }

    static let unexpectedAnswer = ClientError.protocolViolation(
        "the relay answered with a frame of another kind than the one that was asked for")

    private func sendUnanswered(
        _ body: WireFrame.OneOf_Body, before: @escaping @Sendable (ConnectionHandler) -> Void = { _ in }
    ) {
        let frame = WireFrame(requestID: 0, body).encoded(allocator: channel.allocator)
        channel.eventLoop.execute { [handler] in
            before(handler.value)
            handler.value.send(frame)
        }
    }
}

extension RelayConnection {
    /// Connects with any TLS configuration and waits for Welcome.
    static func open(
        _ address: RelayAddress, _ configuration: TLSContext.ClientConfiguration, applicationProtocol: String,
        agent: String, group: any EventLoopGroup, timeout: TimeAmount, logger: Logger
    ) async throws(ClientError) -> RelayConnection {
        let context: TLSContext
        do { context = try TLSContext(client: configuration) } catch { throw ClientError(error, address: address) }
        var hello = WireHello()
        hello.minVersion = protocolVersion
        hello.maxVersion = protocolVersion
        hello.agent = String(agent.prefix(64))
        let opening = ConnectionHandler.Opening(
            address: address, applicationProtocol: applicationProtocol, hello: hello, timeout: timeout)
        let parts: Parts
        do {
            parts = try await ClientBootstrap(group: group)
                .connectTimeout(timeout)
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .connect(host: address.host, port: address.port) { channel in
                    // Called once for each address that is tried; the first that connects wins.
                    channel.eventLoop.makeCompletedFuture {
                        try Parts(channel, context, opening, handshakeTimeout: Duration(timeout), logger)
                    }
                }
        } catch {
            throw unreachable(address, error)
        }
        let welcome: WireWelcome
        do {
            welcome = try await withTaskCancellationHandler {
                try await parts.welcome.get()
            } onCancel: {
                parts.channel.close(promise: nil)
            }
        } catch {
            if Task.isCancelled { throw .cancelled }
            throw error as? ClientError ?? .disconnected("the connection to \(address) broke: \(error)")
        }
        return RelayConnection(
            address: address, welcome: welcome, events: parts.events, channel: parts.channel, handler: parts.handler)
    }

    /// What belongs to one channel.
    private struct Parts: Sendable {
        let channel: any Channel
        let handler: NIOLoopBound<ConnectionHandler>
        let welcome: EventLoopFuture<WireWelcome>
        let events = StreamEvents()

        init(
            _ channel: any Channel, _ context: TLSContext, _ opening: ConnectionHandler.Opening,
            handshakeTimeout: Duration, _ logger: Logger
        ) throws {
            let welcomed = channel.eventLoop.makePromise(of: WireWelcome.self)
            let connection = ConnectionHandler(opening: opening, welcomed: welcomed, events: events, logger: logger)
            self.channel = channel
            handler = NIOLoopBound(connection, eventLoop: channel.eventLoop)
            welcome = welcomed.futureResult
            try channel.pipeline.syncOperations.addHandlers(
                TLSHandler(context: context, handshakeTimeout: handshakeTimeout), connection)
        }
    }

    private static func unreachable(_ address: RelayAddress, _ error: any Error) -> ClientError {
        if Task.isCancelled { return .cancelled }
        switch error {
        case let error as ClientError: return error
        case let error as NIOConnectionError:
            if error.dnsAError != nil || error.dnsAAAAError != nil, error.connectionErrors.isEmpty {
                return .unreachable("the name \(address.host) is not known; check it, and the network")
            }
            guard let first = error.connectionErrors.first?.error else { break }
            return unreachable(address, first)
        case let error as IOError where error.errnoCode == ECONNREFUSED:
            return .unreachable("nothing listens at \(address); is the relay running?")
        case ChannelError.connectTimeout:
            return .unreachable("\(address) did not answer in time; check host, port and network")
        default: break
        }
        return .unreachable("cannot reach \(address): \(error)")
    }
}

extension WireCredit {
    package init(posts: Int, bytes: Int) {
        self.init()
        self.posts = UInt32(clamping: posts)
        self.bytes = UInt64(clamping: bytes)
    }
}
