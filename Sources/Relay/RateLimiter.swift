import NIOCore
import Synchronization

/// How often each of many may do something: so many at once, and as many again spread over each further `period`
/// (the generic cell rate algorithm, ITU-T I.371 annex A). Keeps one number for each that did something of late.
final class RateLimiter<Key: Hashable & Sendable>: Sendable {
    private struct State {
        /// When each would be due, had it kept to an even pace; in the past: it has its whole allowance.
        var due: [Key: NIODeadline] = [:]
        var sweepAt = 1_024
    }

    private let count: Int
    private let interval: TimeAmount
    private let tolerance: TimeAmount
    private let state = Mutex(State())

    /// - Parameter count: at least 0; 0 is no limit.
    init(_ count: Int, per period: TimeAmount) {
        self.count = count
        interval = .nanoseconds(max(1, period.nanoseconds / Int64(max(1, count))))
        tolerance = period - interval
    }

    /// - Parameter now: of a clock that is never set, so that nobody waits for a clock that was set back.
    /// - Returns: nil when it may be done, and is counted; else how long to wait, and nothing is counted.
    func take(_ key: Key, now: NIODeadline) -> TimeAmount? {
        guard count > 0 else { return nil }
        return state.withLock { state in
            let due = max(state.due[key] ?? now, now)
            let ahead = due - now
            guard ahead <= tolerance else { return ahead - tolerance }
            state.due[key] = due + interval
            if state.due.count > state.sweepAt {
                state.due = state.due.filter { $0.value > now }
                state.sweepAt = max(1_024, 2 * state.due.count)
            }
            return nil
        }
    }

    /// Counts `count` as done, allowed or not. What is beyond the allowance delays by at most a further period.
    func charge(_ key: Key, _ count: Int, now: NIODeadline) {
        guard self.count > 0 else { return }
        state.withLock { state in
            let due = max(state.due[key] ?? now, now) + interval * count
            state.due[key] = min(due, now + tolerance + tolerance + interval)
        }
    }

    /// For how many a number is kept.
    var trackedCount: Int { state.withLock { $0.due.count } }
}
