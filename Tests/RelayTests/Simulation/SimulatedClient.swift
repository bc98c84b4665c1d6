import Foundation
import LessonModel
import NIOCore
import NIOEmbedded
import TestSupport
import Wire

@testable import Relay

/// A member's client that keeps to protocol.md and is cut off at any moment: an outbox that is sent again until there is an
/// answer, a durable subscription whose filters change, credit in small pieces, acknowledgements now and then.
final class SimulatedClient {
    enum Answer: Equatable {
        case stored(SequenceNumber)
        case refused(WireErrorCode)
    }

    /// What a client was sent on one connection.
    struct Delivery: Hashable {
        let sequence: SequenceNumber
        let post: PostID
    }

    let index: Int
    let person: SimulatedMembers.Person
    let filter: String
    private(set) var channel: EmbeddedChannel?
    private var decoder = FrameDecoder()
    private var toRelay = ByteBuffer()
    private var requestID: UInt64 = 0
    private var inFlight: [UInt64: SimulatedMembers.PreparedPost] = [:]
    private var lastDelivered: SequenceNumber = 0
    private var credit = 0
    private var isOpen = false
    var isGenerous = false

    /// Posts without an answer, in the order in which they were written.
    var outbox: [SimulatedMembers.PreparedPost] = []
    private(set) var answers: [PostID: Answer] = [:]
    private(set) var received: Set<Delivery> = []
    private(set) var problems: [String] = []
    /// Answers to the administrator's requests.
    private(set) var revocations = 0
    private var hasSubscribed = false

    /// Topics that a subscription can be of.
    static let patterns = ["#", "policing/#", "+/community", "media", "judiciary"]
    /// What the relay has last said to follow for this member, and after which place.
    private(set) var subscription: (patterns: Set<String>, after: SequenceNumber)?
    /// All that it has ever said to follow.
    private(set) var everFollowed: Set<Set<String>> = []
    private(set) var filterChanges = 0
    /// Topics that a request without an answer may have brought.
    private var asked: [UInt64: Set<String>] = [:]
    private var uncertain: Set<String> = []
    /// Posts of theirs that the relay keeps for a curator, as it says.
    private(set) var held: Set<PostID> = []
    /// What they do with others' where they are a curator.
    private(set) var curating = SimulatedCurating()

    static func selects(_ pattern: String, _ topic: Topic) -> Bool {
        switch pattern {
        case "#": true
        case "policing/#": topic.path.hasPrefix("policing/")
        case "+/community": topic.path == "policing/community"
        default: topic.path == pattern
        }
    }

    init(_ index: Int, _ person: SimulatedMembers.Person, filter: String) {
        self.index = index
        self.person = person
        self.filter = filter
    }

    var isConnected: Bool { channel != nil }
    var isIdle: Bool { outbox.isEmpty && toRelay.readableBytes == 0 }
    var acknowledged: [PostID: SequenceNumber] {
        answers.compactMapValues { if case .stored(let sequence) = $0 { sequence } else { nil } }
    }

    // MARK: Connection

    func connect(_ relay: SimulatedRelay, _ random: inout SeededRandom) throws {
        guard channel == nil, let channel = try relay.connect(person, &random) else { return }
        self.channel = channel
        decoder = FrameDecoder()
        toRelay = ByteBuffer()
        inFlight = [:]
        lastDelivered = 0
        goingBackID = 0
        curating.beginConnection()
        topicRequests = [:]
        credit = 0
        isOpen = false
        var hello = WireHello()
        hello.minVersion = 1
        hello.maxVersion = 1
        send(.hello(hello))
    }

    /// Nothing that is on its way arrives. What the relay has said yes to counts, heard or not.
    func cut() {
        guard let channel else { return }
        read(isHeard: false)
        self.channel = nil
        uncertain.formUnion(asked.values.joined())
        asked = [:]
        channel.pipeline.fireChannelInactive()
        _ = try? channel.finish(acceptAlreadyClosed: true)
    }

    func stall() {
        guard let channel else { return }
        channel.isWritable.toggle()
        channel.pipeline.fireChannelWritabilityChanged()
    }

    func readAgain() {
        if channel?.isWritable == false { stall() }
    }

    // MARK: Out

    private func send(_ body: WireFrame.OneOf_Body) {
        requestID += 1
        var frame = WireFrame(requestID: requestID, body).encoded()
        toRelay.writeBuffer(&frame)
    }

    /// Some bytes of what is on its way to the relay arrive there.
    func deliverToRelay(_ random: inout SeededRandom) {
        guard let channel, toRelay.readableBytes > 0 else { return }
        let count =
            random.chance(oneIn: 3) ? Int.random(in: 1...toRelay.readableBytes, using: &random) : toRelay.readableBytes
        guard let slice = toRelay.readSlice(length: count) else { return }
        toRelay.discardReadBytes()
        _ = try? channel.writeInbound(ByteBuffer(bytes: slice.readableBytesView))
    }

    func publishNext(_ random: inout SeededRandom) {
        guard isOpen, inFlight.count < 6 else { return }
        let sent = Set(inFlight.values.map(\.post.id))
        guard let next = outbox.first(where: { !sent.contains($0.post.id) }) else { return }
        publish(next)
    }

    /// Posts again what has an answer.
    func repeatPost(_ all: [SimulatedMembers.PreparedPost], _ random: inout SeededRandom) {
        let known = all.filter { acknowledged[$0.post.id] != nil || held.contains($0.post.id) }
        guard isOpen, let post = known.randomElement(using: &random) else { return }
        publish(post)
    }

    private func publish(_ prepared: SimulatedMembers.PreparedPost) {
        var publish = WirePublish()
        publish.post = WireSignedPost(prepared.signed)
        send(.publish(publish))
        inFlight[requestID] = prepared
    }

    func acknowledge() {
        guard isOpen, lastDelivered > 0 else { return }
        var ack = WireAck()
        ack.through = lastDelivered
        send(.ack(ack))
    }

    func grant(_ random: inout SeededRandom) {
        guard isOpen, credit < 4 || isGenerous else { return }
        send(.credit(someCredit(&random)))
    }

    private func someCredit(_ random: inout SeededRandom) -> WireCredit {
        var some = WireCredit()
        some.posts = isGenerous ? 1_000 : .random(in: 1...5, using: &random)
        some.bytes = isGenerous ? 10_000_000 : .random(in: 500...20_000, using: &random)
        credit += Int(some.posts)
        return some
    }

    /// - Returns: false where nothing can be sent now.
    func revoke(_ member: MemberID) -> Bool {
        guard isOpen else { return false }
        var request = WireRevokeCertificates()
        request.memberID = Data(member.bytes)
        send(.revokeCertificates(request))
        return true
    }

    /// Looks what waits, and decides one of the posts that did.
    func curate(_ random: inout SeededRandom) {
        guard isOpen else { return }
        if let request = curating.nextDecision(&random) {
            send(.decideHeld(request))
            curating.sent(request, as: requestID)
        }
        guard !curating.isAsking else { return }
        curating.isAsking = true
        send(.listHeld(WireListHeld()))
    }

    /// Makes a topic moderated or open to all, or gives another its next name.
    func changeTopic(_ random: inout SeededRandom) {
        guard isOpen, topicRequests.isEmpty else { return }
        var request = WireChangeTopic()
        if random.chance(oneIn: 2) {
            request.path = SimulatedMembers.moderated.path
            request.moderated = random.chance(oneIn: 2)
        } else {
            request.path = SimulatedClient.name(ofMoved: moves)
            request.moveTo = SimulatedClient.name(ofMoved: moves + 1)
        }
        send(.changeTopic(request))
        topicRequests[requestID] = request
    }

    /// Moves of a topic that were done.
    private(set) var moves = 0
    private var topicRequests: [UInt64: WireChangeTopic] = [:]

    /// What the topic that moves is called after so many moves.
    private static func name(ofMoved count: Int) -> String { count == 0 ? moved.path : "\(moved.path)-\(count)" }
    private static let moved = SimulatedMembers.topics[2]
    /// The topic that moves selects and is selected by whatever it was ever called.
    private static func firstName(_ pattern: String) -> String {
        pattern.hasPrefix(moved.path + "-") ? moved.path : pattern
    }

    /// - Returns: false where the frame answers something else.
    private func takeTopicAnswer(_ frame: WireFrame) -> Bool {
        guard let request = topicRequests.removeValue(forKey: frame.requestID) else { return false }
        // It was moved already where the answer to an earlier request was lost.
        let isDone = if case .error(let error) = frame.body { !error.retryable } else { true }
        if request.hasMoveTo, isDone { moves += 1 }
        return true
    }

    // MARK: In

    /// Reads what the relay has sent.
    /// - Parameter isHeard: false at the end of a connection, when only the relay's word counts.
    func read(isHeard: Bool = true, _ random: inout SeededRandom) {
        read(isHeard: isHeard)
        guard isHeard, isOpen, !hasSubscribedHere else { return }
        hasSubscribedHere = true
        subscribe(&random)
    }

    private var hasSubscribedHere = false
    private var subscribeID: UInt64 = 0
    private var goingBackID: UInt64 = 0

    private func read(isHeard: Bool) {
        guard let channel else { return }
        while let buffer = try? channel.readOutbound(as: ByteBuffer.self) {
            decoder.feed(buffer)
            while let body = try? decoder.next() {
                guard let frame = try? WireFrame(decoding: body) else {
                    problems.append("member \(index) was sent what is no frame")
                    continue
                }
                take(frame, isHeard: isHeard)
            }
        }
        if isHeard, !channel.isActiveForUs {
            self.channel = nil
            _ = try? channel.finish(acceptAlreadyClosed: true)
        }
    }

    private func subscribe(_ random: inout SeededRandom) {
        var subscribe = WireSubscribe()
        subscribe.durable = "inbox"
        if !hasSubscribed || random.chance(oneIn: 3) {
            subscribe.filters = [SimulatedClient.filter(of: filter)]
            subscribe.replace = true
        }
        if !hasSubscribed { subscribe.afterSequence = 0 }
        subscribe.credit = someCredit(&random)
        send(.subscribe(subscribe))
        subscribeID = requestID
        if !subscribe.filters.isEmpty { asked[requestID] = [filter] }
    }

    private static func filter(of pattern: String) -> WireFilter {
        var filter = WireFilter()
        filter.topics = [pattern]
        return filter
    }

    /// There is a subscription already, which begins in the beginning.
    var hasStream: Bool { isOpen && hasSubscribed && hasSubscribedHere }

    /// Follows something else from now on, or something more.
    func changeFilters(_ random: inout SeededRandom) {
        let patterns = Set((0...1).map { _ in random.pick(SimulatedClient.patterns) })
        var subscribe = WireSubscribe()
        subscribe.durable = "inbox"
        subscribe.filters = patterns.sorted().map(SimulatedClient.filter(of:))
        subscribe.replace = random.chance(oneIn: 2)
        send(.subscribe(subscribe))
        asked[requestID] = patterns
        filterChanges += 1
    }

    /// Wants to have posts again that were received.
    func goBack(_ random: inout SeededRandom) {
        guard isOpen, hasSubscribedHere, lastDelivered > 0, random.chance(oneIn: 2) else { return }
        var subscribe = WireSubscribe()
        subscribe.durable = "inbox"
        subscribe.afterSequence = Int64.random(in: 0...lastDelivered, using: &random)
        send(.subscribe(subscribe))
        goingBackID = requestID
    }

    private func take(_ frame: WireFrame, isHeard: Bool) {
        switch frame.body {
        case .welcome:
            isOpen = true
            hasSubscribedHere = false
        case .subscribed(let subscribed):
            hasSubscribed = true
            lastDelivered = subscribed.cursor
            let patterns = Set(subscribed.filters.flatMap(\.topics).map(SimulatedClient.firstName))
            subscription = (patterns, subscribed.cursor)
            everFollowed.insert(patterns)
            asked = asked.filter { $0.key > frame.requestID }
            uncertain = []
            // Somebody who goes back has lost what came after.
            if frame.requestID == goingBackID { received = received.filter { $0.sequence <= subscribed.cursor } }
        case _ where curating.take(frame) || takeTopicAnswer(frame): break
        case .published(let published):
            if published.held {
                keep(frame.requestID, isHeard)
            } else {
                settle(frame.requestID, .stored(published.sequence), isHeard)
            }
        case .error(let error):
            if error.retryable || frame.requestID == 0 {
                if isHeard { inFlight[frame.requestID] = nil }
                // The disk failed: it is asked again.
                if frame.requestID == subscribeID { hasSubscribedHere = false }
                uncertain.formUnion(asked.removeValue(forKey: frame.requestID) ?? [])
            } else {
                settle(frame.requestID, .refused(error.code), isHeard)
            }
        case .deliver(let deliver): take(deliver.post, isHeard)
        case .revoked: revocations += 1
        default: break
        }
    }

    private func keep(_ requestID: UInt64, _ isHeard: Bool) {
        guard let id = inFlight.removeValue(forKey: requestID)?.post.id else { return }
        if case .stored(let before)? = answers[id] {
            problems.append("member \(index): a post was stored at \(before), then it is held")
        }
        held.insert(id)
        if isHeard { outbox.removeAll { $0.post.id == id } }
    }

    private func settle(_ requestID: UInt64, _ answer: Answer, _ isHeard: Bool) {
        guard let prepared = inFlight.removeValue(forKey: requestID) else { return }
        let id = prepared.post.id
        if case .stored(let before)? = answers[id], answer != .stored(before) {
            problems.append("member \(index): a post was stored at \(before), then the answer is \(answer)")
            return
        }
        answers[id] = answer
        if isHeard { outbox.removeAll { $0.post.id == id } }
    }

    private func take(_ stored: WireStoredPost, _ isHeard: Bool) {
        guard let post = try? Post(content: Array(stored.post.content)) else {
            problems.append("member \(index) was sent what is no post")
            return
        }
        if stored.sequence <= lastDelivered {
            problems.append("member \(index) was sent \(stored.sequence) after \(lastDelivered)")
        }
        credit -= 1
        if credit < 0 { problems.append("member \(index) was sent more than the credit") }
        let followed = uncertain.union(asked.values.joined()).union(subscription?.patterns ?? [])
        if !followed.contains(where: { SimulatedClient.selects($0, post.topic) }) {
            problems.append("member \(index) was sent what they do not follow, at \(stored.sequence)")
        }
        lastDelivered = stored.sequence
        if isHeard { received.insert(Delivery(sequence: stored.sequence, post: post.id)) }
        delivered.insert(Delivery(sequence: stored.sequence, post: post.id))
    }

    /// All that the relay has ever sent, heard or not.
    private(set) var delivered: Set<Delivery> = []
}

extension EmbeddedChannel {
    /// False once the relay's side has closed.
    fileprivate var isActiveForUs: Bool { (try? pipeline.syncOperations.handler(type: SessionHandler.self)) != nil }
}
