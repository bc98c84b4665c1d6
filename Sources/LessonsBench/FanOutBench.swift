import ArgumentParser
import NIOCore

struct FanOutBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fanout", abstract: "One author, many subscribers; deliveries.")

    @OptionGroup var options: BenchOptions
    @Option(help: "Subscribers.") var subscribers = 100
    @Option(help: "Deliveries in all, about.") var deliveries = 500_000
    @Option(help: "Posts in flight.") var inFlight = 64
    @Option(help: "Bytes of a post's content, about.") var bytes = 1_024

    func run() async throws { try options.print([try await figure()]) }

    func figure() async throws -> Figure {
        try await BenchRelay.with(options.relay) { relay in
            let posts = max(100, min(deliveries / subscribers, 20_000))
            let author = try await relay.connect()
            var peers: [BenchPeer] = []
            for _ in 0..<subscribers { peers.append(try await relay.subscribe("policing/#")) }
            let load = try relay.member.posts(posts, bytes: bytes, topic: BenchRelay.topic)
            let cpu = relay.cpuTime
            let wall = try await ContinuousClock().measure {
                let all = peers.map { $0.received(posts) }
                try await author.pump(load, inFlight: inFlight)
                for future in all { try await future.get() }
            }
            return Figure(
                "fan-out, \(subscribers) subscriber(s)", operations: posts * subscribers, wall: wall,
                cpu: relay.cpuTime - cpu, note: "\(posts) posts, publishing included")
        }
    }
}
