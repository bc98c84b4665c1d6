import Dispatch
import Synchronization

/// State that threads change and a test waits on, never for longer than it says.
final class Observed<State: Sendable>: Sendable {
    private struct Waiter {
        let isDone: @Sendable (State) -> Bool
        let continuation: CheckedContinuation<Bool, Never>
    }

    private struct Contents {
        var state: State
        var waiters: [UInt64: Waiter] = [:]
        var lastID: UInt64 = 0
    }

    private let contents: Mutex<Contents>

    init(_ state: State) { contents = Mutex(Contents(state: state)) }

    func read<R>(_ body: (State) -> R) -> R { contents.withLock { body($0.state) } }

    func update(_ body: (inout State) -> Void) {
        let done = contents.withLock { contents -> [CheckedContinuation<Bool, Never>] in
            body(&contents.state)
            let done = contents.waiters.filter { $0.value.isDone(contents.state) }
            for id in done.keys { contents.waiters[id] = nil }
            return done.values.map(\.continuation)
        }
        for continuation in done { continuation.resume(returning: true) }
    }

    /// Returns once `isDone` is true of the state.
    /// - Returns: false when `limit` was over first.
    func wait(within limit: Duration, until isDone: @escaping @Sendable (State) -> Bool) async -> Bool {
        await withCheckedContinuation { continuation in
            let id = contents.withLock { contents -> UInt64? in
                if isDone(contents.state) { return nil }
                contents.lastID += 1
                contents.waiters[contents.lastID] = Waiter(isDone: isDone, continuation: continuation)
                return contents.lastID
            }
            guard let id else { return continuation.resume(returning: true) }
            DispatchQueue.global().asyncAfter(deadline: .now() + limit.secondsAsDouble) { [self] in
                let late = contents.withLock { $0.waiters.removeValue(forKey: id) }
                late?.continuation.resume(returning: false)
            }
        }
    }
}

extension Duration {
    var secondsAsDouble: Double { self / .seconds(1) }
}
