import Foundation
import TestSupport
import Testing

@testable import Relay

/// Relay and clients, run from one seed each: connections that break anywhere, posts that are sent again, readers that are
/// slow or stop, a revocation, a clock that is set, a disk that fails, a relay that is killed and a machine that loses power.
///
/// 60 seeds in the test suite; `LESSONS_SIMULATIONS=N` runs N, `LESSONS_SIMULATION_SEED=S` one again.
@Suite struct SimulationTests {
    @Test func `whatever happens, what was acknowledged is there, and everybody receives what is for them`() throws {
        let environment = ProcessInfo.processInfo.environment
        let members = try SimulatedMembers()
        if let seed = environment["LESSONS_SIMULATION_SEED"].flatMap({ UInt64($0) }) {
            return #expect(try Simulation(seed: seed, members).run() == [], "seed \(seed)")
        }
        let count = environment["LESSONS_SIMULATIONS"].flatMap { Int($0) } ?? 60
        let first = UInt64.random(in: 0...UInt64.max / 2)
        print("simulation: \(count) seeds from \(first)")
        var failed = 0
        var tally = Simulation.Tally()
        for seed in first..<first + UInt64(count) {
            let simulation = try Simulation(seed: seed, members)
            let problems = try simulation.run()
            #expect(problems == [], "seed \(seed)")
            tally += simulation.tally
            failed += problems.isEmpty ? 0 : 1
            if failed == 10 { break }
        }
        print("simulation: \(failed) of \(count) seeds failed; \(tally)")
        #expect(tally.posts > 5 * count && tally.deliveries > 5 * count && tally.decisions > count)
    }
}
