import NIOCore
import Synchronization

/// All accepted connections, for the limit and for the drain.
final class OpenChannels: Sendable {
    private let limit: Int
    private let open = Mutex<[ObjectIdentifier: any Channel]>([:])

    init(limit: Int) {
        self.limit = limit
    }

    var count: Int { open.withLock { $0.count } }

    /// - Returns: false when the limit is reached.
    func add(_ channel: any Channel) -> Bool {
        let id = ObjectIdentifier(channel)
        let isAdded = open.withLock { open in
            guard open.count < limit else { return false }
            open[id] = channel
            return true
        }
        if isAdded {
            channel.closeFuture.whenComplete { [self] _ in open.withLock { $0[id] = nil } }
        }
        return isAdded
    }

    /// Waits until all have closed; what is open after `timeout` is cut.
    func closeAll(within timeout: TimeAmount, on eventLoop: any EventLoop) async {
        let waiting = open.withLock { Array($0.values) }
        guard !waiting.isEmpty else { return }
        let cut = eventLoop.scheduleTask(in: timeout) {
            for channel in waiting { channel.close(promise: nil) }
        }
        for channel in waiting { try? await channel.closeFuture.get() }
        cut.cancel()
    }
}
