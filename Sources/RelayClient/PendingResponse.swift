internal import Synchronization
package import Wire

/// The answer to a request that has been handed over for sending.
///
/// Requests leave in the order in which they were submitted, so that a sender can have several on their way and wait for
/// them one by one.
package final class PendingResponse: Sendable {
    package typealias Outcome = Result<WireFrame.OneOf_Body, ClientError>

    private enum State {
        case waiting(CheckedContinuation<Outcome, Never>?)
        case complete(Outcome)
    }

    private let state = Mutex(State.waiting(nil))

    init() {}

    /// Waits for the answer; may be asked once at a time.
    /// - Throws: `.request` for an Error frame, `.cancelled` when this task is cancelled (the relay may carry the request
    ///   out all the same), or what ended the connection.
    package func value() async throws(ClientError) -> WireFrame.OneOf_Body {
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { wait($0) }
        } onCancel: {
            complete(.failure(.cancelled))
        }
        return try outcome.get()
    }

    /// True when `value` will not wait.
    package var isComplete: Bool {
        state.withLock { state in
            if case .complete = state { true } else { false }
        }
    }

    /// The first outcome counts.
    func complete(_ outcome: Outcome) {
        let reader = state.withLock { state -> CheckedContinuation<Outcome, Never>? in
            guard case .waiting(let reader) = state else { return nil }
            state = .complete(outcome)
            return reader
        }
        reader?.resume(returning: outcome)
    }

    private func wait(_ reader: CheckedContinuation<Outcome, Never>) {
        let outcome = state.withLock { state -> Outcome? in
            switch state {
            case .complete(let outcome): return outcome
            case .waiting(let other):
                precondition(other == nil, "one task at a time waits for a response")
                state = .waiting(reader)
                return nil
            }
        }
        if let outcome { reader.resume(returning: outcome) }
    }
}
