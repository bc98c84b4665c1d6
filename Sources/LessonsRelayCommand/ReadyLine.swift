import Foundation
import Logging
import Synchronization

/// Says on stdout that everything listens: `ready PORT ENROLMENT-PORT`, followed by `name=PORT` for each further listener in
/// the order of their names. Printed once, when the last of them is ready.
final class ReadyLine: Sendable {
    private struct State {
        var first: String?
        var further: [String: Int] = [:]
    }

    private let expected: Set<String>
    private let logger: Logger
    private let onReady: @Sendable () -> Void
    private let state = Mutex(State())

    /// - Parameters:
    ///   - expected: the names of the further listeners.
    ///   - onReady: called after the line was printed.
    init(expecting expected: Set<String>, logger: Logger, onReady: @escaping @Sendable () -> Void) {
        self.onReady = onReady
        self.expected = expected
        self.logger = logger
    }

    func ready(port: Int, enrolmentPort: Int) {
        logger.info("ready", metadata: ["port": "\(port)", "enrolment": "\(enrolmentPort)"])
        note { $0.first = "ready \(port) \(enrolmentPort)" }
    }

    func ready(_ name: String, port: Int) {
        logger.info("ready", metadata: ["listener": "\(name)", "port": "\(port)"])
        note { $0.further[name] = port }
    }

    private func note(_ change: (inout State) -> Void) {
        let line = state.withLock { state -> String? in
            change(&state)
            guard let first = state.first, state.further.count == expected.count else { return nil }
            return ([first] + state.further.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" })
                .joined(separator: " ")
        }
        guard let line else { return }
        print(line)
        fflush(nil)
        onReady()
    }
}
