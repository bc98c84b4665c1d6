/// How long to wait before the next attempt to connect: exponential from 0.5 s to 60 s with full jitter, so that the clients
/// of a relay that restarts do not come back all at once.
package struct ReconnectPolicy: Sendable, Equatable {
    package var shortest: Duration = .milliseconds(500)
    package var longest: Duration = .seconds(60)
    /// A connection that lived this long starts the series anew.
    package var resetAfter: Duration = .seconds(30)
    /// The relay's own wish is honoured up to here.
    package static let longestRetryAfter: Duration = .seconds(3_600)

    /// Attempts since the series began.
    package private(set) var attempts = 0

    package init() {}

    /// The wait before the next attempt; counts one attempt.
    /// - Parameters:
    ///   - lived: how long the last connection was open; nil when there was none.
    ///   - retryAfter: the relay's wish: the wait is at least that, and the jitter is added.
    package mutating func nextDelay(
        afterLiving lived: Duration?, retryAfter: Duration?, using random: inout some RandomNumberGenerator
    ) -> Duration {
        if let lived, lived >= resetAfter { attempts = 0 }
        let limit = min(longest, shortest * (1 << min(attempts, 20)))
        attempts += 1
        let jitter = limit * Double.random(in: 0...1, using: &random)
        guard let retryAfter, retryAfter > .zero else { return jitter }
        return min(retryAfter, Self.longestRetryAfter) + jitter
    }
}
