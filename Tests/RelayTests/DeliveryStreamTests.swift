import LessonModel
import Testing

@testable import Relay

@Suite struct DeliveryStreamTests {
    private static func stream(after: SequenceNumber) throws -> DeliveryStream {
        DeliveryStream(
            viewer: Viewer(
                member: MemberID(UUIDValue(high: 1, low: 1)), organisation: try #require(OrganisationSlug("ours"))),
            durable: "", filters: [SubscriptionFilter(topics: [try TopicFilter("#")])], after: after)
    }

    @Test func `credit stays at its bound however much is granted`() throws {
        var stream = try Self.stream(after: 0)
        for _ in 0..<100 { stream.grant(posts: .max, bytes: .max) }
        #expect(stream.creditPosts == DeliveryStream.maxCreditPosts)
        #expect(stream.creditBytes == DeliveryStream.maxCreditBytes)
    }

    @Test func `a read that was overtaken by a change of place is forgotten`() throws {
        var stream = try Self.stream(after: 0)
        stream.grant(posts: 10, bytes: 10_000)
        let first = stream.beginRead(isWritable: true)
        let read = try #require(first)
        stream.change(filters: stream.filters, after: 50, loopHead: 100)
        let isCurrent = stream.finishRead(read, posts: 10, bytes: 100, scannedThrough: 10, loopHead: 100)
        #expect(!isCurrent)
        #expect(stream.creditPosts == 10)
        let next = stream.beginRead(isWritable: true)
        #expect(next?.after == 50)
    }

    @Test func `whatever the order of things, every post arrives once and in order`() throws {
        let seed = UInt64.random(in: .min ... .max)
        print("seed \(seed)")
        var random = SplitMix(state: seed)
        for _ in 0..<500 {
            var relay = MiniatureRelay(stream: try Self.stream(after: 0))
            for _ in 0..<300 {
                switch Int.random(in: 0...5, using: &random) {
                case 0: relay.head += SequenceNumber.random(in: 1...5, using: &random)
                case 1: relay.fanOut(SequenceNumber.random(in: 1...8, using: &random))
                case 2: relay.beginRead()
                case 3: relay.finishRead()
                case 4: relay.stream.grant(posts: UInt32.random(in: 0...8, using: &random), bytes: 6)
                default: relay.isWritable.toggle()
                }
            }
            relay.finish()
            guard relay.received == Array(1..<relay.head + 1) else {
                Issue.record("lost, repeated or out of order with seed \(seed): \(relay.received)")
                return
            }
        }
    }
}

/// A log that grows, a loop that fans out later than the log grows, reads that finish later than they begin, credit and
/// writability that come and go. Posts have one byte and are their own sequence numbers.
private struct MiniatureRelay {
    var stream: DeliveryStream
    var head: SequenceNumber = 0
    var isWritable = true
    private(set) var received: [SequenceNumber] = []
    private var loopHead: SequenceNumber = 0
    private var reading: (read: DeliveryStream.Read, page: ClosedRange<SequenceNumber>?, through: SequenceNumber)?

    init(stream: DeliveryStream) { self.stream = stream }

    mutating func fanOut(_ count: SequenceNumber) {
        let last = min(head, loopHead + count)
        guard loopHead < last else { return }
        let share = (loopHead + 1...last).filter { stream.isLive && $0 > stream.sentThrough }
        loopHead = last
        if let first = share.first,
            stream.takeLive(first: first, posts: share.count, bytes: share.count, isWritable: isWritable)
        {
            received += share
        }
    }

    mutating func beginRead() {
        guard reading == nil, let read = stream.beginRead(isWritable: isWritable) else { return }
        let last = min(head, read.after + SequenceNumber(min(read.maxPosts, read.maxBytes)))
        reading = (read, read.after < last ? read.after + 1...last : nil, max(last, read.after))
    }

    mutating func finishRead() {
        guard let (read, page, through) = reading else { return }
        reading = nil
        let count = page?.count ?? 0
        if stream.finishRead(read, posts: count, bytes: count, scannedThrough: through, loopHead: loopHead) {
            received += page.map(Array.init) ?? []
        }
    }

    mutating func finish() {
        isWritable = true
        repeat {
            stream.grant(posts: 1_000, bytes: 1_000)
            fanOut(head)
            beginRead()
            finishRead()
        } while !stream.isLive || loopHead < head
    }
}

/// A small generator that repeats itself from a seed.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
