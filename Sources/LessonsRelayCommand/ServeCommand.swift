import ArgumentParser
import Foundation
import Logging
import Relay
import RelayHTTP
import ServiceLifecycle
import UnixSignals

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run the relay until SIGTERM or SIGINT.",
        discussion: """
            Logs to stderr. Prints `ready PORT ENROLMENT-PORT` on stdout when connections are accepted, followed by \
            `est=PORT`, `metrics=PORT` and `publication=PORT` where relay.json has them. On SIGTERM the relay stores and \
            answers what it has accepted, tells its clients, and ends. On SIGHUP, and when their files change, it reads its \
            certificates again: what is wrong with them is logged, and the old ones stay in use. Under systemd (Type=notify, \
            WatchdogSec) it says when it is ready, that it is alive, and that it stops.
            """)

    @Option(help: "The data directory.", completion: .directory)
    var data: String

    @Option(help: "trace, debug, info, notice, warning, error or critical.")
    var logLevel = "info"

    @Option(help: "Threads that serve connections; 0 for one a core.")
    var threads = 0

    @Option(help: "File with the passphrase of the issuing keys, if they have one (- for stdin).", completion: .file())
    var issuingPassphraseFile: String?

    func run() async throws {
        guard let level = Logger.Level(rawValue: logLevel) else {
            throw fail(
                "\"\(logLevel)\" is no log level: use \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))",
                Exit.usage)
        }
        // Until the service below listens for it: a reload that is asked for early must not end the relay.
        signal(SIGHUP, SIG_IGN)
        OpenFiles.raiseLimit()
        LoggingSystem.bootstrap(StreamLogHandler.standardError)
        let logger = Self.logger(level)
        let home = RelayHome(path: (data as NSString).standardizingPath)
        let passphrase = try issuingPassphraseFile.map { try Passphrase.read($0) }
        let notifier = SystemdNotifier(environment: ProcessInfo.processInfo.environment)
        let server: RelayServer
        let services: [any Service]
        do {
            let configuration = try home.readConfiguration()
            let further = FurtherListeners(configuration)
            try further.check()
            let readyLine = ReadyLine(expecting: further.names, logger: logger) { notifier.ready() }
            server = try RelayServer(
                home: home, configuration: configuration, issuingPassphrase: passphrase, eventLoops: threads,
                logger: logger,
                onReady: { readyLine.ready(port: $0.port, enrolmentPort: $0.enrolmentPort) })
            services = further.services(of: server, logger: logger, readyLine)
        } catch {
            throw fail("\(error)", Exit.configuration)
        }
        // The relay is the last to start and the first to stop.
        var configuration = ServiceGroupConfiguration(
            services: services + [
                server, ReloadOnHangup(server: server), WatchdogService(server: server, notifier: notifier),
            ],
            gracefulShutdownSignals: [.sigterm, .sigint], logger: Self.logger(max(level, .notice)))
        // A stranger's open connection to a further listener cannot hold the end up.
        configuration.maximumGracefulShutdownDuration = .seconds(60)
        let group = ServiceGroup(configuration: configuration)
        do {
            try await group.run()
        } catch let error as HTTPListenerError {
            throw fail("\(error)", Exit.configuration)
        } catch {
            throw fail("\(error)", Exit.internalFailure)
        }
        logger.info(
            "stopped",
            metadata: Dictionary(
                uniqueKeysWithValues: server.counters.all.map { ($0.name.rawValue, "\($0.value)") }))
    }

    private static func logger(_ level: Logger.Level) -> Logger {
        var logger = Logger(label: "lessons-relay")
        logger.logLevel = level
        return logger
    }
}
