import Foundation
import LessonModel
import Logging
import NIOPosix
import PKI
import RelayClient
import Storage
import TerminalUI
import Wire

/// What a command works with: the profile, the streams, and the way to the relay.
struct CommandContext: Sendable {
    let environment: [String: String]
    let output: Output
    let profile: Profile
    /// A person is there and may be asked.
    let mayAsk: Bool
    let passphrases: PassphraseSource
    /// What was loaded, so that a passphrase is asked for once.
    private let loaded: LoadedIdentity

    init(options: CommandOptions, environment: [String: String], output: Output) throws {
        self.environment = environment
        self.output = output
        profile = try Profile(name: options.profile, environment: environment)
        mayAsk = !options.noInput && isatty(0) == 1 && output.stderrIsTerminal
        passphrases = PassphraseSource(
            file: options.passphraseFile, mayAsk: !options.noInput && output.stderrIsTerminal)
        loaded = LoadedIdentity()
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
        return try loaded.value(profile, passphrases)
    }

    /// The identity as it is on disk now, which another process may have renewed; asks for nothing again.
    func freshIdentity() throws -> ClientIdentity { try loaded.refreshed(profile, passphrases) }

    func replace(_ identity: ClientIdentity) throws {
        try profile.replace(identity)
        loaded.keep(identity)
    }

    /// What was received, without what its topics keep no longer.
    func mirror(_ identity: ClientIdentity) throws -> ClientMirror {
        let mirror = try profile.openMirror(for: identity)
        try mirror.expire(at: now)
        return mirror
    }

    /// - Throws: `.refused` with CERTIFICATE_EXPIRED, before anything is sent, when the certificate's time is over.
    func connect(_ identity: ClientIdentity) async throws(ClientError) -> RelayConnection {
        if identity.isExpired(at: now / 1_000), let certificate = identity.certificate {
            let ended = TimeText.local(certificate.notAfter.multipliedReportingOverflow(by: 1_000).partialValue)
            throw .refused(
                code: .certificateExpired,
                reason: "your certificate ended on \(ended). \(WayBack.sentence(identity))", retryAfter: nil)
        }
        let connection = try await RelayConnection.connect(
            to: identity.address, identity: identity, agent: Version.agent,
            group: .singletonMultiThreadedEventLoopGroup, logger: Self.logger)
        if connection.welcome.deprecated {
            output.warning("this version of lessons will soon not be served any more; update it")
        }
        return connection
    }

    /// Connects, sends what waits in the outbox, runs `body`, and closes in good order.
    func connected<R>(_ body: (RelayConnection, ClientIdentity) async throws -> R) async throws -> R {
        let identity = try identity()
        let connection = try await connect(identity)
        do {
            try await sendWaiting(over: connection, identity)
            let result = try await body(connection, identity)
            await renewIfDue(identity, over: connection)
            await connection.close()
            return result
        } catch {
            await connection.close()
            throw error
        }
    }

    /// Sends what earlier commands have left in the outbox, and says what became of it.
    func sendWaiting(over connection: RelayConnection, _ identity: ClientIdentity) async throws {
        let outbox = try profile.openOutbox()
        let count = try outbox.pendingCount()
        guard count > 0 else { return }
        var progress = ProgressReport("sent", total: count, output: output, now: .now)
        var done = 0
        let report = try await sender(outbox, identity).send(over: connection, now: now) { step in
            if case .uploading(let name, let bytes, let size) = step {
                progress.upload(name, bytes, of: size, now: .now)
            } else {
                done += 1
                progress.update(done, now: .now)
            }
        }
        progress.end()
        tell(report)
    }

    /// Sends from `outbox`, signing anew what an earlier certificate has signed, with the files of each post.
    func sender(_ outbox: Outbox, _ identity: ClientIdentity) throws -> OutboxSender {
        OutboxSender(outbox, signer: try PostSigner(identity), attachments: try profile.openAttachments())
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
