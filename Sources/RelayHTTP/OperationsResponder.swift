import HTTPTypes
package import Hummingbird
package import HummingbirdCore
import NIOPosix
package import Relay

/// Answers the machine the relay runs on: `/healthz`, and `/metrics` for Prometheus.
package struct OperationsResponder: HTTPResponder {
    package typealias Context = BasicRequestContext

    private let server: RelayServer

    package init(_ server: RelayServer) {
        self.server = server
    }

    package func respond(to request: Request, context: BasicRequestContext) async throws -> Response {
        try await answer(request).answering(request)
    }

    private func answer(_ request: Request) async throws -> Response {
        guard request.isReading else { return .notAllowed("GET, HEAD") }
        switch request.uri.path {
        case "/healthz":
            let problem = try await NIOThreadPool.singleton.runIfActive { server.problem }
            return problem.map { Response(.serviceUnavailable, $0) } ?? Response(.ok, "ok")
        case "/metrics":
            let measures = try await NIOThreadPool.singleton.runIfActive { server.measures }
            return Response(type: MetricsText.mediaType, MetricsText(measures).text.utf8)
        default: return Response(.notFound, "there are /healthz and /metrics here")
        }
    }

    /// Health and numbers tell of members; they are for the machine itself and what runs on it.
    package static func isLocal(_ host: String) -> Bool { ["127.0.0.1", "::1", "localhost"].contains(host) }
}

extension MetricsText {
    init(_ measures: RelayMeasures) {
        self.init()
        add("lessons_sessions", .gauge, "Open sessions.", Int64(measures.sessions))
        add("lessons_log_head", .gauge, "The highest sequence number in the log.", measures.head)
        add(
            "lessons_pending_posts", .gauge, "Posts that wait for verification or for the disk.",
            Int64(measures.pendingPosts))
        add("lessons_deliveries_total", .counter, "Posts handed to receivers.", Int64(measures.deliveries))
        for (name, value) in measures.counters {
            add("lessons_\(name.metric)_total", .counter, name.help, Int64(value))
        }
        let now = measures.now
        func left(_ end: Int64) -> Int64 { end - now }
        add(
            "lessons_certificate_expiry_seconds", .gauge,
            "Time until a certificate of the relay or its authority ends.",
            measures.certificates.map { ([("certificate", $0.name), ("kind", $0.kind)], left($0.notAfter)) })
        add(
            "lessons_issuing_certificates", .gauge, "Issuing certificates that are accepted.",
            Int64(measures.issuers.count))
        let published = measures.issuers.compactMap { issuer in issuer.published.map { (issuer.name, $0) } }
        guard !published.isEmpty else { return }
        add(
            "lessons_revocation_list_number", .gauge, "The number of the last revocation list.",
            published.map { ([("issuer", $0.0)], $0.1.listNumber) })
        add(
            "lessons_revocation_list_next_update_seconds", .gauge, "Time until the revocation list is no longer good.",
            published.map { ([("issuer", $0.0)], left($0.1.listNextUpdate)) })
    }
}

extension RelayCounters.Name {
    /// In the metric's spelling.
    fileprivate var metric: String {
        rawValue.map { $0.isUppercase ? "_" + $0.lowercased() : String($0) }.joined()
    }

    fileprivate var help: String {
        switch self {
        case .sessionsOpened: "Sessions that were opened."
        case .sessionsRefused: "Sessions that were refused after the handshake."
        case .handshakesFailed: "TLS handshakes that failed."
        case .uncleanShutdowns: "Connections that ended without close_notify."
        case .handshakesRefused: "Connections that were closed because too many had not said yet whose they are."
        case .rateLimited: "Requests that came faster than a member or an organisation may send them."
        case .slowConsumers: "Times that a receiver fell back to the log."
        case .posts: "Posts that were stored."
        case .refusals: "Requests and posts that were refused."
        case .storageFailures: "Failures of the database."
        case .invitationsRedeemed: "Invitations that were redeemed."
        }
    }
}
