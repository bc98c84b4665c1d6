import Foundation

/// A queue between two threads: taken in one piece, so that what queues while the taker works forms its next batch.
///
/// Unbounded by itself; who puts something in keeps the bound.
final class StageQueue<Element: Sendable>: @unchecked Sendable {
    // `condition` protects the rest.
    private let condition = NSCondition()
    private var waiting: [Element] = []
    private var isClosed = false

    func put(_ elements: [Element]) {
        condition.lock()
        waiting.append(contentsOf: elements)
        condition.signal()
        condition.unlock()
    }

    /// At most `limit` elements, in order; empty when `timeout` passed without one. Nil once closed and empty.
    func take(limit: Int, timeout: Double) -> [Element]? {
        condition.lock()
        defer { condition.unlock() }
        if waiting.isEmpty, !isClosed { _ = condition.wait(until: Date(timeIntervalSinceNow: timeout)) }
        if waiting.isEmpty { return isClosed ? nil : [] }
        guard waiting.count > limit else {
            defer { waiting = [] }
            return waiting
        }
        defer { waiting.removeFirst(limit) }
        return Array(waiting.prefix(limit))
    }

    /// What waits can still be taken.
    func close() {
        condition.lock()
        isClosed = true
        condition.broadcast()
        condition.unlock()
    }
}
