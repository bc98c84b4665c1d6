import Foundation
import NIOCore
import NIOPosix
import PKI
import TLS

/// What the relay is compared with.
enum BrokerKind: String, CaseIterable, Sendable {
    /// Mosquitto, QoS 1 both ways: acknowledged, not on the disk.
    case mosquitto
    /// NATS without JetStream: a PING after each message stands for its acknowledgement; nothing is stored.
    case nats
    /// NATS with JetStream on files, core subscribers: stored, synced every two minutes.
    case jetStream = "jetstream"
    /// The same with a push consumer for each subscriber, who acknowledges every message: the durable one.
    case jetStreamPush = "jetstream push"
    /// JetStream on a file system that syncs every write, since it has no such setting of its own: durable when acknowledged.
    case jetStreamSynchronous = "jetstream synchronous"

    var program: String { self == .mosquitto ? "mosquitto" : "nats-server" }

    /// Where Debian puts it; nil when it is not installed.
    var path: String? {
        ["/usr/sbin/", "/usr/bin/", "/usr/local/bin/"].map { $0 + program }.first {
            FileManager.default.isExecutableFile(atPath: $0)
        }
    }
}

/// A broker in a process of its own, with certificates of the same kind as the relay's; removed at the end.
final class Broker: Sendable {
    let kind: BrokerKind
    let port: Int
    let group: MultiThreadedEventLoopGroup
    let clientContext: TLSContext
    let meter: ProcessMeter

    /// - Parameter store: a folder for the broker's files; nil for its own.
    static func with<Value>(
        _ kind: BrokerKind, store: String? = nil, _ body: (Broker) async throws -> Value
    ) async throws -> Value {
        guard let path = kind.path else { throw BrokerError.notInstalled(kind.program) }
        let directory = FileManager.default.temporaryDirectory.appending(path: "lessons-bench-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        defer { try? FileManager.default.removeItem(at: directory) }
        let (port, _) = try FreePorts.two()
        let files = (store ?? directory.path) + "/js-\(UUID().uuidString.prefix(8))"
        defer { try? FileManager.default.removeItem(atPath: files) }
        let context = try prepare(kind, in: directory, files: files, port: port)
        let process = Process()
        process.executableURL = URL(filePath: path)
        process.arguments = ["-c", directory.appending(path: "broker.conf").path]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        defer {
            // It was started by a thread that lets no milder signal through, and has nothing to keep.
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let broker = Broker(kind, port, group, context, ProcessMeter(pid: process.processIdentifier))
        try await broker.untilListening()
        do {
            let value = try await body(broker)
            try? await group.shutdownGracefully()
            return value
        } catch {
            try? await group.shutdownGracefully()
            throw error
        }
    }

    private init(
        _ kind: BrokerKind, _ port: Int, _ group: MultiThreadedEventLoopGroup, _ context: TLSContext,
        _ meter: ProcessMeter
    ) {
        self.kind = kind
        self.port = port
        self.group = group
        clientContext = context
        self.meter = meter
    }

    /// A connection that the broker has greeted.
    func connect() async throws -> BrokerPeer { try await BrokerPeer.connect(kind, port: port, clientContext, group) }

    private func untilListening() async throws {
        for _ in 0..<200 {
            if let channel = try? await ClientBootstrap(group: group).connect(host: "127.0.0.1", port: port).get() {
                try? await channel.close()
                return
            }
            try await Task.sleep(for: .milliseconds(25))
        }
        throw BrokerError.doesNotListen(kind.program)
    }

    /// Certificates and configuration; what a broker would do beside is left off, and no limit is in the way.
    private static func prepare(
        _ kind: BrokerKind, in directory: URL, files: String, port: Int
    ) throws -> TLSContext {
        let now = Int64(Date().timeIntervalSince1970)
        let authority = try CertificateAuthority.create(
            name: "Bench", organisation: "Bench", country: "AT", now: now - 3_600, publication: nil
        ).authority
        let serverKey = try PrivateKey.generate(.p256)
        let server = try authority.issueRelay(
            publicKey: serverKey.publicKey, dnsNames: ["relay.test"], ipAddresses: ["127.0.0.1"],
            subject: DistinguishedName(commonName: "relay.test"), now: now)
        let key = try PrivateKey.generate(.p256)
        let member = try authority.issueMember(
            CertificateSigningRequest.make(key: key, commonName: "bench"), kind: .service, relayDomain: "relay.test",
            memberID: UUID(), subject: DistinguishedName(commonName: "bench"), now: now)
        let issuing = authority.issuingCertificates[0]
        func write(_ text: String, _ name: String) throws -> String {
            let path = directory.appending(path: name).path
            try SecretFile.write(text, to: path, replacing: false)
            return path
        }
        let certificate = try write(server.pem + issuing.pem, "server.pem")
        let keyFile = try write(try serverKey.pem(passphrase: nil), "server.key")
        let roots = try write(issuing.pem + authority.root.pem, "roots.pem")
        let configuration =
            switch kind {
            case .mosquitto:
                """
                listener \(port) 127.0.0.1
                cafile \(roots)
                certfile \(certificate)
                keyfile \(keyFile)
                require_certificate true
                allow_anonymous true
                tls_version tlsv1.3
                persistence false
                log_type none
                max_inflight_messages 0
                max_queued_messages 0
                user root

                """
            case .nats, .jetStream, .jetStreamPush, .jetStreamSynchronous:
                """
                host: 127.0.0.1
                port: \(port)
                max_connections: 100000
                max_pending: 1073741824
                write_deadline: "60s"
                tls { cert_file: "\(certificate)", key_file: "\(keyFile)", ca_file: "\(roots)", verify: true }
                \(kind == .nats ? "" : "jetstream { store_dir: \"\(files)\" }")

                """
            }
        _ = try write(configuration, "broker.conf")
        return try TLSContext(
            client: .init(
                trust: .roots([authority.root]), serverName: "127.0.0.1",
                identity: (chain: [member, issuing], key: key), alpnProtocols: []))
    }
}

enum BrokerError: Error, CustomStringConvertible {
    case notInstalled(String)
    case doesNotListen(String)
    case unexpected(String)

    var description: String {
        switch self {
        case .notInstalled(let program): "\(program) is not installed; Scripts/bench.sh --peers installs it"
        case .doesNotListen(let program): "\(program) does not listen"
        case .unexpected(let what): "a broker answered what the benchmark does not expect: \(what)"
        }
    }
}
