import RelayClient
import TestSupport
import Testing

@Suite struct ReconnectPolicyTests {
    private let seed = UInt64.random(in: 0...UInt64.max)

    @Test func `the wait never exceeds its exponential limit, and the limit never 60 seconds`() {
        var random = SeededRandom(seed: seed)
        for _ in 0..<200 {
            var policy = ReconnectPolicy()
            for attempt in 0..<40 {
                let limit = min(Duration.seconds(60), .milliseconds(500) * (1 << min(attempt, 10)))
                let delay = policy.nextDelay(afterLiving: nil, retryAfter: nil, using: &random)
                #expect(delay >= .zero && delay <= limit, "seed \(seed), attempt \(attempt)")
            }
        }
    }

    @Test func `waits are spread over their whole range`() {
        var random = SeededRandom(seed: seed)
        var longest = Duration.zero
        var shortest = Duration.seconds(1)
        for _ in 0..<2_000 {
            var policy = ReconnectPolicy()
            let delay = policy.nextDelay(afterLiving: nil, retryAfter: nil, using: &random)
            longest = max(longest, delay)
            shortest = min(shortest, delay)
        }
        #expect(shortest < .milliseconds(50) && longest > .milliseconds(450), "seed \(seed)")
    }

    @Test func `the relay's wish is the least wait, and jitter is added to it`() {
        var random = SeededRandom(seed: seed)
        var policy = ReconnectPolicy()
        let delay = policy.nextDelay(afterLiving: nil, retryAfter: .seconds(30), using: &random)
        #expect(delay >= .seconds(30) && delay <= .milliseconds(30_500), "seed \(seed)")
    }

    @Test func `an absurd wish of the relay is bounded`() {
        var random = SeededRandom(seed: seed)
        var policy = ReconnectPolicy()
        let delay = policy.nextDelay(afterLiving: nil, retryAfter: .seconds(1 << 40), using: &random)
        #expect(delay <= ReconnectPolicy.longestRetryAfter + .seconds(60))
    }

    @Test func `a connection that lived 30 seconds starts the series anew, a shorter one does not`() {
        var random = SeededRandom(seed: seed)
        var policy = ReconnectPolicy()
        for _ in 0..<8 { _ = policy.nextDelay(afterLiving: nil, retryAfter: nil, using: &random) }
        _ = policy.nextDelay(afterLiving: .seconds(29), retryAfter: nil, using: &random)
        #expect(policy.attempts == 9)
        let delay = policy.nextDelay(afterLiving: .seconds(30), retryAfter: nil, using: &random)
        #expect(policy.attempts == 1 && delay <= .milliseconds(500))
    }
}
