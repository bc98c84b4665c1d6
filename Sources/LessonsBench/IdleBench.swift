import ArgumentParser
import Foundation

struct IdleBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "idle", abstract: "Resident memory of connected, subscribed, idle sessions.")

    @OptionGroup var options: BenchOptions
    @Option(help: "Sessions.") var sessions = 5_000

    func run() async throws { try options.print([try await figure()]) }

    func figure() async throws -> Figure {
        try await BenchRelay.with(options.relay) { relay in
            _ = try await relay.subscribe("policing/#")
            let before = relay.residentKiB
            let cpu = relay.cpuTime
            var peers: [BenchPeer] = []
            let wall = try await ContinuousClock().measure {
                for _ in 0..<sessions { peers.append(try await relay.subscribe("policing/#")) }
            }
            let after = relay.residentKiB
            let each = Double(after - before) / Double(sessions)
            return Figure(
                "idle sessions", operations: sessions, wall: wall, cpu: relay.cpuTime - cpu,
                note: String(format: "%.1f KiB resident each (%d KiB before, %d after)", each, before, after))
        }
    }
}
