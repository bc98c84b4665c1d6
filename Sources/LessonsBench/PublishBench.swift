import ArgumentParser
import Wire

struct PublishBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "publish", abstract: "Acknowledged, durable, verified posts.")

    @OptionGroup var options: BenchOptions
    @Option(help: "Connections that post.") var authors = 1
    @Option(help: "Posts in flight in all.") var inFlight = 64
    @Option(help: "Posts in all.") var posts = 10_000
    @Option(help: "Bytes of a post's content, about.") var bytes = 1_024

    func run() async throws { try options.print([try await figure()]) }

    func figure() async throws -> Figure {
        try await BenchRelay.with(options.relay) { relay in
            let each = posts / authors
            var peers: [BenchPeer] = []
            var loads: [[WireFrame.OneOf_Body]] = []
            for _ in 0..<authors {
                peers.append(try await relay.connect())
                loads.append(try relay.member.posts(each, bytes: bytes, topic: BenchRelay.topic))
            }
            let cpu = relay.cpuTime
            let inFlightEach = max(1, inFlight / authors)
            let wall = try await ContinuousClock().measure {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for (peer, load) in zip(peers, loads) {
                        group.addTask { try await peer.pump(load, inFlight: inFlightEach) }
                    }
                    try await group.waitForAll()
                }
            }
            return Figure(
                "publish, \(authors) author(s), \(inFlight) in flight", operations: each * authors, wall: wall,
                cpu: relay.cpuTime - cpu, note: "durable, signature verified")
        }
    }
}
