import LessonModel
import RelayClient
import Storage
import TerminalUI
import Wire

/// What a command does with a subscription's posts. The calls come one after the other.
protocol SubscriptionReceiver {
    /// Once, when the stream is open.
    /// - Parameters:
    ///   - cursor: posts after this number follow.
    ///   - head: the end of the relay's log.
    ///   - isNew: nothing of this subscription was received here before, or it was told to begin there.
    func begin(at cursor: SequenceNumber, head: SequenceNumber, isNew: Bool) throws
    func receive(_ posts: [VerifiedPost]) throws -> SubscriptionDecision
    func caughtUp(through: SequenceNumber, isFirst: Bool) throws
}

/// One run of a subscription, with what is said on stderr of its connection.
struct Subscription {
    /// Nil: it ends with the run.
    var durable: String?
    /// Empty: those that the durable subscription has.
    var filters: [SubscriptionFilter]
    var start: StartPoint
    var endsWhenCaughtUp: Bool
    /// Tries again when the relay cannot be reached, or the line drops.
    var comesBack: Bool

    /// Ends when the receiver or this asks for it, or the task is cancelled.
    func run(
        _ context: CommandContext, _ identity: ClientIdentity, _ mirror: ClientMirror,
        _ receiver: any SubscriptionReceiver
    ) async throws {
        let place = try place(mirror)
        let subscriber = DurableSubscriber(
            DurableSubscriber.Configuration(
                durable: durable, filters: filters, replacesFilters: !filters.isEmpty, start: place.start),
            mirror: mirror,
            verifier: PostVerifier(root: identity.root, issuers: Array(identity.chain.dropFirst())),
            connect: { () async throws(ClientError) in
                // Renewed meanwhile, perhaps by another command.
                try await context.connect((try? context.freshIdentity()) ?? identity)
            })
        var failure: (any Error)?
        var hasBegun = false
        var hasCaughtUp = false
        var random = SystemRandomNumberGenerator()
        func receive(_ event: SubscriptionEvent) async -> SubscriptionDecision {
            do {
                switch event {
                case .connecting: return .goOn
                case .connected(let connection):
                    if !hasBegun { try await checkExists(connection) }
                    try await context.sendWaiting(over: connection, try context.freshIdentity())
                    try await shareMarks(over: connection, identity, mirror)
                    try mirror.keep(try await connection.topics(), at: context.now)
                    try await ErasedNames.follow(over: connection, in: mirror)
                    return .goOn
                case .subscribed(let subscribed):
                    if !hasBegun {
                        try receiver.begin(
                            at: subscribed.cursor, head: subscribed.headSequence, isNew: place.isNew)
                    }
                    if hasBegun { context.output.message(StyledText("connected again", .green)) }
                    hasBegun = true
                    return .goOn
                case .posts(let posts): return try receiver.receive(posts)
                case .caughtUp(let through):
                    try receiver.caughtUp(through: through, isFirst: !hasCaughtUp)
                    hasCaughtUp = true
                    return endsWhenCaughtUp ? .stop : .goOn
                case .marksChanged:
                    // Taken over at the next contact, when the stream may begin anew.
                    return .goOn
                case .gap(let from, let to, let reason):
                    context.output.warning("the posts #\(from) to #\(to) cannot be had any more: \(reason)")
                    return .goOn
                case .reconnecting(let delay, let error):
                    guard comesBack else { throw error }
                    let seconds = max(1, delay.components.seconds)
                    context.output.message(
                        StyledText("\(error.description); trying again in \(seconds) s", .yellow).onOneLine)
                    return .goOn
                }
            } catch {
                failure = error
                return .stop
            }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            if comesBack { group.addTask { await context.keepRenewing() } }
            defer { group.cancelAll() }
            while true {
                let used = (try? context.freshIdentity().certificate) ?? identity.certificate
                do {
                    try await subscriber.run(clock: ContinuousClock(), random: &random, receive: receive)
                    break
                } catch ClientError.refused(.certificateExpired, _, _)
                    where comesBack && (try? context.freshIdentity().certificate) != used
                {
                    // The certificate of the connection ended; the renewed one is there.
                    continue
                }
            }
        }
        if let failure { throw failure }
    }

    /// Where to begin: what was received but not shown is asked for again, so that nothing is missed.
    private func place(_ mirror: ClientMirror) throws -> (start: DurableSubscriber.Start?, isNew: Bool) {
        guard start == .unset else { return (start.start, true) }
        guard let durable else { return (.now, true) }
        guard try mirror.cursor(durable: durable) > 0 else { return (nil, true) }
        return (comesBack ? .after(try mirror.shownThrough(durable: durable)) : nil, false)
    }

    /// What was read, followed and muted is the same on all devices from here on.
    private func shareMarks(
        over connection: RelayConnection, _ identity: ClientIdentity, _ mirror: ClientMirror
    ) async throws {
        guard durable == identity.device, filters.isEmpty else { return }
        try await MarkSynchronisation(mirror).run(over: connection)
        let reader = ThreadReader(mirror: mirror, identity: identity, connection: connection)
        try await reader.follow(durable: identity.device)
    }

    private func checkExists(_ connection: RelayConnection) async throws {
        guard let durable, filters.isEmpty else { return }
        let exists = try await connection.subscriptions().contains { $0.durable == durable }
        guard exists else {
            throw CommandFailure(
                .usage, "NO_SUBSCRIPTION", "you follow nothing yet, so there is nothing to receive",
                hint:
                    "follow topics with: lessons subscribe 'policing/#'   or watch for once with: lessons watch 'policing/#'"
            )
        }
    }
}
