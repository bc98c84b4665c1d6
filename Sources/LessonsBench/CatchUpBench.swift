import ArgumentParser
import NIOCore

struct CatchUpBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "catchup", abstract: "One reader from the beginning of the log.")

    @OptionGroup var options: BenchOptions
    @Option(help: "Posts in the log.") var posts = 50_000
    @Option(help: "Bytes of a post's content, about.") var bytes = 1_024

    func run() async throws { try options.print([try await figure()]) }

    func figure() async throws -> Figure {
        try await BenchRelay.with(options.relay) { relay in
            let author = try await relay.connect()
            try await author.pump(try relay.member.posts(posts, bytes: bytes, topic: BenchRelay.topic), inFlight: 200)
            let cpu = relay.cpuTime
            let wall = try await ContinuousClock().measure {
                let reader = try await relay.subscribe("#", after: 0, untilCaughtUp: false)
                try await reader.received(posts).get()
            }
            return Figure(
                "catch-up from the log, one reader", operations: posts, wall: wall, cpu: relay.cpuTime - cpu)
        }
    }
}
