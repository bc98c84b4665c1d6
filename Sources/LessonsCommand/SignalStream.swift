import Dispatch
import RelayClient
import Synchronization

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// SIGINT and SIGTERM as values, so that a command that runs on can end in good order. The second of them ends the
/// process at once.
final class SignalStream: Sendable {
    let signals: AsyncStream<Int32>
    private let sources: Mutex<[any DispatchSourceSignal]>

    init() {
        let (stream, continuation) = AsyncStream.makeStream(of: Int32.self, bufferingPolicy: .bufferingOldest(1))
        let queue = DispatchQueue(label: "signals")
        signals = stream
        sources = Mutex(
            [SIGINT, SIGTERM].map { number in
                signal(number, SIG_IGN)
                let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
                source.setEventHandler {
                    signal(number, SIG_DFL)
                    continuation.yield(number)
                }
                source.resume()
                return source
            })
    }

    deinit {
        sources.withLock { for source in $0 { source.cancel() } }
    }

    private enum Ended: Sendable {
        case body
        case signal(Int32)
    }

    /// Runs `body`, and cancels it at the first signal.
    /// - Returns: how the process should end when a signal ended `body`; nil when it ended by itself.
    static func ending(_ body: @escaping @Sendable () async throws -> Void) async throws -> Sysexit? {
        let stream = SignalStream()
        return try await withThrowingTaskGroup(of: Ended.self) { group in
            group.addTask {
                try await body()
                return .body
            }
            group.addTask {
                for await number in stream.signals { return .signal(number) }
                return .body
            }
            let first = try await group.next()
            group.cancelAll()
            guard case .signal(let number) = first else { return nil }
            do {
                _ = try await group.next()
            } catch is CancellationError {
            } catch ClientError.cancelled {
            }
            return number == SIGTERM ? .terminated : .interrupted
        }
    }
}
