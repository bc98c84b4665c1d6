import LessonModel
import RelayClient
import Storage
import Synchronization
import TerminalUI
import Wire

/// The client's line to its relay: receives what the device's subscription brings into the mirror, sends what waits in the
/// outbox, comes back after interruptions, and lends its connection to whoever asks something.
final class ClientLink: Sendable {
    private struct Shared {
        var connection: RelayConnection?
        var isOffline: Bool
        var followed: [SubscriptionFilter] = []
    }

    private let context: CommandContext
    private let mirror: ClientMirror
    private let mailbox: ClientMailbox
    private let shared: Mutex<Shared>
    private let changes: AsyncStream<Void>
    private let change: AsyncStream<Void>.Continuation

    init(_ context: CommandContext, mirror: ClientMirror, mailbox: ClientMailbox, isOffline: Bool) {
        self.context = context
        self.mirror = mirror
        self.mailbox = mailbox
        shared = Mutex(Shared(isOffline: isOffline))
        (changes, change) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Nil while there is no line.
    var connection: RelayConnection? { shared.withLock { $0.connection } }

    /// What the device's subscription selects, as the relay said last.
    var followed: [SubscriptionFilter] { shared.withLock { $0.followed } }

    func setOffline(_ isOffline: Bool) {
        shared.withLock { $0.isOffline = isOffline }
        change.yield()
    }

    /// Begins anew with the subscription as it is now.
    func restart() { change.yield() }

    /// Runs until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            guard !shared.withLock({ $0.isOffline }) else {
                mailbox.post(.link(.offline))
                await nextChange()
                continue
            }
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    do { try await self.receive() } catch {
                        guard !Task.isCancelled else { return }
                        self.mailbox.post(.link(.refused(CommandFailure(any: error).message)))
                    }
                }
                // The line is held until something is asked for, even when it has failed for good.
                await nextChange()
                group.cancelAll()
            }
            shared.withLock { $0.connection = nil }
        }
    }

    private func nextChange() async {
        for await _ in changes { return }
    }

    private func receive() async throws {
        let identity = try context.freshIdentity()
        let subscriber = DurableSubscriber(
            DurableSubscriber.Configuration(durable: identity.device), mirror: mirror,
            verifier: PostVerifier(root: identity.root, issuers: Array(identity.chain.dropFirst())),
            connect: { () async throws(ClientError) in
                try await self.context.connect((try? self.context.freshIdentity()) ?? identity)
            })
        var random = SystemRandomNumberGenerator()
        var place: (cursor: SequenceNumber, head: SequenceNumber) = (0, 0)
        var received = 0
        try await subscriber.run(clock: ContinuousClock(), random: &random) { event in
            switch event {
            case .connecting: mailbox.post(.link(.connecting))
            case .connected(let connection):
                guard await connected(connection, identity) else { return .stop }
            case .subscribed(let subscribed):
                place = (subscribed.cursor, subscribed.headSequence)
                shared.withLock { $0.followed = subscribed.filters.compactMap { try? $0.value() } }
                mailbox.post(.topicsChanged)
            case .posts(let posts):
                received += posts.count
                let through = posts.last?.stored.sequence ?? 0
                if through < place.head {
                    mailbox.post(
                        .link(
                            .catchingUp(
                                received: Int(through - place.cursor), of: Int(place.head - place.cursor))))
                }
                let threads = Set(posts.compactMap { $0.post?.thread })
                let others = posts.count { $0.post?.author != identity.member.id }
                mailbox.post(.delivered(count: others, threads: threads))
            case .caughtUp: mailbox.post(.link(.connected))
            case .marksChanged: await synchroniseMarks()
            case .gap(let from, let to, let reason):
                mailbox.post(.failed(Texts.Work.gap(from, to, reason)))
            case .reconnecting(let delay, let error):
                shared.withLock { $0.connection = nil }
                let milliseconds = Int64(delay / .milliseconds(1))
                mailbox.post(.link(.waiting(until: context.now + milliseconds, because: error.description)))
            }
            return .goOn
        }
    }

    /// - Returns: false when the line ended while nothing is followed yet.
    private func connected(_ connection: RelayConnection, _ identity: ClientIdentity) async -> Bool {
        shared.withLock { $0.connection = connection }
        mailbox.post(.link(.connected))
        await sendWaiting(over: connection)
        await synchroniseMarks()
        await refreshTopics(over: connection)
        await context.renewIfDue(identity, over: connection)
        let names = try? await connection.subscriptions()
        guard let names, !names.contains(where: { $0.durable == identity.device }) else { return true }
        shared.withLock { $0.followed = [] }
        mailbox.post(.topicsChanged)
        // Nothing is followed: the line serves reading and posting until something is.
        while let batch = await connection.events.nextBatch() {
            for event in batch {
                if case .closed = event { return true }
                if case .marksChanged = event { await synchroniseMarks() }
            }
        }
        return !Task.isCancelled
    }

    private func sendWaiting(over connection: RelayConnection) async {
        guard let outbox = try? context.profile.openOutbox(), (try? outbox.pendingCount()) ?? 0 > 0,
            let sender = try? context.sender(outbox, context.freshIdentity())
        else { return }
        let report = try? await sender.send(over: connection, now: context.now)
        for refused in report?.refused ?? [] {
            mailbox.post(.failed(Texts.Work.refused(refused.title, refused.error.message)))
        }
        if let waiting = try? outbox.pendingCount() { mailbox.post(.outboxCount(waiting)) }
    }

    /// Tells the relay what was read, followed and muted here, and takes over what was on other devices. Without a line
    /// it is told at the next one.
    func synchroniseMarks() async {
        guard let connection else { return }
        if (try? await MarkSynchronisation(mirror).run(over: connection)) == true { mailbox.post(.topicsChanged) }
        guard let identity = try? context.freshIdentity() else { return }
        let reader = ThreadReader(mirror: mirror, identity: identity, connection: connection)
        guard (try? await reader.follow(durable: identity.device)) == true else { return }
        restart()
    }

    /// Asks the relay for its topics, and keeps them for when there is no line; erases the names that it has erased.
    func refreshTopics(over connection: RelayConnection) async {
        guard let topics = try? await connection.topics() else { return }
        try? mirror.keep(topics, at: context.now)
        try? await ErasedNames.follow(over: connection, in: mirror)
    }
}
