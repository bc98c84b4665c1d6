import ArgumentParser
import LessonModel
import PKI
import RelayClient
import Storage
import TerminalUI
import Wire

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show the connection, what is unread, what waits, and the certificate's time.")

    @OptionGroup var options: CommandOptions

    func run() async throws {
        try await options.perform { context in
            let identity = try context.identity()
            let mirror = try context.mirror(identity)
            var state = Status(identity: identity, received: try mirror.counts())
            do {
                let connection = try await context.connect(identity)
                do {
                    try await context.sendWaiting(over: connection, identity)
                    state.head = connection.welcome.headSequence
                    state.relayAgent = connection.welcome.agent
                    let own = try await connection.subscriptions().first { $0.durable == identity.device }
                    state.subscription = own.map { ($0.cursor, $0.filters.compactMap { try? $0.value() }) }
                    await context.renewIfDue(identity, over: connection)
                    await connection.close()
                } catch {
                    await connection.close()
                    throw error
                }
            } catch let error as ClientError {
                state.failure = CommandFailure(error)
            }
            let received = try mirror.cursor(durable: identity.device)
            if state.subscription != nil || received > 0 {
                state.unread = try mirror.count(after: try mirror.shownThrough(durable: identity.device))
            }
            let outbox = try context.profile.openOutbox()
            state.waiting = try outbox.pendingCount()
            state.refused = try outbox.items().count { if case .refused = $0.state { true } else { false } }
            try context.output.isJSON
                ? context.output.json(state.json(context)) : context.output.data(state.lines(context))
            if let failure = state.failure, failure.status != .unreachable {
                throw failure
            }
        }
    }
}

/// What `lessons status` tells.
private struct Status {
    let identity: ClientIdentity
    /// Nil while the relay cannot be asked.
    var head: SequenceNumber?
    var relayAgent: String?
    var failure: CommandFailure?
    var subscription: (cursor: SequenceNumber, filters: [SubscriptionFilter])?
    let received: MirrorCounts
    var unread = 0
    var waiting = 0
    var refused = 0

    init(identity: ClientIdentity, received: MirrorCounts) {
        self.identity = identity
        self.received = received
    }

    private var certificateEndsAt: Milliseconds {
        (identity.certificate?.notAfter ?? 0).multipliedReportingOverflow(by: 1_000).partialValue
    }

    func lines(_ context: CommandContext) -> [StyledText] {
        var list = LabelledLines()
        list.add("relay", StyledText(identity.address.description))
        if let head {
            list.add("connection", StyledText("connected", .green) + StyledText(", log at #\(head)"))
        } else {
            list.add("connection", StyledText("offline", .yellow) + StyledText(failure.map { ": \($0.message)" } ?? ""))
        }
        list.add("member", StyledText("\(identity.member.name), \(identity.organisation.name)"))
        if let subscription {
            let filters = subscription.filters.map(\.text).joined(separator: "; ")
            list.add("following", StyledText(filters, .cyan) + StyledText(", received through #\(subscription.cursor)"))
        } else if head != nil {
            list.add("following", "nothing yet: lessons subscribe 'TOPIC/#'")
        }
        list.add(
            "received", StyledText("\(received.posts) posts in \(received.threads) threads, \(unread) not yet shown"))
        var outbox = StyledText("\(waiting) waiting", waiting > 0 ? .yellow : .plain)
        if refused > 0 { outbox += ", " + StyledText("\(refused) refused", .red) }
        list.add("outbox", outbox)
        list.add("certificate", CertificateTerm(endsAt: certificateEndsAt, now: context.now).text)
        return list.lines
    }

    func json(_ context: CommandContext) -> JSONNode {
        .object([
            ("connected", .bool(head != nil)), ("relay", .string(identity.address.description)),
            ("relay_agent", .text(relayAgent)), ("error", .text(failure?.code)),
            ("head", head.map { .integer($0) } ?? .null),
            ("cursor", subscription.map { .integer($0.cursor) } ?? .null),
            ("filters", subscription.map { .array($0.filters.map(\.json)) } ?? .null),
            ("member", .string(identity.member.id.description)),
            ("organisation", .string(identity.member.organisation.text)), ("received_posts", .count(received.posts)),
            ("received_threads", .count(received.threads)), ("unread", .count(unread)),
            ("outbox_waiting", .count(waiting)), ("outbox_refused", .count(refused)),
            ("certificate_ends_at", .string(TimeText.iso(certificateEndsAt))),
            (
                "certificate_days_left",
                .integer(CertificateTerm(endsAt: certificateEndsAt, now: context.now).daysLeft)
            ),
        ])
    }
}

extension ClientMirror {
    /// How many posts there are after `sequence`.
    func count(after sequence: SequenceNumber) throws(StorageError) -> Int {
        var count = 0
        var last = sequence
        while case let page = try posts(after: last, limit: 1_000), let end = page.last {
            count += page.count
            last = end.stored.sequence
        }
        return count
    }
}
