import Logging
import Relay
import RelayHTTP
import ServiceLifecycle

/// What a relay listens for beside its members: others' questions about certificates, and the machine's own.
struct FurtherListeners {
    private let configuration: RelayConfiguration

    init(_ configuration: RelayConfiguration) {
        self.configuration = configuration
    }

    var names: Set<String> {
        var names: Set<String> = []
        if configuration.publication != nil { names.insert("publication") }
        if configuration.metrics != nil { names.insert("metrics") }
        if configuration.est != nil { names.insert("est") }
        return names
    }

    /// - Throws: `.invalid` for what must not be served so.
    func check() throws(RelayHomeError) {
        if let metrics = configuration.metrics, !OperationsResponder.isLocal(metrics.listen) {
            throw .invalid(
                "metrics.listen is \(metrics.listen): health and metrics are for this machine only; use 127.0.0.1 or ::1, "
                    + "and fetch them through an agent of your monitoring")
        }
    }

    func services(of server: RelayServer, logger: Logger, _ readyLine: ReadyLine) -> [any Service] {
        var services: [any Service] = []
        if let publication = configuration.publication, let published = server.publication {
            services.append(
                HTTPListener(
                    "publication", host: publication.listen, port: publication.port,
                    responder: PublicationResponder(
                        published, url: publication.url, clock: { RelayServer.systemClock() / 1_000 }),
                    logger: logger, onReady: { readyLine.ready($0, port: $1) }))
        }
        if let metrics = configuration.metrics {
            services.append(
                HTTPListener(
                    "metrics", host: metrics.listen, port: metrics.port, responder: OperationsResponder(server),
                    logger: logger, onReady: { readyLine.ready($0, port: $1) }))
        }
        if let est = configuration.est {
            let service = EnrolmentService(server)
            services.append(
                HTTPListener(
                    "est", host: est.listen, port: est.port, responder: ESTResponder(service), server: .est(service),
                    logger: logger, onReady: { readyLine.ready($0, port: $1) }))
        }
        return services
    }
}
