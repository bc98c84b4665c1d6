import NIOPosix

/// Where what blocks is done, off the event loops: the relay's pool of threads, or a simulation's queue.
protocol BlockingWork: Sendable {
    /// Takes `body` and returns at once; the state is other than `.active` where the relay stops before it was begun.
    func submit(_ body: @escaping @Sendable (NIOThreadPool.WorkItemState) -> Void)
}

extension NIOThreadPool: BlockingWork {}

extension BlockingWork {
    /// Does `body` and waits for it without blocking.
    /// - Throws: what `body` throws, or `CancellationError` where the relay stops before.
    func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            submit { state in
                continuation.resume(
                    with: Result {
                        guard case .active = state else { throw CancellationError() }
                        return try body()
                    })
            }
        }
    }
}
