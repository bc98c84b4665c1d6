internal import NIOCore

/// Decides when to ask the relay whether it is there, and when it is not.
struct Keepalive {
    enum Step: Equatable {
        /// Ask again at this time.
        case wait(until: NIODeadline)
        case ping(thenWaitUntil: NIODeadline)
        /// Nothing was heard although it was asked for.
        case dead
    }

    /// The relay wants to hear something within this time.
    let interval: TimeAmount
    private var lastSent: NIODeadline
    private var lastReceived: NIODeadline

    /// - Parameter milliseconds: of Welcome; nil for 0, which means that nothing need be sent.
    init?(milliseconds: UInt32, now: NIODeadline) {
        guard milliseconds > 0 else { return nil }
        interval = .milliseconds(Int64(milliseconds))
        lastSent = now
        lastReceived = now
    }

    mutating func noteSent(at now: NIODeadline) { lastSent = now }

    mutating func noteReceived(at now: NIODeadline) { lastReceived = now }

    /// Half of the interval leaves room for a slow line.
    private var pause: TimeAmount { .nanoseconds(max(1_000_000, interval.nanoseconds / 2)) }

    func step(at now: NIODeadline) -> Step {
        if now - lastReceived >= interval + interval { return .dead }
        // Both must be recent: a line that only sends would not notice a relay that is gone.
        let silentSince = min(lastSent, lastReceived)
        guard silentSince + pause <= now else { return .wait(until: silentSince + pause) }
        return .ping(thenWaitUntil: now + pause)
    }
}
