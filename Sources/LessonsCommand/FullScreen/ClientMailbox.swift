import Synchronization
import TerminalUI

/// Events on their way to the one thread that holds the client's state. Any thread may post.
final class ClientMailbox: Sendable {
    private struct Box {
        var events: [ClientEvent] = []
        var wake: (@Sendable () -> Void)?
    }

    private let box = Mutex(Box())

    func post(_ event: ClientEvent) {
        let wake = box.withLock { box in
            box.events.append(event)
            return box.wake
        }
        wake?()
    }

    /// Called after each event that comes from now on.
    func setWake(_ wake: (@Sendable () -> Void)?) { box.withLock { $0.wake = wake } }

    func take() -> [ClientEvent] {
        box.withLock { box in
            defer { box.events.removeAll(keepingCapacity: true) }
            return box.events
        }
    }
}
