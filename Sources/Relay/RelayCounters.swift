import Synchronization

/// What the relay counts, for logs and metrics.
package final class RelayCounters: Sendable {
    package enum Name: String, CaseIterable, Sendable {
        case sessionsOpened, sessionsRefused, handshakesFailed, handshakesRefused, uncleanShutdowns, slowConsumers
        case posts, refusals, rateLimited, storageFailures, invitationsRedeemed
    }

    private let values = Mutex<[Name: Int]>([:])
    /// Apart, since fan-out adds to it for each receiver.
    package let deliveries = AtomicCounter()

    package init() {}

    package func add(_ name: Name, _ amount: Int = 1) {
        guard amount != 0 else { return }
        values.withLock { $0[name, default: 0] += amount }
    }

    package subscript(_ name: Name) -> Int { values.withLock { $0[name] ?? 0 } }

    package var all: [(name: Name, value: Int)] {
        values.withLock { values in Name.allCases.map { ($0, values[$0] ?? 0) } }
    }
}

/// A number that any thread adds to.
package final class AtomicCounter: Sendable {
    private let atomic = Atomic<Int>(0)

    package init() {}

    package func add(_ amount: Int) { atomic.wrappingAdd(amount, ordering: .relaxed) }

    package var value: Int { atomic.load(ordering: .relaxed) }
}
