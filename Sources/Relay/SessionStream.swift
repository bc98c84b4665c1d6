import LessonModel
import Logging
import NIOCore
import NIOPosix
import Wire

/// Where a connection's stream stood when a request was taken up.
struct StreamPlace: Sendable {
    /// Whose it is.
    let session: ObjectIdentifier
    let durable: String?
    let filters: [SubscriptionFilter]
    let loopHead: SequenceNumber
    /// How many moves of topics were settled.
    let topicMoves: Int

    init(session: ObjectIdentifier, stream: DeliveryStream?, loopHead: SequenceNumber, topicMoves: Int) {
        self.session = session
        durable = stream?.durable
        filters = stream?.filters ?? []
        self.loopHead = loopHead
        self.topicMoves = topicMoves
    }
}

/// What a request does to the connection's stream.
enum StreamChange: Sendable {
    /// `after` nil: the stream stays where it is. The filters are of the time when so many moves were settled.
    case open(
        durable: String, filters: [SubscriptionFilter], topicMoves: Int, after: SequenceNumber?, credit: WireCredit)
    case close
}

/// The session's delivery stream: live posts, posts from the log, credit and acknowledgements.
extension SessionHandler {
    func apply(_ change: StreamChange, _ principal: Principal) {
        if case .ended = phase { return }
        switch change {
        case .close:
            endedGeneration = stream?.generation ?? endedGeneration
            stream = nil
            loop.fanOut.streamEnded(self)
        case .open(let durable, let asked, let topicMoves, let after, let credit):
            let filters = core.following(asked, since: topicMoves)
            if stream == nil {
                stream = DeliveryStream(
                    viewer: principal.viewer, durable: durable, filters: filters, after: after ?? loop.fanOut.head,
                    generation: endedGeneration)
            } else {
                stream?.change(filters: filters, after: after, loopHead: loop.fanOut.head)
            }
            stream?.grant(posts: credit.posts, bytes: credit.bytes)
            isTopicOnly = stream?.isTopicOnly ?? true
            loop.fanOut.streamChanged(self)
        }
    }

    /// Gives the stream, where there is one, the filters that `change` makes of its own.
    func changeFilters(_ change: (SubscriptionFilter) -> SubscriptionFilter) {
        guard let filters = stream?.filters else { return }
        let changed = filters.map(change)
        guard changed != filters else { return }
        stream?.change(filters: changed, after: nil, loopHead: loop.fanOut.head)
        isTopicOnly = stream?.isTopicOnly ?? true
        loop.fanOut.streamChanged(self)
        resumeStream()
    }

    /// Whether a live post at `sequence` is for this stream by its filters; its topic is known to be selected.
    func wantsLive(_ sequence: SequenceNumber, _ facts: ThreadFacts, of thread: PostID) -> Bool {
        guard let stream, stream.isLive, sequence > stream.sentThrough else { return false }
        return isTopicOnly || stream.selects(facts, of: thread)
    }

    /// Sends this receiver's share of a batch, or leaves it to the log.
    func sendLive(_ buffer: ByteBuffer, first: SequenceNumber, posts: Int) {
        let isWritable = isWritable
        let taken = stream?.takeLive(first: first, posts: posts, bytes: buffer.readableBytes, isWritable: isWritable)
        if taken == true {
            core.counters.deliveries.add(posts)
            context?.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
        } else {
            if !isWritable, !slowNoticeIsDue {
                slowNoticeIsDue = true
                core.counters.add(.slowConsumers)
            }
            resumeStream()
        }
    }

    func grant(_ credit: WireCredit) {
        stream?.grant(posts: credit.posts, bytes: credit.bytes)
        resumeStream()
    }

    func acknowledge(_ principal: Principal, _ ack: WireAck) {
        guard let stream, !stream.durable.isEmpty, ack.through > 0 else { return }
        // Nothing beyond what this loop has seen can have been received.
        core.cursors.acknowledge(
            principal.member.id, stream.durable, through: min(ack.through, max(loop.fanOut.head, stream.sentThrough)))
    }

    /// Reads the log when the stream is behind, has credit, and its peer reads.
    func resumeStream() {
        guard isWritable, let read = stream?.beginRead(isWritable: true), let viewer, let filters = stream?.filters
        else {
            return
        }
        if slowNoticeIsDue {
            slowNoticeIsDue = false
            send(.error(WireError(.slowConsumer, "you read more slowly than posts come; they follow from the log")))
        }
        core.pool.submit { [self, core] state in
            guard case .active = state else { return }
            let page = core.readLog(read, viewer: viewer, filters: filters)
            loop.eventLoop.execute { [self] in
                finish(read, page)
                flushIfDue()
            }
        }
    }

    private func finish(_ read: DeliveryStream.Read, _ page: EncodedLogPage?) {
        guard let page else {
            stream?.failRead(read)
            return end(.storageFailed, "the relay could not read its log; come back", retryAfterMs: 2_000)
        }
        let isCurrent = stream?.finishRead(
            read, posts: page.posts, bytes: page.frames.readableBytes, scannedThrough: page.scannedThrough,
            loopHead: loop.fanOut.head)
        guard isCurrent == true else { return resumeStream() }
        if page.posts > 0 {
            core.counters.deliveries.add(page.posts)
            write(page.frames)
        }
        if let stream, stream.isLive {
            var caughtUp = WireCaughtUp()
            caughtUp.through = stream.sentThrough
            send(.caughtUp(caughtUp))
        } else {
            flushIfDue()
            resumeStream()
        }
    }
}

/// Posts of the log as Deliver frames, ready to be sent.
struct EncodedLogPage: Sendable {
    var frames: ByteBuffer
    var posts: Int
    var lastSequence: SequenceNumber?
    var scannedThrough: SequenceNumber
}
