import Foundation
import FuzzTargets
import TestSupport
import Testing

/// A short look at what `Scripts/fuzz.sh` looks at for long. A broken promise ends the whole test run, and says which.
@Suite struct FuzzTargetTests {
    private static let corpus = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../FuzzTargets/Corpus")

    private static func inputs(of target: FuzzTarget) throws -> [[UInt8]] {
        let folder = corpus.appending(path: target.rawValue)
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        return try files.sorted { $0.path < $1.path }.map { Array(try Data(contentsOf: $0)) }
    }

    @Test(arguments: FuzzTarget.allCases)
    func `the corpus, and what comes of small changes to it, is read or refused`(_ target: FuzzTarget) throws {
        let inputs = try Self.inputs(of: target)
        try #require(!inputs.isEmpty)
        for input in inputs { target.run(input) }
        var random = SeededRandom(for: "fuzzing \(target.rawValue)")
        for _ in 0..<1_500 {
            var input = random.pick(inputs)
            for _ in 0...Int.random(in: 0...4, using: &random) { Self.change(&input, inputs, &random) }
            target.run(input)
        }
    }

    private static func change(_ input: inout [UInt8], _ inputs: [[UInt8]], _ random: inout SeededRandom) {
        let position = Int.random(in: 0...input.count, using: &random)
        switch Int.random(in: 0..<5, using: &random) {
        case 0: if position < input.count { input[position] = .random(in: .min ... .max, using: &random) }
        case 1: if position < input.count { input[position] ^= 1 << UInt8.random(in: 0..<8, using: &random) }
        case 2: input.removeSubrange(position..<min(input.count, position + Int.random(in: 0...8, using: &random)))
        case 3: input.insert(.random(in: .min ... .max, using: &random), at: position)
        default:
            let other = random.pick(inputs)
            input.insert(contentsOf: other.suffix(Int.random(in: 0...other.count, using: &random)), at: position)
        }
    }
}
