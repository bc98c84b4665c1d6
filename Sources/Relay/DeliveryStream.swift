import LessonModel

/// Where a connection's delivery stream stands: what was sent, what credit is left, and whether posts come live or from
/// the log. Decides without I/O.
///
/// States: `live` leaves to `behind` when a batch does not fit the credit or the peer does not read. `behind` leaves to
/// `reading` when there is credit and the peer reads. `reading` leaves to `live` when the log was read up to what the
/// event loop has fanned out, else to `behind`.
struct DeliveryStream {
    enum State: Equatable {
        case live
        case behind
        case reading(generation: Int)
    }

    /// One bounded read of the log.
    struct Read: Equatable {
        var generation: Int
        var after: SequenceNumber
        var maxPosts: Int
        var maxBytes: Int
    }

    static let maxPostsPerRead = 512
    static let maxBytesPerRead = 256 << 10
    static let maxCreditPosts = 1 << 30
    static let maxCreditBytes = 1 << 50

    let viewer: Viewer
    let durable: String
    private(set) var filters: [SubscriptionFilter]
    private(set) var state = State.behind
    /// Everything for this stream through this number was handed on. While live, what was fanned out since is too.
    private(set) var sentThrough: SequenceNumber
    private(set) var creditPosts = 0
    private(set) var creditBytes = 0
    private(set) var generation: Int

    /// - Parameter generation: of the connection's earlier stream, so that a read that it began is not taken for one of
    ///   this.
    init(
        viewer: Viewer, durable: String, filters: [SubscriptionFilter], after: SequenceNumber, generation: Int = 0
    ) {
        self.viewer = viewer
        self.durable = durable
        self.filters = filters
        sentThrough = after
        self.generation = generation
    }

    var isLive: Bool { state == .live }

    /// Whether the topic alone decides, so that posts need not be looked at one by one.
    var isTopicOnly: Bool { filters.allSatisfy(\.isTopicOnly) }

    func maySelect(topic: Topic) -> Bool { filters.contains { $0.maySelect(topic: topic) } }

    func selects(_ facts: ThreadFacts, of thread: PostID) -> Bool {
        filters.contains { $0.selects(facts, of: thread) }
    }

    /// Adds credit; a sum over the bounds stays at the bound.
    mutating func grant(posts: UInt32, bytes: UInt64) {
        creditPosts = min(creditPosts + Int(posts), DeliveryStream.maxCreditPosts)
        creditBytes = min(
            creditBytes + Int(min(bytes, UInt64(DeliveryStream.maxCreditBytes))), DeliveryStream.maxCreditBytes)
    }

    /// Changes the filters, and with `after` the place; a read in flight is forgotten.
    mutating func change(filters: [SubscriptionFilter], after: SequenceNumber?, loopHead: SequenceNumber) {
        self.filters = filters
        sentThrough = after ?? (isLive ? max(sentThrough, loopHead) : sentThrough)
        generation += 1
        state = .behind
    }

    /// Takes live posts if they fit. When they do not, the stream is behind and must read them from the log.
    /// - Parameters:
    ///   - first: the lowest sequence number among them; all before it were handed on.
    ///   - isWritable: the peer reads fast enough.
    /// - Returns: true when the caller must send them now.
    mutating func takeLive(first: SequenceNumber, posts: Int, bytes: Int, isWritable: Bool) -> Bool {
        guard state == .live else { return false }
        guard isWritable, creditPosts >= posts, creditBytes >= bytes else {
            sentThrough = max(sentThrough, first - 1)
            state = .behind
            return false
        }
        creditPosts -= posts
        creditBytes -= bytes
        return true
    }

    /// The next read of the log, or nil when none is due.
    mutating func beginRead(isWritable: Bool) -> Read? {
        guard state == .behind, isWritable, creditPosts > 0, creditBytes > 0 else { return nil }
        generation += 1
        state = .reading(generation: generation)
        return Read(
            generation: generation, after: sentThrough, maxPosts: min(creditPosts, DeliveryStream.maxPostsPerRead),
            maxBytes: min(creditBytes, DeliveryStream.maxBytesPerRead))
    }

    /// Takes the result of a read. Posts of a read that was forgotten meanwhile must not be sent.
    /// - Parameter loopHead: the highest sequence number that the event loop has fanned out.
    /// - Returns: false when the read is stale; otherwise the posts are accounted for and `state` is live or behind.
    mutating func finishRead(
        _ read: Read, posts: Int, bytes: Int, scannedThrough: SequenceNumber, loopHead: SequenceNumber
    ) -> Bool {
        guard state == .reading(generation: read.generation) else { return false }
        creditPosts = max(0, creditPosts - posts)
        creditBytes = max(0, creditBytes - bytes)
        sentThrough = max(sentThrough, scannedThrough)
        state = sentThrough >= loopHead ? .live : .behind
        return true
    }

    /// Gives up a read that failed; the stream can try again.
    mutating func failRead(_ read: Read) {
        if state == .reading(generation: read.generation) { state = .behind }
    }
}
