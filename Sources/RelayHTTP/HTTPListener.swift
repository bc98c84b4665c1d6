package import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
import ServiceLifecycle

/// An HTTP server of the relay that listens at one address until it is told to stop.
package struct HTTPListener<Responder: HTTPResponder>: Service
where Responder.Context: InitializableFromSource<ApplicationRequestContextSource> {
    /// What is served, for logs and errors, such as `publication`.
    package let name: String
    private let host: String
    private let port: Int
    private let responder: Responder
    private let server: HTTPServerBuilder
    private let logger: Logger
    private let onReady: @Sendable (_ name: String, _ port: Int) async -> Void

    /// Connections open at once; more wait in the kernel.
    private static var maxConnections: Int { 256 }

    /// - Parameters:
    ///   - server: how connections are spoken with; HTTP/1.1 in the clear as a rule.
    ///   - onReady: called with the bound port.
    package init(
        _ name: String, host: String, port: Int, responder: Responder, server: HTTPServerBuilder = .plain,
        logger: Logger, onReady: @escaping @Sendable (_ name: String, _ port: Int) async -> Void
    ) {
        self.name = name
        self.host = host
        self.port = port
        self.responder = responder
        self.server = server
        self.logger = logger
        self.onReady = onReady
    }

    /// - Throws: `HTTPListenerError` when the address cannot be listened at.
    package func run() async throws {
        let application = Application(
            responder: responder, server: server,
            configuration: ApplicationConfiguration(
                address: .hostname(host, port: port),
                availableConnectionsDelegate: MaximumAvailableConnections(Self.maxConnections)),
            onServerRunning: { [name, onReady, port] channel in
                await onReady(name, channel.localAddress?.port ?? port)
            }, logger: quiet)
        do {
            try await application.run()
        } catch let error as IOError {
            throw HTTPListenerError(name: name, address: "\(host) port \(port)", reason: error.description)
        }
    }

    /// The server's own log tells what ours does.
    private var quiet: Logger {
        var logger = logger
        logger[metadataKey: "listener"] = "\(name)"
        logger.logLevel = max(logger.logLevel, .warning)
        return logger
    }
}

package struct HTTPListenerError: Error, CustomStringConvertible {
    package let name: String
    package let address: String
    package let reason: String

    package var description: String {
        "cannot listen at \(address) for \(name): \(reason); choose another port in relay.json"
    }
}

extension HTTPServerBuilder {
    /// A connection without a byte for this long is closed; see `ConnectionDeadline` for those that trickle.
    static let idleTimeout = TimeAmount.seconds(15)

    /// HTTP/1.1 without TLS.
    package static var plain: HTTPServerBuilder {
        .http1(
            configuration: HTTP1Channel.Configuration(
                additionalChannelHandlers: [ConnectionDeadline()], idleTimeout: idleTimeout,
                httpDecoderConfiguration: .small))
    }
}

extension HTTP1Channel.Configuration.DecoderConfiguration {
    /// What these servers are asked needs no more.
    static var small: Self { Self(maxHeaderFieldSize: 8_192, maxHeaderListSize: 16_384, maxHeaderFieldCount: 100) }
}
