import ArgumentParser
import LessonModel
import NIOCore
import Wire

struct SessionsBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sessions",
        abstract: "Deliveries to few and to many connected sessions, with filters of many kinds.",
        discussion: """
            Each session follows one topic of many, by its name, with a wildcard, among others, by language too, or all but \
            the others; posts go to the topics in turn. What posting costs alone is measured first and taken off, so that \
            what is left is the cost of finding and serving receivers. Last, as many sessions follow other topics than those \
            of the posts: what they cost is what a session costs that receives nothing.
            """)

    @OptionGroup var options: BenchOptions
    @Option(help: "Sessions, of the larger measurement.") var sessions = 5_000
    @Option(help: "Sessions, of the smaller one.") var few = 100
    @Option(help: "Topics.") var topics = 50
    @Option(help: "Posts.") var posts = 4_000
    @Option(help: "Posts in flight.") var inFlight = 64
    @Option(help: "Bytes of a post's content, about.") var bytes = 1_024

    func run() async throws {
        for figure in try await figures() { try options.print([figure]) }
    }

    func figures() async throws -> [Figure] {
        let alone = try await measure("posting alone", 0)
        let small = try await measure("\(few) sessions, \(topics) topics", few, without: alone.cpu)
        let large = try await measure("\(sessions) sessions, \(topics) topics", sessions, without: alone.cpu)
        let idle = try await measure("\(sessions) sessions that follow others", sessions, postedTopics: 1)
        return [alone.figure, small.figure, large.figure, idle.figure]
    }

    /// - Parameters:
    ///   - alone: what posting costs without receivers.
    ///   - postedTopics: posts go to so many of the topics only; nil for all.
    private func measure(
        _ what: String, _ sessions: Int, without alone: Duration = .zero, postedTopics: Int? = nil
    ) async throws -> (figure: Figure, cpu: Duration) {
        try await BenchRelay.with(options.relay) { relay in
            let author = try await relay.connect()
            let names = (0..<topics).map { "mixed/t\($0)" }
            for name in ["mixed"] + names {
                var add = WireAddTopic()
                add.path = name
                _ = try await author.request(.addTopic(add))
            }
            // Where all go to one topic, nobody else follows that.
            let followed = postedTopics == nil ? names : Array(names.dropFirst())
            var peers: [BenchPeer] = []
            for index in 0..<sessions {
                peers.append(try await relay.subscribe(filter(index, followed[index % followed.count], names)))
            }
            let posted = Array(names.prefix(postedTopics ?? topics))
            let load = try posted.map { try relay.member.posts(posts / posted.count, bytes: bytes, topic: $0) }
            let mixed = (0..<load[0].count).flatMap { round in load.map { $0[round] } }
            let expected = peers.indices.map { _ in postedTopics == nil ? load[0].count : 0 }
            let deliveries = expected.reduce(0, +)
            let cpu = relay.cpuTime
            let wall = try await ContinuousClock().measure {
                let all = zip(peers, expected).filter { $0.1 > 0 }.map { $0.received($1) }
                try await author.pump(mixed, inFlight: inFlight)
                for future in all { try await future.get() }
            }
            let spent = relay.cpuTime - cpu
            let perPost = spent.seconds * 1e6 / Double(mixed.count)
            guard deliveries > 0 else {
                let figure = Figure(
                    what, operations: mixed.count, wall: wall, cpu: spent, note: "a post, no deliveries")
                return (figure, spent)
            }
            return (
                Figure(
                    what, operations: deliveries, wall: wall, cpu: max(.zero, spent - alone),
                    note: "posting taken off; \(Int(perPost)) µs a post with its \(deliveries / mixed.count) receivers"),
                spent
            )
        }
    }

    /// Selects `topic` of `topics` and nothing else, in one of five ways.
    private func filter(_ index: Int, _ topic: String, _ topics: [String]) -> WireFilter {
        var filter = WireFilter()
        switch index / topics.count % 5 {
        case 0: filter.topics = [topic]
        case 1: filter.topics = [topic + "/#"]
        case 2: filter.topics = [topic, "nowhere/at-all", "policing/community"]
        case 3:
            filter.topics = [topic]
            filter.languages = ["en", "fr"]
        default: filter.topics = ["mixed/#"] + topics.filter { $0 != topic }.map { "!" + $0 }
        }
        return filter
    }
}
