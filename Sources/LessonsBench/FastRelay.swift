import ArgumentParser
import Foundation
import LessonModel
import Logging
import Relay

/// The relay itself, with a clock that goes faster: for `day`, which starts it.
struct FastRelay: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fast-relay", abstract: "A relay whose clock goes faster.", shouldDisplay: false)

    @Option(help: "The data directory.") var data: String
    @Option(help: "Seconds of the relay's clock in one second.") var speed: Int
    @Option(help: "How long ago its clock begins, in hours: OpenSSL takes no certificate from the future.")
    var hoursAgo: Int

    func run() async throws {
        let home = RelayHome(path: data)
        let began = (at: RelayServer.systemClock() - Milliseconds(hoursAgo) * 3_600_000, instant: ContinuousClock.now)
        let clock: @Sendable () -> Milliseconds = { [speed] in
            began.at + Milliseconds((ContinuousClock.now - began.instant).seconds * 1_000) * Milliseconds(speed)
        }
        LoggingSystem.bootstrap(StreamLogHandler.standardError)
        var logger = Logger(label: "relay")
        logger.logLevel = .warning
        let server = try RelayServer(
            home: home, configuration: try home.readConfiguration(), clock: clock, logger: logger)
        let addresses = try await server.start()
        FileHandle.standardOutput.write(Data("ready \(addresses.port) \(addresses.enrolmentPort)\n".utf8))
        let ended = AsyncStream.makeStream(of: Void.self)
        signal(SIGTERM, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: SIGTERM)
        source.setEventHandler { ended.continuation.finish() }
        source.resume()
        for await _ in ended.stream {}
        await server.drain()
    }
}
