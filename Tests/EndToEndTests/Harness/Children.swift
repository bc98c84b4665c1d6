import Synchronization

/// The processes of one test. None of them outlives it.
final class Children: Sendable {
    private let started = Mutex<[ChildProcess]>([])

    func start(
        _ path: String, _ arguments: [String], environment: [String: String], input: ChildProcess.Input = .nothing
    ) throws -> ChildProcess {
        let child = try ChildProcess(path, arguments, environment: environment, input: input)
        started.withLock { $0.append(child) }
        return child
    }

    /// Kills what still runs and waits for its end.
    func killAll() async {
        let children = started.withLock { started in
            defer { started = [] }
            return started
        }
        for child in children { child.kill() }
        for child in children { _ = try? await child.finish(within: .seconds(10)) }
    }
}
