import LessonModel
import Storage
import Synchronization
import Wire

/// The moves of topics since the relay started, in order, so that filters that were read before one can be brought up to it.
final class TopicMoveLog: Sendable {
    private struct Entry {
        let move: TopicMove
        let topics: [Topic]
        /// It came to nothing.
        var isVoid = false
    }

    private struct State {
        var entries: [Entry] = []
        var settled = 0
    }

    private let state = Mutex(State())
    /// Held by whoever changes the tree: what moves is then known before it moves.
    private let tree = Mutex<Void>(())

    /// How many moves are over for everybody: store and membership know the names after them, and no others.
    var settledCount: Int { state.withLock(\.settled) }

    /// Runs `body` while nobody else changes the tree.
    func whileAlone<Value>(_ body: () throws -> Value) rethrows -> Value {
        try tree.withLock { _ in try body() }
    }

    /// - Returns: the number to give to `void`.
    func begin(_ move: TopicMove, of topics: [Topic]) -> Int {
        state.withLock { state in
            state.entries.append(Entry(move: move, topics: topics))
            return state.entries.count - 1
        }
    }

    func void(_ number: Int) { state.withLock { $0.entries[number].isVoid = true } }

    /// Call while alone, once the membership was read after the last move.
    func settle() { state.withLock { $0.settled = $0.entries.count } }

    /// Whether a move began after so many.
    func hasMoves(since count: Int) -> Bool { state.withLock { $0.entries.count > count } }

    func following(_ filters: [SubscriptionFilter], since count: Int, keepsFormer: Bool) -> [SubscriptionFilter] {
        let newer = state.withLock { Array($0.entries.dropFirst(count)) }
        return newer.reduce(filters) { filters, entry in
            guard !entry.isVoid else { return filters }
            return filters.map { $0.following(entry.move, of: entry.topics, keepsFormer: keepsFormer) }
        }
    }
}

/// Moving topics while posts come and go.
///
/// The streams learn of the new place first and go on knowing the old one, then the store moves the topic: whichever name a
/// post is delivered by, whoever followed the topic gets it.
extension RelayCore {
    func moveTopic(_ topic: Topic, to path: String, _ principal: Principal) throws {
        guard let place = Topic(path) else {
            throw RequestRefusal(
                .invalid, "a topic is written like policing/community, in lower case", field: "move_to")
        }
        let move: TopicMove
        do { move = try TopicMove(from: topic, to: place) } catch {
            throw RequestRefusal(.invalid, error.description, field: "move_to")
        }
        let topics = try store.topics(at: topic)
        let number = topicMoves.begin(move, of: topics)
        do {
            try registry.changeFilters { $0.following(move, of: topics, keepsFormer: true) }
            try store.moveTopic(
                move, audit: entry("topic.move", principal, ["topic": topic.path, "to": place.path]))
        } catch {
            topicMoves.void(number)
            throw error
        }
        try refreshMembership(.everything)
        topicMoves.settle()
    }

    /// The filter that a request asks for, by the topics' names of now.
    func filter(_ wire: WireFilter) throws -> SubscriptionFilter {
        membership.formerTopicNames.name(of: try wire.value())
    }

    /// For a stream: filters that were read when so many moves were settled.
    func following(_ filters: [SubscriptionFilter], since count: Int) -> [SubscriptionFilter] {
        topicMoves.following(filters, since: count, keepsFormer: true)
    }

    /// Puts right a subscription that was saved while a topic moved. What moves when it is saved, the store changes in it;
    /// what has moved already, and the membership did not know, is changed here.
    func followMoves(
        _ member: MemberID, _ durable: String, _ filters: [SubscriptionFilter], since count: Int
    ) throws {
        guard topicMoves.hasMoves(since: count) else { return }
        try topicMoves.whileAlone {
            let followed = topicMoves.following(filters, since: count, keepsFormer: false)
            guard followed != filters else { return }
            try store.saveSubscription(
                member: member, durable: durable, filters: followed, start: .keep(orAfter: 0), at: clock())
        }
    }
}
