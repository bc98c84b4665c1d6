import Foundation
import LessonModel
import NIOCore
import NIOPosix
import PKI
import Relay
import TLS
import Wire

/// A relay in a process of its own with one member who has joined; removed at the end.
final class BenchRelay {
    let directory: URL
    let process: Process
    let port: Int
    let group: MultiThreadedEventLoopGroup
    let clientContext: TLSContext
    let member: BenchMember
    /// From the start of the process to its being ready.
    let startUp: Duration

    /// What the load is about.
    static let topic = "policing/community"

    /// Runs `body` with a relay of its own, which is stopped and removed afterwards.
    /// - Parameters:
    ///   - age: how long ago its authority was made.
    ///   - publishes: makes revocation lists.
    ///   - prepare: fills the data directory before the relay starts.
    static func with<Value>(
        _ program: String?, age: Milliseconds = 0, publishes: Bool = false, limits: RelayLimits = benchLimits,
        arguments: [String] = ["serve", "--log-level", "warning"],
        prepare: (RelayHome) throws -> Void = { _ in }, _ body: (BenchRelay) async throws -> Value
    ) async throws -> Value {
        let relay = try await start(
            program: program, arguments: arguments, age: age, publishes: publishes, limits: limits, prepare: prepare)
        do {
            let value = try await body(relay)
            await relay.stop()
            return value
        } catch {
            await relay.stop()
            throw error
        }
    }

    /// Few members stand for many here, all of them at one address.
    static let benchLimits: RelayLimits = {
        var limits = RelayLimits()
        limits.maxSessionsPerOrganisation = limits.maxSessions
        limits.maxRequestsPerSecond = 0
        limits.maxPostsPerHour = 0
        limits.maxHandshakesPerAddress = limits.maxHandshakes
        limits.maxConnectionsPerMinute = 0
        return limits
    }()

    private static func start(
        program: String?, arguments: [String], age: Milliseconds, publishes: Bool, limits: RelayLimits,
        prepare: (RelayHome) throws -> Void
    ) async throws -> BenchRelay {
        let directory = FileManager.default.temporaryDirectory.appending(path: "lessons-bench-\(UUID().uuidString)")
        let home = RelayHome(path: directory.path)
        guard let slug = OrganisationSlug("bench") else { preconditionFailure("bench is a slug") }
        let ports = try FreePorts.two()
        var configuration = RelayConfiguration(
            relayID: Hex.text(of: SecureRandom.bytes(16)), domain: "relay.test", host: "127.0.0.1", port: ports.0,
            enrolmentPort: ports.1, listen: "127.0.0.1", names: .init(dns: ["relay.test"], ip: ["127.0.0.1"]),
            limits: limits)
        if publishes {
            configuration.publication = RelayConfiguration.Publication(
                url: "http://relay.test/pki", listen: "127.0.0.1", port: 0)
        }
        let setup = RelaySetup(
            configuration: configuration,
            organisation: Organisation(slug: slug, name: "Bench", country: nil, kind: .other), administrator: "Bench",
            rootPassphrase: SecureRandom.bytes(16))
        let now = RelayServer.systemClock()
        var invitation = try setup.make(in: home, now: now - age)
        if age > 0 {
            // The one from the beginning is over.
            invitation = try RelaySetup.invite(
                home: home, organisation: slug, name: "Bench", roles: [.relayAdministrator, .contributor], now: now)
        }
        try prepare(home)
        let process = Process()
        let sibling = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(
            path: "lessons-relay")
        process.executableURL = program.map { URL(filePath: $0) } ?? sibling
        process.arguments = arguments + ["--data", home.path]
        let output = Pipe()
        process.standardOutput = output
        let started = ContinuousClock.now
        try process.run()
        guard let line = String(data: output.fileHandleForReading.availableData, encoding: .utf8),
            line.hasPrefix("ready")
        else { throw BenchError.relayDidNotStart }
        let startUp = ContinuousClock.now - started
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let member = try await BenchMember.join(try Wire.Invitation(text: invitation), group)
        return BenchRelay(directory, process, ports.0, group, try member.clientContext(), member, startUp)
    }

    private init(
        _ directory: URL, _ process: Process, _ port: Int, _ group: MultiThreadedEventLoopGroup, _ context: TLSContext,
        _ member: BenchMember, _ startUp: Duration
    ) {
        self.directory = directory
        self.process = process
        self.port = port
        self.group = group
        clientContext = context
        self.member = member
        self.startUp = startUp
    }

    func stop() async {
        process.terminate()
        process.waitUntilExit()
        try? await group.shutdownGracefully()
        try? FileManager.default.removeItem(at: directory)
    }

    /// A connection that has been welcomed.
    /// - Parameter context: of another member than the one who has joined.
    func connect(
        as context: TLSContext? = nil, on group: MultiThreadedEventLoopGroup? = nil
    ) async throws -> BenchPeer {
        let peer = try await BenchPeer.connect(port: port, context ?? clientContext, group ?? self.group)
        var hello = WireHello()
        hello.minVersion = 1
        hello.maxVersion = 1
        hello.agent = "lessons-bench"
        guard case .welcome = try await peer.request(.hello(hello)) else { throw BenchError.unexpectedAnswer }
        return peer
    }

    /// A connection whose stream is live and has credit for everything.
    /// - Parameter after: the sequence number to begin after; nil for now.
    func subscribe(
        _ pattern: String, after: Int64? = nil, untilCaughtUp: Bool = true, as context: TLSContext? = nil
    ) async throws -> BenchPeer {
        var filter = WireFilter()
        filter.topics = [pattern]
        return try await self.subscribe(filter, after: after, untilCaughtUp: untilCaughtUp, as: context)
    }

    func subscribe(
        _ filter: WireFilter, after: Int64? = nil, untilCaughtUp: Bool = true, as context: TLSContext? = nil
    ) async throws -> BenchPeer {
        let peer = try await connect(as: context)
        var subscribe = WireSubscribe()
        subscribe.filters = [filter]
        if let after { subscribe.afterSequence = after } else { subscribe.now = true }
        subscribe.credit.posts = 1 << 30
        subscribe.credit.bytes = 1 << 45
        guard case .subscribed = try await peer.request(.subscribe(subscribe)) else {
            throw BenchError.unexpectedAnswer
        }
        if untilCaughtUp { try await peer.caughtUp.get() }
        return peer
    }

    // MARK: What it costs

    /// CPU time of the relay so far, user and system.
    var cpuTime: Duration { ProcessMeter(pid: process.processIdentifier).cpuTime }

    /// Resident memory of the relay in KiB.
    var residentKiB: Int { ProcessMeter(pid: process.processIdentifier).residentKiB }
}

enum BenchError: Error, CustomStringConvertible {
    case relayDidNotStart
    case unexpectedAnswer
    case refused(String)
    case noPorts

    var description: String {
        switch self {
        case .relayDidNotStart: "lessons-relay did not start; build it first with `swift build -c release`"
        case .unexpectedAnswer: "the relay gave an answer that the benchmark does not expect"
        case .refused(let reason): "the relay refused: \(reason)"
        case .noPorts: "no free ports on loopback"
        }
    }
}

/// Ports that were free a moment ago.
enum FreePorts {
    static func two() throws -> (Int, Int) {
        let group = MultiThreadedEventLoopGroup.singleton
        let channels = try (0..<2).map { _ in try ServerBootstrap(group: group).bind(host: "127.0.0.1", port: 0).wait()
        }
        defer { for channel in channels { try? channel.close().wait() } }
        guard let first = channels[0].localAddress?.port, let second = channels[1].localAddress?.port else {
            throw BenchError.noPorts
        }
        return (first, second)
    }
}
