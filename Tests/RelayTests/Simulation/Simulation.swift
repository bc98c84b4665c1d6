import FaultyStorage
import LessonModel
import NIOConcurrencyHelpers
import NIOEmbedded
import PKI
import Storage
import TestSupport
import Wire

@testable import Relay

/// One run of relay and clients from one seed: everything that happens is chosen by it, so that a seed that fails fails
/// again.
final class Simulation {
    private let members: SimulatedMembers
    private let relay: SimulatedRelay
    private let administrator: SimulatedClient
    private let clients: [SimulatedClient]
    private var random: SeededRandom
    private var isRunning = true
    private var problems: [String] = []
    /// The member whose certificate is being revoked, and what the log held and they had been sent when that was in force.
    private var revoked: (client: SimulatedClient, head: SequenceNumber, delivered: Int)?
    private var revoking: SimulatedClient?
    private(set) var restarts = 0

    /// What happened, so that a simulation in which nothing does is seen.
    struct Tally: CustomStringConvertible {
        var posts = 0
        var deliveries = 0
        var restarts = 0
        var revocations = 0
        var filterChanges = 0
        var decisions = 0
        var topicMoves = 0

        static func += (sum: inout Tally, other: Tally) {
            sum.posts += other.posts
            sum.deliveries += other.deliveries
            sum.restarts += other.restarts
            sum.revocations += other.revocations
            sum.filterChanges += other.filterChanges
            sum.decisions += other.decisions
            sum.topicMoves += other.topicMoves
        }

        var description: String {
            "\(posts) posts, \(deliveries) deliveries, \(restarts) restarts, \(revocations) revocations, "
                + "\(filterChanges) changes of filters, \(decisions) decisions of curators, \(topicMoves) moves of a topic"
        }
    }

    var tally: Tally {
        Tally(
            posts: clients.reduce(0) { $0 + $1.acknowledged.count },
            deliveries: clients.reduce(0) { $0 + $1.delivered.count }, restarts: restarts,
            revocations: revoked == nil ? 0 : 1, filterChanges: clients.reduce(0) { $0 + $1.filterChanges },
            decisions: curators.reduce(0) { $0 + $1.curating.decisions.count }, topicMoves: administrator.moves)
    }

    init(seed: UInt64, _ members: SimulatedMembers) throws {
        self.members = members
        random = SeededRandom(seed: seed)
        relay = try SimulatedRelay(members)
        administrator = SimulatedClient(0, members.administrator, filter: "#")
        var clients: [SimulatedClient] = []
        for index in members.people.indices.dropFirst() {
            let client = SimulatedClient(index, members.people[index], filter: random.pick(SimulatedClient.patterns))
            client.outbox = Array(members.posts[index].prefix(Int.random(in: 2...9, using: &random)))
            clients.append(client)
        }
        self.clients = clients
    }

    /// - Returns: what is wrong, in sentences.
    func run() throws -> [String] {
        try administrator.connect(relay, &random)
        for _ in 0..<Int.random(in: 80...220, using: &random) { try step() }
        try end()
        try judge()
        for client in clients + [administrator] { client.cut() }
        try relay.crash(losesPower: false, &random)
        return problems
    }

    private var everybody: [SimulatedClient] { clients + [administrator] }
    private var curators: [SimulatedClient] { everybody.filter { SimulatedMembers.curators.contains($0.index) } }

    private func step() throws {
        let client = random.pick(clients)
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<12: if isRunning { try (random.chance(oneIn: 6) ? administrator : client).connect(relay, &random) }
        case 12..<26: client.publishNext(&random)
        case 26..<42: random.pick(everybody).deliverToRelay(&random)
        case 42..<54: random.pick(everybody).read(&random)
        case 54..<60: relay.verify()
        case 60..<68: relay.commit()
        case 68..<78: relay.runLoop(&random)
        case 78..<85: relay.work(&random)
        case 85..<87: client.grant(&random)
        case 87..<89: client.acknowledge()
        case 89: random.pick(curators).curate(&random)
        case 90: administrator.changeTopic(&random)
        case 91: clients.filter(\.hasStream).randomElement(using: &random)?.changeFilters(&random)
        case 92: client.cut()
        case 93: random.chance(oneIn: 2) ? client.stall() : relay.sweep()
        case 94:
            client.repeatPost(members.posts[client.index], &random)
            client.goBack(&random)
        case 95: moveClock()
        case 96: relay.storage.arm(.ioErrorOnce, atCall: Int.random(in: 1...40, using: &random))
        case 97: revoke(client)
        default: if random.chance(oneIn: 2) { try crash() }
        }
        noteRevocation()
    }

    /// Forwards, or backwards as when it is set right.
    private func moveClock() {
        let step = Int64.random(in: -3_600_000...3_600_000, using: &random)
        relay.time.withLockedValue { $0 = max(members.start - 200_000, $0 + step) }
    }

    private func crash() throws {
        if random.chance(oneIn: 2) {
            // Amid a transaction.
            relay.storage.arm(.powerLoss, atCall: Int.random(in: 1...30, using: &random))
            relay.verify()
            relay.commit()
        }
        for client in everybody { client.cut() }
        try relay.crash(losesPower: random.chance(oneIn: 2), &random)
        restarts += 1
        try relay.start()
    }

    private func revoke(_ client: SimulatedClient) {
        let client = revoking ?? client
        guard administrator.revocations == 0, administrator.revoke(client.person.id) else { return }
        revoking = client
    }

    /// From when it is in force, the revoked member can do nothing and is told nothing.
    private func noteRevocation() {
        guard revoked == nil, let client = revoking, let core = relay.core,
            case .failure = core.membership.principal(client.person.id, client.person.certificate.fingerprint)
        else { return }
        let head = core.store.head()
        // The loops have their part to do when the administrator gets the answer.
        for loop in relay.eventLoops { loop.run() }
        client.read(&random)
        revoked = (client, head, client.delivered.count)
        if client.isConnected { problems.append("a revoked member is still connected") }
    }

    // MARK: End

    /// The disk is well, everybody reads and grants, until nothing is left to do.
    private func end() throws {
        relay.storage.repair()
        for client in everybody {
            client.isGenerous = true
            client.readAgain()
        }
        var quiet = 0
        for _ in 0..<400 {
            let before = state
            for client in everybody where client !== revoked?.client {
                if !client.isConnected { try client.connect(relay, &random) }
                client.publishNext(&random)
                client.deliverToRelay(&random)
                client.read(&random)
                client.grant(&random)
                if random.chance(oneIn: 20), client !== administrator {
                    client.repeatPost(members.posts[client.index], &random)
                }
                if SimulatedMembers.curators.contains(client.index) { client.curate(&random) }
            }
            // Asked again where the answer was lost, as an administrator would.
            if let revoking, administrator.isIdle { revoke(revoking) }
            relay.settle(&random)
            noteRevocation()
            let isQuiet = relay.isIdle && state == before
            quiet = isQuiet ? quiet + 1 : 0
            if quiet > 12 { return }
        }
        problems.append("it does not come to rest: \(state), \(relay.work.count) wait for the pool")
    }

    private var state: [String] {
        clients.map { "\($0.delivered.count) sent, \($0.outbox.count) waiting, \($0.isConnected ? "on" : "off")" }
            + curators.map { "\($0.curating.decisions.count) decided" }
    }

    private func judge() throws {
        problems += everybody.flatMap(\.problems)
        guard let store = relay.store else { return problems.append("no relay runs") }
        let log = try log(of: store)
        let places = Dictionary(log.map { ($0.post, $0.sequence) }) { first, _ in
            problems.append("a post is in the log twice")
            return first
        }
        let prepared = Dictionary(
            uniqueKeysWithValues: members.posts.joined().map { ($0.post.id, $0) })
        for client in clients {
            for (id, sequence) in client.acknowledged where places[id] != sequence {
                problems.append(
                    "member \(client.index)'s post was acknowledged at \(sequence), and is at \(places[id] ?? 0)")
            }
            for delivery in client.delivered {
                guard let post = prepared[delivery.post], places[delivery.post] == delivery.sequence else {
                    problems.append("member \(client.index) was sent what is not in the log at \(delivery.sequence)")
                    continue
                }
                if !post.readers.contains(client.index) {
                    problems.append("member \(client.index) was sent what is for others")
                }
            }
            if let revoked, revoked.client === client {
                if client.delivered.count > revoked.delivered { problems.append("a revoked member was sent a post") }
                let late = log.filter {
                    $0.sequence > revoked.head && prepared[$0.post]?.post.author == client.person.id
                }
                if !late.isEmpty { problems.append("a revoked member's post was stored") }
                continue
            }
            guard let subscription = client.subscription else {
                problems.append("member \(client.index) has no subscription")
                continue
            }
            let wanted = log.filter { entry in
                guard let post = prepared[entry.post], post.readers.contains(client.index) else { return false }
                func selects(_ patterns: Set<String>) -> Bool {
                    patterns.contains { SimulatedClient.selects($0, post.post.topic) }
                }
                return entry.sequence > subscription.after
                    ? selects(subscription.patterns) : client.everFollowed.allSatisfy(selects)
            }
            let missing = Set(wanted).subtracting(client.received)
            if !missing.isEmpty {
                problems.append("member \(client.index) has not received \(missing.map(\.sequence).sorted())")
            }
            if !client.outbox.isEmpty { problems.append("member \(client.index) has posts without an answer") }
        }
        problems += try SimulatedCurating.problems(store, authors: clients, curators: curators, places)
        problems += try store.integrityProblems()
    }

    private func log(of store: RelayStore) throws -> [SimulatedClient.Delivery] {
        var found: [SimulatedClient.Delivery] = []
        for client in clients {
            let page = try store.readLog(
                after: 0, viewer: client.person.viewer, maxPosts: .max, maxBytes: .max)
            for stored in page.posts {
                guard let post = try? Post(content: stored.post.content) else { continue }
                found.append(.init(sequence: stored.sequence, post: post.id))
            }
        }
        return Set(found).sorted { $0.sequence < $1.sequence }
    }
}
