import ArgumentParser

struct ConnectBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "connect", abstract: "New mutual TLS 1.3 connections, up to Welcome.")

    @OptionGroup var options: BenchOptions
    @Option(help: "Connections in all.") var connections = 2_000
    @Option(help: "Being opened at once.") var atOnce = 16

    func run() async throws { try options.print([try await figure()]) }

    func figure() async throws -> Figure {
        try await BenchRelay.with(options.relay) { relay in
            let share = connections / atOnce
            let cpu = relay.cpuTime
            let wall = try await ContinuousClock().measure {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<atOnce {
                        group.addTask { [relay = UncheckedRelay(relay)] in
                            for _ in 0..<share { try await relay.value.connect().close() }
                        }
                    }
                    try await group.waitForAll()
                }
            }
            return Figure(
                "new connections, \(atOnce) at once", operations: share * atOnce, wall: wall, cpu: relay.cpuTime - cpu)
        }
    }
}

/// @unchecked: all stored properties of a started relay are constant.
struct UncheckedRelay: @unchecked Sendable {
    let value: BenchRelay
    init(_ value: BenchRelay) { self.value = value }
}
