import FaultyStorage
import Foundation
import TestSupport
import Testing

@testable import Storage

/// The promise of the log on a disk that fails at each call in turn: an error that has a type, nothing lost that was
/// acknowledged, nothing twice, and service as soon as the disk is well again.
///
/// In the test suite about 30 calls of each fault, in `Scripts/soak.sh` every one (`LESSONS_FAULT_CALLS=all`).
@Suite struct FaultTests {
    private static let material = Result { try FaultScript.Material() }

    /// How many calls the script makes that `fault` could strike.
    private static func callCount(_ fault: FaultyStorage.Fault) throws -> Int {
        let script = try FaultScript(material.get())
        script.storage.arm(fault, atCall: .max)
        script.run()
        #expect(script.failures == [])
        #expect(try script.acknowledged.count == material.get().posts.count)
        return script.storage.calls
    }

    private static func calls(_ count: Int, _ random: inout SeededRandom) -> [Int] {
        if ProcessInfo.processInfo.environment["LESSONS_FAULT_CALLS"] == "all" { return Array(1...count) }
        return Array(
            stride(from: Int.random(in: 1...max(1, count / 30), using: &random), through: count, by: max(1, count / 30))
        )
    }

    @Test(arguments: FaultyStorage.Fault.allCases)
    func `a fault at any call loses nothing that was acknowledged`(_ fault: FaultyStorage.Fault) throws {
        var random = SeededRandom(for: "faults of the disk, \(fault.rawValue)")
        let count = try Self.callCount(fault)
        try #require(count > 30)
        let calls = Self.calls(count, &random)
        for call in calls {
            let script = try FaultScript(Self.material.get())
            script.storage.arm(fault, atCall: call)
            script.run()
            #expect(script.storage.hasStruck, "call \(call)")
            for failure in script.failures {
                let isTyped = if case .failed = failure { true } else { failure == .full }
                #expect(isTyped, "call \(call): \(failure)")
                if fault == .full { #expect(failure == .full, "call \(call)") }
            }
            let problems = try script.judge(
                restarts: random.chance(percent: 30), losesPower: fault == .powerLoss, &random)
            #expect(problems == [], "\(fault.rawValue) at call \(call) of \(count)")
        }
        print("faults of the disk, \(fault.rawValue): \(calls.count) of \(count) calls")
    }
}
