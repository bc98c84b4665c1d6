/// A repeatable source of randomness (SplitMix64): the same seed gives the same test, on every machine.
package struct SeededRandom: RandomNumberGenerator, Sendable {
    package let seed: UInt64
    private var state: UInt64

    package init(seed: UInt64) {
        self.seed = seed
        state = seed
    }

    /// Prints the seed, so that a failure can be repeated.
    package init(seed: UInt64 = .random(in: 0...UInt64.max), for purpose: String) {
        print("seed of \(purpose): \(seed)")
        self.init(seed: seed)
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }

    package mutating func chance(percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }

    package mutating func chance(oneIn count: Int) -> Bool { Int.random(in: 0..<count, using: &self) == 0 }

    package mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int.random(in: elements.indices, using: &self)]
    }
}
