import LessonModel
import Logging
import NIOPosix
import Storage
import Synchronization

/// What the relay deletes by itself: threads that their topic keeps no longer, uploads that nobody goes on with, files that
/// no post carries.
extension RelayCore {
    private static let interval: Milliseconds = 3_600_000

    /// Clears up once an hour, and soon after a post with files may have been erased. Returns at once; work goes on the pool.
    func clearUpIfDue() {
        let now = clock()
        let isDue = clearedUpAt.withLock { last in
            // A clock that was set back must not put it off for long.
            if let last, last <= now, now < last + Self.interval { return false }
            last = now
            return true
        }
        guard isDue || store.mayHaveErasedBlobs, !isClearingUp.exchange(true, ordering: .acquiringAndReleasing) else {
            return
        }
        pool.submit { [self] state in
            guard case .active = state else { return }
            do {
                while isDue, try store.expireThreads(at: now, decode: RelayCore.readContent) > 0 {}
                try store.collectBlobs(uploadsBefore: now - RelayStore.uploadLifetime)
            } catch {
                counters.add(.storageFailures)
                logger.error("what is kept no longer could not be deleted", metadata: ["reason": "\(error)"])
            }
            isClearingUp.store(false, ordering: .releasing)
        }
    }
}
