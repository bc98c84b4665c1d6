import LessonModel
import Storage
import TestSupport
import Wire

@testable import Relay

/// What a curator asks for and was told of posts that were held.
struct SimulatedCurating {
    /// What the relay has said that it did.
    struct Decision {
        let number: Int64
        let state: HeldPost.State
        /// 0 where it was not approved.
        let sequence: SequenceNumber
    }

    private(set) var decisions: [Decision] = []
    /// Every post that was ever in the queue.
    private(set) var seen: [Int64: PostID] = [:]
    /// The queue was asked for, and the answer is not here.
    var isAsking = false
    private var queue: [Int64] = []
    private var asked: [UInt64: WireDecideHeld] = [:]

    mutating func beginConnection() {
        queue = []
        asked = [:]
        isAsking = false
    }

    /// Approved more often than not.
    mutating func nextDecision(_ random: inout SeededRandom) -> WireDecideHeld? {
        guard asked.count < 3, let number = queue.randomElement(using: &random) else { return nil }
        var request = WireDecideHeld()
        request.number = number
        request.decision = random.pick([.approved, .approved, .returned, .rejected])
        request.reason = "As it is."
        return request
    }

    mutating func sent(_ request: WireDecideHeld, as id: UInt64) { asked[id] = request }

    /// - Returns: false where the frame answers something else.
    mutating func take(_ frame: WireFrame) -> Bool {
        if case .heldList(let list) = frame.body {
            isAsking = false
            queue = list.posts.map(\.number)
            for held in list.posts {
                if let post = try? Post(content: Array(held.post.content)) { seen[held.number] = post.id }
            }
            return true
        }
        guard let request = asked.removeValue(forKey: frame.requestID) else { return false }
        switch (frame.body, HeldPost.State(rawValue: request.decision.rawValue)) {
        case (.published(let published), .approved?):
            decisions.append(Decision(number: request.number, state: .approved, sequence: published.sequence))
        case (.done, let state?): decisions.append(Decision(number: request.number, state: state, sequence: 0))
        default: break
        }
        return true
    }

    // MARK: End

    /// What was held is kept until it is decided, and is then what its curator was told.
    /// - Parameter places: of what is in the log.
    static func problems(
        _ store: RelayStore, authors: [SimulatedClient], curators: [SimulatedClient], _ places: [PostID: SequenceNumber]
    ) throws -> [String] {
        var problems: [String] = []
        let kept = try store.heldPosts(limit: .max)
        let states = Dictionary(uniqueKeysWithValues: kept.map { ($0.number, $0) })
        for decision in curators.flatMap(\.curating.decisions) {
            guard let post = states[decision.number] else {
                problems.append("held post \(decision.number) was decided and is gone")
                continue
            }
            if post.state != decision.state || post.sequence != decision.sequence {
                problems.append(
                    "held post \(decision.number): a curator was told \(decision.state) at \(decision.sequence), it is "
                        + "\(post.state) at \(post.sequence)")
            }
        }
        let seen = curators.reduce(into: [:]) { $0.merge($1.curating.seen) { first, _ in first } }
        var known: Set<PostID> = []
        for post in kept {
            guard let id = seen[post.number] ?? (try? Post(content: post.post.content).id) else {
                problems.append("held post \(post.number) was decided by nobody")
                continue
            }
            known.insert(id)
            if places[id] ?? 0 != post.sequence {
                problems.append("held post \(post.number) is \(post.state), and in the log at \(places[id] ?? 0)")
            }
        }
        for author in authors where !author.held.isSubset(of: known) {
            problems.append("member \(author.index) was told that a post is held, and it is not")
        }
        return problems
    }
}
