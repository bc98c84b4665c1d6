internal import Synchronization

/// The events of one connection in the order they came, for one reader.
///
/// Bounded by the credit that the reader granted: a relay that sends more is cut off.
package final class StreamEvents: AsyncSequence, Sendable {
    package typealias Element = StreamEvent
    package typealias Failure = Never

    private struct State {
        var queue: [StreamEvent] = []
        /// Those before it have been taken.
        var head = 0
        var hasEnded = false
        var reader: CheckedContinuation<Void, Never>?

        var count: Int { queue.count - head }
    }

    private let state = Mutex(State())

    package init() {}

    /// Waits for at least one event and takes what is there, at most `limit`.
    /// - Returns: nil after the last event, and when the task is cancelled.
    package func nextBatch(limit: Int = 512) async -> [StreamEvent]? {
        while true {
            if let batch = take(limit) { return batch.isEmpty ? nil : batch }
            if Task.isCancelled { return nil }
            await withTaskCancellationHandler {
                await withCheckedContinuation { wait($0) }
            } onCancel: {
                wake()
            }
        }
    }

    /// Waits for the next event and takes it.
    /// - Returns: nil after the last event, and when the task is cancelled.
    package func next() async -> StreamEvent? {
        await nextBatch(limit: 1)?.first
    }

    /// True when an event can be taken without waiting.
    package var isReady: Bool { state.withLock { $0.count > 0 } }

    package func makeAsyncIterator() -> Iterator { Iterator(events: self) }

    package struct Iterator: AsyncIteratorProtocol {
        fileprivate let events: StreamEvents

        package mutating func next() async -> StreamEvent? { await events.next() }
    }

    /// Takes over `events`, which keeps its capacity.
    func append(_ events: inout [StreamEvent]) {
        guard !events.isEmpty else { return }
        let reader = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard !state.hasEnded else { return nil }
            state.queue.append(contentsOf: events)
            defer { state.reader = nil }
            return state.reader
        }
        events.removeAll(keepingCapacity: true)
        reader?.resume()
    }

    /// Nothing follows after `last`.
    func end(with last: StreamEvent) {
        let reader = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard !state.hasEnded else { return nil }
            state.hasEnded = true
            state.queue.append(last)
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume()
    }

    /// How many events wait to be taken.
    var count: Int { state.withLock { $0.count } }

    /// Nil: wait. Empty: nothing will come any more.
    private func take(_ limit: Int) -> [StreamEvent]? {
        state.withLock { state in
            guard state.count > 0 else { return state.hasEnded ? [] : nil }
            let end = state.head + Swift.min(Swift.max(1, limit), state.count)
            let batch = Array(state.queue[state.head..<end])
            if end == state.queue.count {
                state.queue.removeAll(keepingCapacity: state.queue.count <= 4_096)
                state.head = 0
            } else {
                state.head = end
                if state.head > 4_096, state.head > state.queue.count / 2 {
                    state.queue.removeFirst(state.head)
                    state.head = 0
                }
            }
            return batch
        }
    }

    private func wait(_ reader: CheckedContinuation<Void, Never>) {
        let isReady = state.withLock { state in
            precondition(state.reader == nil, "the events of a connection have one reader")
            guard state.count == 0, !state.hasEnded, !Task.isCancelled else { return true }
            state.reader = reader
            return false
        }
        if isReady { reader.resume() }
    }

    private func wake() {
        let reader = state.withLock { state -> CheckedContinuation<Void, Never>? in
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume()
    }
}
