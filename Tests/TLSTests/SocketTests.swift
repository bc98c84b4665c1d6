import NIOCore
import NIOPosix
import PKI
import TLS
import TestSupport
import Testing

/// The same promises over TCP.
@Suite(.timeLimit(.minutes(2))) struct SocketTests {
    let parties: TestParties

    init() throws { parties = try TestParties() }

    @Test func `two sockets talk and close in order`() async throws {
        let server = try await SocketServer.start(parties.server(), .echo(closeAfterBytes: 5))
        let atClient = try await connectSocket(port: server.port, parties.client(), .sayAndClose("hello"))
        let atServer = try await server.firstOutcome.get()
        try await server.stop()
        #expect(String(buffer: atServer.received) == "hello")
        #expect(String(buffer: atClient.received) == "hello")
        #expect(atServer.completed?.peer?.certificate == parties.member.certificate)
        #expect(atClient.completed?.peer?.certificate == parties.relay.certificate)
        #expect(atServer.errors.isEmpty)
        #expect(atClient.errors.isEmpty)
    }

    @Test func `a client without a certificate is told so over a socket`() async throws {
        let server = try await SocketServer.start(parties.server(), .keep)
        let atClient = try await connectSocket(
            port: server.port, parties.client(identity: nil), .sayAndClose("too early"))
        let atServer = try await server.firstOutcome.get()
        try await server.stop()
        #expect(atClient.tlsErrors == [.peerAlert(name: "certificate_required", code: 116)])
        #expect(atServer.tlsErrors.map(\.sentAlert) == ["certificate_required"])
        #expect(atServer.received.readableBytes == 0)
    }

    @Test func `a revoked client is told so over a socket`() async throws {
        let server = try await SocketServer.start(parties.server(isRevoked: { _ in true }), .keep)
        let atClient = try await connectSocket(port: server.port, parties.client(), .sayAndClose("too early"))
        let atServer = try await server.firstOutcome.get()
        try await server.stop()
        #expect(atClient.tlsErrors == [.peerAlert(name: "certificate_revoked", code: 44)])
        #expect(atServer.received.readableBytes == 0)
    }

    @Test func `a socket that closes without close_notify is an unclean shutdown`() async throws {
        let server = try await SocketServer.start(parties.server(), .keep)
        let context = try parties.client()
        let channel = try await ClientBootstrap(group: SocketServer.group)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([TLSHandler(context: context), Cutter()])
                }
            }
            .connect(host: "127.0.0.1", port: server.port).get()
        try await channel.closeFuture.get()
        let atServer = try await server.firstOutcome.get()
        try await server.stop()
        #expect(atServer.tlsErrors == [.uncleanShutdown])
    }

    @Test func `50 MB go both ways at once, byte for byte`() async throws {
        let byteCount = 50_000_000
        var random = SeededRandom(for: "50 MB both ways")
        let block = ByteBuffer(bytes: (0..<1_000_003).map { _ in UInt8(truncatingIfNeeded: random.next()) })
        let (serverSeed, clientSeed) = (random.next(), random.next())

        let group = SocketServer.group
        let atServer = group.any().makePromise(of: Void.self)
        let atClient = group.any().makePromise(of: Void.self)
        let (serverContext, clientContext) = try (parties.server(), parties.client())
        let server = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([
                        TLSHandler(context: serverContext),
                        StreamPeer(block, byteCount: byteCount, seed: serverSeed, done: atServer),
                    ])
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let client = try await ClientBootstrap(group: group)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([
                        TLSHandler(context: clientContext),
                        StreamPeer(block, byteCount: byteCount, seed: clientSeed, done: atClient),
                    ])
                }
            }
            .connect(host: "127.0.0.1", port: server.localAddress?.port ?? 0).get()
        try await atServer.futureResult.get()
        try await atClient.futureResult.get()
        try await client.close()
        try await server.close()
    }

    @Test func `a peer that stops reading stops the writer, and starts it again`() async throws {
        let group = SocketServer.group
        let blocked = group.any().makePromise(of: Int.self)
        let resumed = group.any().makePromise(of: Void.self)
        let (serverContext, clientContext) = try (parties.server(), parties.client())
        let server = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([
                        TLSHandler(context: serverContext), EagerWriter(blocked: blocked, resumed: resumed),
                    ])
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let counter = ByteCounter()
        let client = try await ClientBootstrap(group: group)
            .channelOption(.autoRead, value: false)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([
                        TLSHandler(context: clientContext), counter.handler,
                    ])
                }
            }
            .connect(host: "127.0.0.1", port: server.localAddress?.port ?? 0).get()

        let written = try await blocked.futureResult.get()
        // The kernel's buffers of both ends and the channel's own high watermark; far below what a writer could make.
        #expect(written < 32 << 20)
        #expect(counter.count == 0)
        try await client.setOption(.autoRead, value: true).get()
        try await resumed.futureResult.get()
        #expect(counter.count > 0)
        try await client.close()
        try await server.close()
    }
}

/// Closes its socket under the TLS handler's feet as soon as the handshake is complete.
private final class Cutter: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is TLSHandshakeCompleted else { return }
        // Some data first, so that the server's handshake is complete when the end comes.
        context.channel.writeAndFlush(ByteBuffer(string: "cut")).assumeIsolated().whenComplete { _ in
            // An outbound event of the handler's own context does not pass the handler.
            let below = try? context.pipeline.syncOperations.context(handlerType: TLSHandler.self)
            below?.close(promise: nil)
        }
    }
}
