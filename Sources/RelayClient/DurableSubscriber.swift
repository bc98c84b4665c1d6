package import LessonModel
package import Storage
internal import Wire

/// Receives what a subscription selects, for as long as it is wanted: connects, subscribes, verifies, keeps posts in the
/// mirror, acknowledges, and comes back after every interruption at the place where it was.
package struct DurableSubscriber: Sendable {
    /// Where to begin.
    package enum Start: Sendable, Hashable {
        /// After this sequence number; 0 is the beginning.
        case after(SequenceNumber)
        /// With the first post that the relay received at or after this time, milliseconds since 1970.
        case since(Milliseconds)
        /// With the next post.
        case now
    }

    package struct Configuration: Sendable, Hashable {
        /// Nil: the subscription ends with the run, and nothing is acknowledged.
        package var durable: String?
        /// May be empty for a durable subscription that exists.
        package var filters: [SubscriptionFilter]
        /// `filters` take the place of those that the subscription had.
        package var replacesFilters: Bool
        /// Nil: where the mirror ends; else the relay's cursor; now when the subscription is new.
        package var start: Start?
        /// What may be on its way or waiting here at once.
        package var windowPosts = 2_048
        package var windowBytes = 8 << 20
        /// Posts after which an acknowledgement is due; one is sent as well whenever nothing more waits.
        package var acknowledgeAfterPosts = 512

        package init(
            durable: String?, filters: [SubscriptionFilter] = [], replacesFilters: Bool = false, start: Start? = nil
        ) {
            self.durable = durable
            self.filters = filters
            self.replacesFilters = replacesFilters
            self.start = start
        }
    }

    package typealias Connect = @Sendable () async throws(ClientError) -> RelayConnection

    private let configuration: Configuration
    private let mirror: ClientMirror
    private let verifier: PostVerifier
    private let connect: Connect

    /// - Parameter connect: called for each attempt, so that it may use a renewed identity.
    package init(
        _ configuration: Configuration, mirror: ClientMirror, verifier: PostVerifier, connect: @escaping Connect
    ) {
        self.configuration = configuration
        self.mirror = mirror
        self.verifier = verifier
        self.connect = connect
    }

    /// What a run carries from one connection to the next.
    private struct Progress {
        /// Everything up to here was told; nil before the first subscription.
        var through: SequenceNumber?
        /// The relay has the filters of a durable subscription.
        var hasFilters = false
    }

    private enum Ending {
        /// Asked for by the receiver or by cancellation.
        case stopped
        case interrupted(ClientError)
    }

    /// Runs until `receive` answers `.stop` or the task is cancelled; both end it in good order and without an error.
    /// - Parameters:
    ///   - receive: told of everything in order; the next event is not looked at before it returns, and posts that wait
    ///     meanwhile are bounded by the configuration's window.
    /// - Throws: what no further attempt can change: `.refused` by a revoked or expired certificate or a suspended member,
    ///   `.untrusted`, `.identity`, `.storage`, `.request` for a subscription that the relay refuses.
    package func run<C: Clock>(
        policy: ReconnectPolicy = ReconnectPolicy(), clock: C, random: inout some RandomNumberGenerator,
        receive: (SubscriptionEvent) async -> SubscriptionDecision
    ) async throws(ClientError) where C.Duration == Duration {
        var policy = policy
        var progress = Progress()
        while !Task.isCancelled {
            var openedAt: C.Instant?
            let ending: Ending
            do throws(ClientError) {
                guard case .goOn = await receive(.connecting) else { return }
                let connection = try await connect()
                openedAt = clock.now
                do throws(ClientError) {
                    ending = try await serve(connection, &progress, receive)
                } catch {
                    await connection.close()
                    throw error
                }
                await connection.close()
            } catch {
                ending = .interrupted(error)
            }
            guard case .interrupted(let error) = ending, !Task.isCancelled else { return }
            guard error.isRetryable else { throw error }
            let lived = openedAt.map { $0.duration(to: clock.now) }
            let delay = policy.nextDelay(afterLiving: lived, retryAfter: error.retryAfter, using: &random)
            guard case .goOn = await receive(.reconnecting(in: delay, because: error)) else { return }
            do { try await clock.sleep(until: clock.now.advanced(by: delay), tolerance: nil) } catch { return }
        }
    }

    private func serve(
        _ connection: RelayConnection, _ progress: inout Progress,
        _ receive: (SubscriptionEvent) async -> SubscriptionDecision
    ) async throws(ClientError) -> Ending {
        guard case .goOn = await receive(.connected(connection)) else { return .stopped }
        let request = try subscription(connection, &progress)
        let subscribed = try await connection.subscribe(request)
        progress.hasFilters = true
        progress.through = subscribed.cursor
        guard case .goOn = await receive(.subscribed(subscribed)) else { return .stopped }

        var delivery = Delivery(
            connection: connection, source: CertificateSource(mirror: mirror, connection: connection),
            through: subscribed.cursor)
        while let batch = await connection.events.nextBatch() {
            var posts: [StoredPost] = []
            var frameBytes = 0
            for event in batch {
                if case .post(let stored, let bytes) = event {
                    posts.append(stored)
                    frameBytes += bytes
                    continue
                }
                let told = try await take(&posts, &frameBytes, &delivery, &progress, receive)
                guard case .goOn = told else { return .stopped }
                switch event {
                case .post, .goaway: break
                case .caughtUp(let through):
                    try noteCaughtUp(through, &delivery, &progress)
                    guard case .goOn = await receive(.caughtUp(through: through)) else { return .stopped }
                case .marksChanged:
                    guard case .goOn = await receive(.marksChanged) else { return .stopped }
                case .gap(let from, let to, let reason):
                    guard case .goOn = await receive(.gap(from: from, to: to, reason: reason)) else { return .stopped }
                case .closed(let error):
                    return error.map { .interrupted($0) } ?? .stopped
                }
            }
            guard case .goOn = try await take(&posts, &frameBytes, &delivery, &progress, receive) else {
                return .stopped
            }
        }
        acknowledge(&delivery)
        return .stopped
    }

    /// The first request of a connection.
    private func subscription(
        _ connection: RelayConnection, _ progress: inout Progress
    ) throws(ClientError) -> WireSubscribe {
        var request = WireSubscribe()
        request.durable = configuration.durable ?? ""
        if configuration.durable == nil || !progress.hasFilters {
            request.filters = configuration.filters.map(WireFilter.init)
            request.replace = configuration.replacesFilters
        }
        request.credit = WireCredit(posts: configuration.windowPosts, bytes: configuration.windowBytes)
        let head = connection.welcome.headSequence
        if let through = progress.through {
            // A relay that was restored from a backup may have less than was told: then its own cursor decides.
            if through <= head { request.afterSequence = through }
            return request
        }
        switch configuration.start {
        case .after(let sequence): request.afterSequence = sequence
        case .since(let time): request.sinceMs = time
        case .now: request.now = true
        case nil:
            guard let durable = configuration.durable else {
                request.now = true
                break
            }
            let cursor: SequenceNumber
            do { cursor = try mirror.cursor(durable: durable) } catch { throw .storage(error) }
            if cursor > 0, cursor <= head { request.afterSequence = cursor }
        }
        return request
    }
}

// MARK: Receiving

extension DurableSubscriber {
    /// What belongs to one connection.
    private struct Delivery {
        let connection: RelayConnection
        let source: CertificateSource
        /// Kept in the mirror up to here.
        var through: SequenceNumber
        var unacknowledgedPosts = 0
        var isAcknowledgementDue = false
        var consumedPosts = 0
        var consumedBytes = 0
    }

    /// Verifies, keeps, tells, acknowledges and gives credit anew, in this order; empties `posts`.
    private func take(
        _ posts: inout [StoredPost], _ frameBytes: inout Int, _ delivery: inout Delivery, _ progress: inout Progress,
        _ receive: (SubscriptionEvent) async -> SubscriptionDecision
    ) async throws(ClientError) -> SubscriptionDecision {
        guard !posts.isEmpty else { return .goOn }
        delivery.consumedPosts += posts.count
        delivery.consumedBytes += frameBytes
        let verified = try await verifier.verify(posts, with: delivery.source)
        let through = max(delivery.through, posts.map(\.sequence).max() ?? 0)
        do {
            try mirror.store(
                verified.compactMap(\.mirrored), cursor: configuration.durable.map { (durable: $0, through: through) })
        } catch {
            throw .storage(error)
        }
        delivery.through = through
        delivery.unacknowledgedPosts += posts.count
        delivery.isAcknowledgementDue = true
        posts.removeAll(keepingCapacity: true)
        frameBytes = 0

        let told = progress.through ?? 0
        let new = verified.filter { $0.stored.sequence > told }
        progress.through = max(told, through)
        let decision: SubscriptionDecision = new.isEmpty ? .goOn : await receive(.posts(new))
        let isDue = delivery.unacknowledgedPosts >= configuration.acknowledgeAfterPosts
        if isDue || !delivery.connection.events.isReady || decision == .stop { acknowledge(&delivery) }
        let isLow =
            delivery.consumedPosts >= configuration.windowPosts / 4
            || delivery.consumedBytes >= configuration.windowBytes / 4
        if isLow {
            delivery.connection.grant(posts: delivery.consumedPosts, bytes: delivery.consumedBytes)
            delivery.consumedPosts = 0
            delivery.consumedBytes = 0
        }
        return decision
    }

    private func noteCaughtUp(
        _ through: SequenceNumber, _ delivery: inout Delivery, _ progress: inout Progress
    ) throws(ClientError) {
        if through > delivery.through {
            if let durable = configuration.durable {
                do { try mirror.setCursor(through, durable: durable) } catch { throw .storage(error) }
            }
            delivery.through = through
            delivery.isAcknowledgementDue = true
        }
        progress.through = max(progress.through ?? 0, through)
        acknowledge(&delivery)
    }

    private func acknowledge(_ delivery: inout Delivery) {
        guard delivery.isAcknowledgementDue else { return }
        delivery.isAcknowledgementDue = false
        delivery.unacknowledgedPosts = 0
        guard configuration.durable != nil else { return }
        delivery.connection.acknowledge(through: delivery.through)
    }
}
