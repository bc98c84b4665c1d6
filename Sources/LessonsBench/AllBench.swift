import ArgumentParser

struct AllBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "all",
        abstract: "The relay's whole table, without brokers.")

    @OptionGroup var options: BenchOptions

    func run() async throws {
        if !options.json { print(Figure.heading) }
        for (authors, inFlight, posts) in [(1, 1, 2_000), (1, 64, 20_000), (16, 64, 20_000)] {
            var bench = try PublishBench.parse([])
            bench.options = options
            bench.authors = authors
            bench.inFlight = inFlight
            bench.posts = posts
            try options.print([try await bench.figure()])
        }
        for subscribers in [1, 10, 100, 1_000] {
            var bench = try FanOutBench.parse([])
            bench.options = options
            bench.subscribers = subscribers
            try options.print([try await bench.figure()])
        }
        for (subscribers, rate) in [(10, 500), (100, 100), (1_000, 10)] {
            var bench = try LatencyBench.parse([])
            bench.options = options
            bench.subscribers = subscribers
            bench.rate = rate
            try options.print([try await bench.figure()])
        }
        var catchUp = try CatchUpBench.parse([])
        catchUp.options = options
        try options.print([try await catchUp.figure()])
        var connect = try ConnectBench.parse([])
        connect.options = options
        try options.print([try await connect.figure()])
        var idle = try IdleBench.parse([])
        idle.options = options
        try options.print([try await idle.figure()])
    }
}
