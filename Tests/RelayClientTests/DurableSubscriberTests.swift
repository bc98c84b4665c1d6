import Foundation
import LessonModel
import Logging
import NIOCore
import PKI
import RelayClient
import Storage
import Synchronization
import TLS
import TestSupport
import Testing
import Wire

/// What a run told, in a form that can be compared.
private enum Told: Equatable {
    case connecting
    case connected
    case subscribed(SequenceNumber)
    case posts([SequenceNumber])
    case caughtUp(SequenceNumber)
    case gap(SequenceNumber, SequenceNumber)
    case marksChanged
    case reconnecting

    init(_ event: SubscriptionEvent) {
        switch event {
        case .connecting: self = .connecting
        case .connected: self = .connected
        case .subscribed(let subscribed): self = .subscribed(subscribed.cursor)
        case .posts(let posts): self = .posts(posts.map(\.stored.sequence))
        case .caughtUp(let through): self = .caughtUp(through)
        case .gap(let from, let to, _): self = .gap(from, to)
        case .marksChanged: self = .marksChanged
        case .reconnecting: self = .reconnecting
        }
    }
}

@Suite struct DurableSubscriberTests {
    private let parties: Parties
    private let identity: ClientIdentity
    private let folder: TemporaryDirectory
    private let mirror: ClientMirror
    private let clock = InstantClock()

    init() throws {
        parties = try Parties()
        identity = try parties.identity()
        folder = try TemporaryDirectory()
        mirror = try ClientMirror(directory: folder.path, relayID: "07")
    }

    private func filter(_ text: String) throws -> SubscriptionFilter {
        SubscriptionFilter(topics: [try TopicFilter(text)])
    }

    private func posts(_ range: ClosedRange<Int>) throws -> [StoredPost] {
        try range.map { try StoredPost(identity.lesson("Lesson \($0)"), at: Int64($0)) }
    }

    /// Runs until `isEnough` or the run ends by itself; the scripts greet by themselves.
    private func run(
        _ configuration: DurableSubscriber.Configuration, head: SequenceNumber = 100, _ scripts: [Script],
        until isEnough: @escaping @Sendable (Told) -> Bool = { _ in false }
    ) async throws -> (told: [Told], error: ClientError?, posts: [VerifiedPost]) {
        let (parties, identity, mirror, clock) = (parties, identity, mirror, clock)
        let seen = Mutex((told: [Told](), error: ClientError?.none, posts: [VerifiedPost]()))
        let greeting = scripts.map { script -> Script in
            { peer in
                try await peer.greet(parties.welcome(for: identity, head: head))
                try await script(&peer)
            }
        }
        try await withScriptedRelay(parties.server(), greeting) { address, group in
            let subscriber = DurableSubscriber(
                configuration, mirror: mirror,
                verifier: PostVerifier(root: identity.root, issuers: Array(identity.chain.dropFirst()))
            ) { () async throws(ClientError) in
                try await RelayConnection.connect(
                    to: address, identity: identity, agent: "test", group: group, logger: Logger(label: "test"))
            }
            var random = SeededRandom(seed: 1)
            do throws(ClientError) {
                try await subscriber.run(clock: clock, random: &random) { event in
                    let told = Told(event)
                    seen.withLock { seen in
                        seen.told.append(told)
                        if case .posts(let posts) = event { seen.posts += posts }
                    }
                    return isEnough(told) ? .stop : .goOn
                }
            } catch {
                seen.withLock { $0.error = error }
            }
        }
        return seen.withLock { ($0.told, $0.error, $0.posts) }
    }

    @Test func `posts are verified, kept and told, and then acknowledged`() async throws {
        let (posts, identity, mirror) = (try posts(1...5), identity, mirror)
        let result = try await run(
            .init(durable: "desk", filters: [try filter("#")]),
            [
                { peer in
                    let request = try await peer.openStream(cursor: 0, head: 5)
                    #expect(request.durable == "desk" && request.filters.count == 1 && !request.replace)
                    #expect(request.start == nil)
                    #expect(request.credit.posts > 0 && request.credit.bytes > 0)
                    for post in posts { try await peer.deliver(post) }
                    _ = try await peer.answerCertificates([identity], issuers: [])
                    var through: SequenceNumber = 0
                    while through < 5 {
                        through = try await peer.receiveAck()
                        // Kept before it is acknowledged.
                        #expect(try mirror.cursor(durable: "desk") >= through)
                    }
                    try await peer.caughtUp(7)
                    let acknowledged = try await peer.receiveAck()
                    #expect(acknowledged == 7)
                    try await peer.drain()
                }
            ], until: { $0 == .caughtUp(7) })
        #expect(result.error == nil)
        #expect(result.posts.map(\.stored) == posts && result.posts.allSatisfy(\.verdict.isVerified))
        #expect(result.told.last == .caughtUp(7))
        #expect(try mirror.cursor(durable: "desk") == 7)
        #expect(try mirror.counts().posts == 5)
    }

    @Test func `after a broken line it goes on behind the last post, and no post is told twice`() async throws {
        let (posts, identity) = (try posts(1...6), identity)
        let result = try await run(
            .init(durable: "desk", filters: [try filter("#")]),
            [
                { peer in
                    _ = try await peer.openStream(cursor: 0, head: 6)
                    for post in posts[0..<3] { try await peer.deliver(post) }
                    _ = try await peer.answerCertificates([identity], issuers: [])
                    // Cut once all three are kept.
                    while try await peer.receiveAck() < 3 {}
                },
                { peer in
                    let request = try await peer.openStream(cursor: 3, head: 6)
                    #expect(request.start == .afterSequence(3))
                    // The relay has the filters.
                    #expect(request.filters.isEmpty)
                    // A relay that sends some of them again.
                    for post in posts[1...] { try await peer.deliver(post) }
                    try await peer.caughtUp(6)
                    try await peer.drain()
                },
            ], until: { $0 == .caughtUp(6) })
        #expect(result.error == nil)
        #expect(result.posts.map(\.stored.sequence) == [1, 2, 3, 4, 5, 6])
        #expect(result.told.filter { $0 == .reconnecting }.count == 1)
        #expect(clock.sleeps.count == 1 && clock.sleeps[0] <= .milliseconds(500))
    }

    @Test func `a new run begins where the mirror ends`() async throws {
        try mirror.setCursor(40, durable: "desk")
        _ = try await run(
            .init(durable: "desk"),
            [
                { peer in
                    let request = try await peer.openStream(cursor: 40, head: 100)
                    #expect(request.start == .afterSequence(40))
                    try await peer.drain()
                }
            ], until: { $0 == .subscribed(40) })
    }

    @Test func `a relay that has less than the mirror decides by its own cursor`() async throws {
        try mirror.setCursor(400, durable: "desk")
        _ = try await run(
            .init(durable: "desk"), head: 100,
            [
                { peer in
                    let request = try await peer.openStream(cursor: 90, head: 100)
                    #expect(request.start == nil)
                    try await peer.drain()
                }
            ], until: { $0 == .subscribed(90) })
    }

    @Test func `a subscription without a name acknowledges nothing and asks again with its filters`() async throws {
        let (posts, identity) = (try posts(11...12), identity)
        let result = try await run(
            .init(durable: nil, filters: [try filter("policing/#")], start: .after(10)),
            [
                { peer in
                    let request = try await peer.openStream(cursor: 10, head: 12)
                    #expect(request.durable.isEmpty && request.start == .afterSequence(10))
                    try await peer.deliver(posts[0])
                    _ = try await peer.answerCertificates([identity], issuers: [])
                    try await peer.caughtUp(11)
                    // An Ack would come before the answer to this ping.
                    try await peer.send(.ping(WirePing()), to: 500)
                    while let frame = try await peer.receive() {
                        if case .pong = frame.body { break }
                        if case .ack = frame.body { Issue.record("an Ack without a durable subscription") }
                    }
                },
                { peer in
                    let request = try await peer.openStream(cursor: 11, head: 12)
                    #expect(request.start == .afterSequence(11) && request.filters.count == 1)
                    try await peer.deliver(posts[1])
                    try await peer.drain()
                },
            ], until: { $0 == .posts([12]) })
        #expect(result.posts.map(\.stored.sequence) == [11, 12])
    }

    @Test func `a post with a bad signature is kept and told as such, and an unreadable one is passed over`()
        async throws
    {
        var posts = try posts(1...3)
        posts[1].post.signature[10] ^= 1
        posts[2].post.content = [0xFF, 0xFF, 0xFF]
        let (sent, identity) = (posts, identity)
        let result = try await run(
            .init(durable: "desk"),
            [
                { peer in
                    _ = try await peer.openStream(cursor: 0, head: 3)
                    for post in sent { try await peer.deliver(post) }
                    _ = try await peer.answerCertificates([identity], issuers: [])
                    try await peer.caughtUp(3)
                    try await peer.drain()
                }
            ], until: { $0 == .caughtUp(3) })
        #expect(result.posts.map(\.verdict.isVerified) == [true, false, false])
        #expect(try mirror.posts(after: 0, limit: 10).map(\.verification) == [.verified, .failed])
        #expect(try mirror.cursor(durable: "desk") == 3)
    }

    @Test func `credit is given anew as posts are taken, so that more than the window arrives`() async throws {
        let (posts, identity) = (try posts(1...40), identity)
        var configuration = DurableSubscriber.Configuration(durable: "desk")
        configuration.windowPosts = 8
        configuration.acknowledgeAfterPosts = 4
        let result = try await run(
            configuration,
            [
                { peer in
                    var credit = try await peer.openStream(cursor: 0, head: 40).credit.posts
                    #expect(credit == 8)
                    var next = 0
                    var hasAnswered = false
                    while next < 40 {
                        while credit > 0, next < 40 {
                            try await peer.deliver(posts[next])
                            next += 1
                            credit -= 1
                        }
                        guard next < 40 else { break }
                        guard let frame = try await peer.receive() else { throw ScriptError.closed }
                        switch frame.body {
                        case .credit(let more): credit += more.posts
                        case .fetchCertificates(let fetch) where !hasAnswered:
                            hasAnswered = true
                            try await peer.send(
                                .certificateList(
                                    certificateList(
                                        [identity], asked: fetch.fingerprints.map { Array($0) }, issuers: [])),
                                to: frame.requestID)
                        default: break
                        }
                    }
                    try await peer.caughtUp(40)
                    try await peer.drain()
                }
            ], until: { $0 == .caughtUp(40) })
        #expect(result.posts.count == 40)
    }

    @Test func `what no attempt can change ends the run`() async throws {
        let result = try await run(
            .init(durable: "desk"),
            [
                { peer in
                    _ = try await peer.openStream(cursor: 0, head: 0)
                    var goaway = WireGoaway()
                    goaway.code = .certificateRevoked
                    goaway.reason = "your certificate was revoked"
                    try await peer.send(.goaway(goaway))
                }
            ])
        #expect(
            result.error
                == .refused(code: .certificateRevoked, reason: "your certificate was revoked", retryAfter: nil))
        #expect(clock.sleeps.isEmpty)
    }

    @Test func `a subscription that the relay refuses ends the run with its code`() async throws {
        let result = try await run(
            .init(durable: "desk"),
            [
                { peer in
                    let frame = try await peer.receiveRequest()
                    try await peer.send(
                        .error(WireError(.invalid, "the subscription selects nothing", field: "filters")),
                        to: frame.requestID)
                    try await peer.drain()
                }
            ])
        #expect(result.error?.code == .invalid)
    }

    @Test func `a relay that drains is come back to, not before the time it named`() async throws {
        let result = try await run(
            .init(durable: "desk"),
            [
                { peer in
                    _ = try await peer.openStream(cursor: 0, head: 0)
                    var goaway = WireGoaway()
                    goaway.code = .draining
                    goaway.retryAfterMs = 2_000
                    try await peer.send(.goaway(goaway))
                },
                { peer in
                    _ = try await peer.openStream(cursor: 0, head: 0)
                    try await peer.drain()
                },
            ], until: { [clock] in $0 == .subscribed(0) && !clock.sleeps.isEmpty })
        #expect(result.error == nil)
        #expect(clock.sleeps.count == 1 && clock.sleeps[0] >= .seconds(2))
    }

    @Test func `a gap is told`() async throws {
        let result = try await run(
            .init(durable: "desk"),
            [
                { peer in
                    _ = try await peer.openStream(cursor: 0, head: 9)
                    var gap = WireGap()
                    gap.from = 1
                    gap.to = 4
                    try await peer.send(.gap(gap))
                    try await peer.drain()
                }
            ], until: { $0 == .gap(1, 4) })
        #expect(result.told.contains(.gap(1, 4)))
    }

    @Test func `cancellation ends the run in good order and without an error`() async throws {
        let (parties, identity, mirror) = (parties, identity, mirror)
        let subscribed = AsyncStream.makeStream(of: Void.self)
        try await withScriptedRelay(
            parties.server(),
            [
                { peer in
                    try await peer.greet(parties.welcome(for: identity))
                    _ = try await peer.openStream(cursor: 0, head: 0)
                    let frame = try await peer.receiveRequest()
                    guard case .goaway = frame.body else { throw ScriptError.unexpected(frame) }
                    try await peer.drain()
                }
            ]
        ) { address, group in
            let task = Task {
                var random = SeededRandom(seed: 1)
                try await DurableSubscriber(
                    .init(durable: "desk"), mirror: mirror, verifier: PostVerifier(root: identity.root)
                ) { () async throws(ClientError) in
                    try await RelayConnection.connect(
                        to: address, identity: identity, agent: "test", group: group, logger: Logger(label: "test"))
                }.run(clock: InstantClock(), random: &random) { event in
                    if case .subscribed = event { subscribed.continuation.yield() }
                    return .goOn
                }
            }
            var iterator = subscribed.stream.makeAsyncIterator()
            await iterator.next()
            task.cancel()
            try await task.value
        }
    }
}
