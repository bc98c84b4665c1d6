import Foundation
import LessonModel
import NIOCore
import NIOPosix
import PKI
import RelayClient
import TLS
import TestSupport
import Testing
import Wire

/// The other end of a connection, which a test plays frame by frame.
struct ScriptedPeer {
    private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private var decoder = FrameDecoder()

    init(
        inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator,
        outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    ) {
        self.inbound = inbound
        self.outbound = outbound
    }

    /// Nil once the client has closed.
    mutating func receive() async throws -> WireFrame? {
        while true {
            if let body = try decoder.next() { return try WireFrame(decoding: body) }
            guard let bytes = try await inbound.next(isolation: #isolation) else { return nil }
            decoder.feed(bytes)
        }
    }

    /// The next frame that is no Credit, Ack or Ping.
    mutating func receiveRequest() async throws -> WireFrame {
        while let frame = try await receive() {
            switch frame.body {
            case .credit, .ack, .ping: continue
            default: return frame
            }
        }
        throw ScriptError.closed
    }

    /// The next Ack.
    mutating func receiveAck() async throws -> SequenceNumber {
        while let frame = try await receive() {
            if case .ack(let ack) = frame.body { return ack.through }
        }
        throw ScriptError.closed
    }

    /// Reads to the end.
    mutating func drain() async throws { while try await receive() != nil {} }

    func send(_ body: WireFrame.OneOf_Body?, to requestID: UInt64 = 0) async throws {
        var frame = WireFrame()
        frame.requestID = requestID
        frame.body = body
        try await outbound.write(frame.encoded())
    }

    func sendRaw(_ bytes: [UInt8]) async throws { try await outbound.write(ByteBuffer(bytes: bytes)) }

    func deliver(_ stored: StoredPost) async throws {
        var buffer = ByteBuffer()
        DeliverEncoder.write(stored, into: &buffer)
        try await outbound.write(buffer)
    }

    /// Hello and Welcome.
    mutating func greet(_ welcome: WireWelcome) async throws {
        let hello = try await receiveRequest()
        guard case .hello(let body) = hello.body else { throw ScriptError.unexpected(hello) }
        #expect(body.minVersion == 1 && body.maxVersion == 1)
        try await send(.welcome(welcome), to: hello.requestID)
    }

    /// Answers a Subscribe, and tells what it asked for.
    mutating func openStream(cursor: SequenceNumber, head: SequenceNumber) async throws -> WireSubscribe {
        let frame = try await receiveRequest()
        guard case .subscribe(let subscribe) = frame.body else { throw ScriptError.unexpected(frame) }
        var subscribed = WireSubscribed()
        subscribed.cursor = cursor
        subscribed.headSequence = head
        subscribed.filters = subscribe.filters
        try await send(.subscribed(subscribed), to: frame.requestID)
        return subscribe
    }

    /// Answers a FetchCertificates from `known`.
    mutating func answerCertificates(_ known: [ClientIdentity], issuers: [[UInt8]]) async throws -> Int {
        let frame = try await receiveRequest()
        guard case .fetchCertificates(let fetch) = frame.body else { throw ScriptError.unexpected(frame) }
        try await send(
            .certificateList(certificateList(known, asked: fetch.fingerprints.map { Array($0) }, issuers: issuers)),
            to: frame.requestID)
        return fetch.fingerprints.count
    }

    func caughtUp(_ through: SequenceNumber) async throws {
        var caughtUp = WireCaughtUp()
        caughtUp.through = through
        try await send(.caughtUp(caughtUp))
    }
}

enum ScriptError: Error {
    case closed
    case unexpected(WireFrame)
}

/// What a relay answers that knows the certificates of `known`.
func certificateList(_ known: [ClientIdentity], asked: [[UInt8]], issuers: [[UInt8]]) -> WireCertificateList {
    var list = WireCertificateList()
    for identity in known {
        guard let certificate = identity.certificate, asked.contains(certificate.fingerprint) else { continue }
        var entry = WireCertificateEntry()
        entry.fingerprint = Data(certificate.fingerprint)
        entry.certificate = Data(certificate.der)
        entry.memberID = Data(identity.member.id.bytes)
        list.certificates.append(entry)
    }
    list.issuers = issuers.map { Data($0) }
    return list
}

typealias Script = @Sendable (inout ScriptedPeer) async throws -> Void

/// Runs `body` beside a server on the loopback interface that plays `scripts`, one for each connection in turn. A connection
/// closes when its script ends. Fails with the first error of a script or of `body`.
func withScriptedRelay(
    _ context: TLSContext, _ scripts: [Script],
    body: @escaping @Sendable (RelayAddress, any EventLoopGroup) async throws -> Void
) async throws {
    let group = MultiThreadedEventLoopGroup.singleton
    let server = try await ServerBootstrap(group: group)
        .bind(host: "127.0.0.1", port: 0) { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandlers(TLSHandler(context: context), QuietEnd())
                return try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
            }
        }
    let port = try #require(server.channel.localAddress?.port)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask {
            try await server.executeThenClose { connections in
                var remaining = scripts[...]
                for try await connection in connections {
                    guard let script = remaining.popFirst() else {
                        connection.channel.close(promise: nil)
                        continue
                    }
                    do {
                        try await connection.executeThenClose { inbound, outbound in
                            var peer = ScriptedPeer(inbound: inbound.makeAsyncIterator(), outbound: outbound)
                            try await script(&peer)
                        }
                    } catch let error as ChannelError where error == .ioOnClosedChannel || error == .alreadyClosed {
                        // The client was quicker to close. What it missed, `body` tells.
                    }
                }
            }
        }
        tasks.addTask {
            try await body(RelayAddress(host: "127.0.0.1", port: port), group)
        }
        // The server never ends by itself: what comes first is the end of `body`, or an error.
        try await tasks.next()
        tasks.cancelAll()
        while let result = await tasks.nextResult() {
            if case .failure(let error) = result, !(error is CancellationError) { throw error }
        }
    }
}

/// Turns what ended the connection into its plain end, as scripts want to see it.
private final class QuietEnd: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    func errorCaught(context: ChannelHandlerContext, error: any Error) {}
}
