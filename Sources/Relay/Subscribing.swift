import LessonModel
import Storage
import Wire

/// Durable and passing subscriptions: what the requests mean for the store and for the connection's stream.
extension RelayCore {
    /// Topic filters of all filters of a subscription together: each is matched against each topic on the event loop.
    static let maxSubscriptionTopics = 256

    func subscribe(_ request: WireSubscribe, _ principal: Principal, _ place: StreamPlace) throws -> RequestAnswer {
        guard request.durable.utf8.count <= StoredSubscription.maxDurableBytes else {
            throw RequestRefusal(
                .invalid, "a durable subscription's name has at most \(StoredSubscription.maxDurableBytes) bytes",
                field: "durable")
        }
        if let open = place.durable, open != request.durable {
            throw RequestRefusal(
                .invalid, "this connection's stream is \(open.isEmpty ? "not durable" : open); open another connection",
                field: "durable")
        }
        let asked = try request.filters.map { try filter($0) }
        let stored =
            request.durable.isEmpty
            ? nil : try store.subscription(member: principal.member.id, durable: request.durable)
        let earlier = stored?.filters ?? place.filters
        let filters = request.replace ? asked : earlier + asked.filter { !earlier.contains($0) }
        guard !filters.isEmpty else {
            throw RequestRefusal(.invalid, "the subscription selects nothing; name topics, # for all", field: "filters")
        }
        guard filters.count <= limits.maxFilters else {
            throw RequestRefusal(
                .limitExceeded, "a subscription has at most \(limits.maxFilters) filters; replace some",
                field: "filters")
        }
        guard filters.reduce(0, { $0 + $1.topics.count }) <= RelayCore.maxSubscriptionTopics else {
            throw RequestRefusal(
                .limitExceeded, "a subscription names at most \(RelayCore.maxSubscriptionTopics) topics; use wildcards",
                field: "topics")
        }
        let askedStart = try start(request.start)
        var cursor = stored?.cursor ?? place.loopHead
        if let pending = cursors.pending(principal.member.id, request.durable), stored != nil {
            cursor = max(cursor, pending)
        }
        let isOpen = place.durable != nil
        let after: SequenceNumber? = askedStart ?? (isOpen ? nil : cursor)
        if !request.durable.isEmpty {
            if askedStart != nil { cursors.forget(principal.member.id, request.durable) }
            try store.saveSubscription(
                member: principal.member.id, durable: request.durable, filters: filters,
                start: askedStart.map(CursorStart.after) ?? .keep(orAfter: cursor), at: clock())
            try followMoves(principal.member.id, request.durable, filters, since: place.topicMoves)
        }
        var reply = WireSubscribed()
        reply.cursor = after ?? cursor
        reply.headSequence = place.loopHead
        reply.filters = filters.map(WireFilter.init)
        return RequestAnswer(
            .subscribed(reply),
            streamChange: .open(
                durable: request.durable, filters: filters, topicMoves: place.topicMoves, after: after,
                credit: request.credit))
    }

    private func start(_ start: WireSubscribe.OneOf_Start?) throws -> SequenceNumber? {
        switch start {
        case .afterSequence(let sequence):
            guard sequence >= 0 else {
                throw RequestRefusal(.invalid, "a sequence number is not negative", field: "after_sequence")
            }
            return min(sequence, store.head())
        case .sinceMs(let time): return try store.sequence(atTime: time)
        case .now(true): return store.head()
        case .now(false), nil: return nil
        }
    }

    func unsubscribe(_ request: WireUnsubscribe, _ principal: Principal, _ place: StreamPlace) throws -> RequestAnswer {
        guard !request.durable.isEmpty else { return RequestAnswer(.done(WireDone()), streamChange: .close) }
        let member = principal.member.id
        guard let stored = try store.subscription(member: member, durable: request.durable) else {
            throw RequestRefusal(.notFound, "you have no subscription \(request.durable)", field: "durable")
        }
        let isOpenHere = place.durable == request.durable
        var rest: [SubscriptionFilter] = []
        if !request.topics.isEmpty {
            let names = membership.formerTopicNames
            let removed = Set(
                names.name(of: SubscriptionFilter(topics: try request.topics.map(topicFilter))).topics)
            for var filter in stored.filters {
                filter.topics.removeAll { removed.contains($0) }
                if filter.topics.contains(where: { !$0.isExclusion }) { rest.append(filter) }
            }
            guard rest != stored.filters else {
                throw RequestRefusal(
                    .notFound,
                    "the subscription has none of these filters; it has "
                        + stored.filters.flatMap(\.topics).map(\.description).joined(separator: ", "), field: "topics")
            }
        }
        if rest.isEmpty {
            cursors.forget(member, request.durable)
            try store.removeSubscription(member: member, durable: request.durable)
            return RequestAnswer(.done(WireDone()), streamChange: isOpenHere ? .close : nil)
        }
        try store.saveSubscription(
            member: member, durable: request.durable, filters: rest, start: .keep(orAfter: stored.cursor), at: clock())
        try followMoves(member, request.durable, rest, since: place.topicMoves)
        return RequestAnswer(
            .done(WireDone()),
            streamChange: isOpenHere
                ? .open(
                    durable: request.durable, filters: rest, topicMoves: place.topicMoves, after: nil,
                    credit: WireCredit()) : nil)
    }

    private func topicFilter(_ text: String) throws(RequestRefusal) -> TopicFilter {
        do {
            return try TopicFilter(text)
        } catch {
            throw RequestRefusal(.badFilter, error.description, field: "topics")
        }
    }

    func subscriptions(_ principal: Principal) throws -> WireSubscriptionList {
        var reply = WireSubscriptionList()
        reply.subscriptions = try store.subscriptions(member: principal.member.id).map { stored in
            var subscription = WireDurableSubscription()
            subscription.durable = stored.durable
            subscription.filters = stored.filters.map(WireFilter.init)
            subscription.cursor = max(
                stored.cursor, cursors.pending(principal.member.id, stored.durable) ?? 0)
            return subscription
        }
        return reply
    }
}
