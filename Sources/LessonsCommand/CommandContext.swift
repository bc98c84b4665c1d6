import Foundation
import LessonModel
import Logging
import NIOPosix
import PKI
import RelayClient
import Storage
import Wire

/// What a command works with: the profile, the streams, and the way to the relay.
struct CommandContext: Sendable {
    let environment: [String: String]
    let output: Output
    let profile: Profile
    /// A person is there and may be asked.
    let mayAsk: Bool

    init(options: CommandOptions, environment: [String: String], output: Output) throws {
        self.environment = environment
        self.output = output
        profile = try Profile(name: options.profile, environment: environment)
        mayAsk = !options.noInput && isatty(0) == 1 && output.stderrIsTerminal
    }

    /// Milliseconds since 1970.
    var now: Milliseconds { Milliseconds(Date().timeIntervalSince1970 * 1_000) }

    /// East of UTC, for what a person types.
    var zoneSeconds: Int { TimeZone.current.secondsFromGMT() }

    func identity() throws -> ClientIdentity {
        guard profile.hasIdentity else {
            let note = profile.name == Profile.defaultName ? "" : " with the profile \(profile.name)"
            throw CommandFailure(
                .configuration, "NO_IDENTITY", "you have joined no relay yet\(note)",
                hint: "ask an administrator for an invitation, then run: lessons join INVITATION")
        }
        return try profile.loadIdentity()
    }

    func mirror(_ identity: ClientIdentity) throws -> ClientMirror { try profile.openMirror(for: identity) }

    func connect(_ identity: ClientIdentity) async throws(ClientError) -> RelayConnection {
        let connection = try await RelayConnection.connect(
            to: identity.address, identity: identity, agent: Version.agent,
            group: .singletonMultiThreadedEventLoopGroup, logger: Self.logger)
        if connection.welcome.deprecated {
            output.warning("this version of lessons will soon not be served any more; update it")
        }
        if identity.needsRenewal(at: now / 1_000), let certificate = identity.certificate {
            let left = TimeText.span(certificate.notAfter.multipliedReportingOverflow(by: 1_000).partialValue - now)
            output.warning("your certificate ends in \(left); renew it with: lessons renew")
        }
        return connection
    }

    /// Connects, sends what waits in the outbox, runs `body`, and closes in good order.
    func connected<R>(_ body: (RelayConnection, ClientIdentity) async throws -> R) async throws -> R {
        let identity = try identity()
        let connection = try await connect(identity)
        do {
            try await sendWaiting(over: connection)
            let result = try await body(connection, identity)
            await connection.close()
            return result
        } catch {
            await connection.close()
            throw error
        }
    }

    /// Sends what earlier commands have left in the outbox, and says what became of it.
    func sendWaiting(over connection: RelayConnection) async throws {
        let outbox = try profile.openOutbox()
        let count = try outbox.pendingCount()
        guard count > 0 else { return }
        var progress = ProgressReport("sent", total: count, output: output, now: .now)
        var done = 0
        let report = try await OutboxSender(outbox).send(over: connection, now: now) { _ in
            done += 1
            progress.update(done, now: .now)
        }
        progress.end()
        tell(report)
    }

    /// Says what became of posts that waited.
    func tell(_ report: OutboxReport) {
        if !report.sent.isEmpty {
            let count = report.sent.count
            output.message(StyledText("sent \(count) post\(count == 1 ? "" : "s") that waited in the outbox", .green))
        }
        for refused in report.refused {
            output.warning("the relay refused \"\(SafeText.line(refused.title))\": \(refused.error.message)")
        }
        if !report.refused.isEmpty { output.message("see them with: lessons outbox list --refused") }
    }

    /// The commands speak for themselves; nothing is logged beside them.
    static let logger = Logger(label: "lessons") { _ in SwiftLogNoOpLogHandler() }
}
