import Foundation
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import Relay
import RelayHTTP
import RelayTestSupport
import ServiceLifecycle
import TLS

/// A relay in this process with an HTTP listener, which is stopped afterwards.
struct HTTPWorld {
    let relay: TestRelay
    let base: String

    static let url = "http://relay.test/pki"

    static func with<Responder: HTTPResponder>(
        _ responder: @escaping (TestRelay) throws -> Responder,
        server: (TestRelay) -> HTTPServerBuilder = { _ in .plain }, _ body: (HTTPWorld) async throws -> Void
    ) async throws where Responder.Context: InitializableFromSource<ApplicationRequestContextSource> {
        try await TestRelay.with(configure: {
            $0.publication = RelayConfiguration.Publication(url: url, listen: "127.0.0.1", port: 0)
            $0.est = RelayConfiguration.Listener(listen: "127.0.0.1", port: 0)
        }) { relay in
            let (ports, port) = AsyncStream.makeStream(of: Int.self)
            let listener = HTTPListener(
                "test", host: "127.0.0.1", port: 0, responder: try responder(relay), server: server(relay),
                logger: TestRelay.logger,
                onReady: { _, bound in port.yield(bound) })
            let services = ServiceGroup(configuration: .init(services: [listener], logger: TestRelay.logger))
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await services.run() }
                for await bound in ports {
                    try await body(HTTPWorld(relay: relay, base: "http://127.0.0.1:\(bound)"))
                    break
                }
                await services.triggerGracefulShutdown()
                try await group.waitForAll()
            }
        }
    }

    /// One exchange on a connection of its own, written out so that nothing between changes it.
    func exchange(
        _ method: String, _ path: String, headers: [String: String] = [:], body: [UInt8] = [],
        tls: TLSContext? = nil
    ) async throws -> (status: Int, headers: [String: String], body: [UInt8]) {
        let port = Int(base.split(separator: ":").last ?? "") ?? 0
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls { try channel.pipeline.syncOperations.addHandler(TLSHandler(context: tls)) }
                    return try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        var head =
            "\(method) \(path) HTTP/1.1\r\nHost: relay.test\r\nConnection: close\r\nContent-Length: \(body.count)\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        return try await channel.executeThenClose { inbound, outbound in
            // A server that refuses the handshake may have closed before this; why, the reading tells.
            do {
                try await outbound.write(ByteBuffer(bytes: Array("\(head)\r\n".utf8) + body))
            } catch ChannelError.ioOnClosedChannel {}
            var bytes: [UInt8] = []
            // A server that has said enough may close before it has read all.
            do { for try await part in inbound { bytes += Array(part.readableBytesView) } } catch is IOError {
            } catch let error as TLSError {
                if bytes.isEmpty { throw error }
            }
            return try Self.parse(bytes)
        }
    }

    private static func parse(_ bytes: [UInt8]) throws -> (status: Int, headers: [String: String], body: [UInt8]) {
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { throw CocoaError(.fileReadCorruptFile) }
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        let status = Int(lines[0].split(separator: " ").dropFirst().first ?? "") ?? 0
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            headers[parts[0].lowercased()] = parts.last.map { $0.trimmingCharacters(in: .whitespaces) }
        }
        return (status, headers, Array(bytes[end.upperBound...]))
    }
}
