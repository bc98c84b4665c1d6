import Dispatch
import Foundation

/// Work on all cores for one batch.
enum Parallel {
    /// Below this many elements a second thread costs more than it brings.
    private static let minShare = 4
    /// Asked once: Foundation reads two files for it each time.
    private static let processorCount = ProcessInfo.processInfo.activeProcessorCount

    /// `transform` of each element, in order; returns when all are done.
    static func map<Element: Sendable, Result: Sendable>(
        _ elements: [Element], _ transform: @Sendable (Element) -> Result
    ) -> [Result] {
        let shares = min(processorCount, elements.count / minShare)
        guard shares > 1 else { return elements.map(transform) }
        let parts = Parts<Result>(count: shares)
        DispatchQueue.concurrentPerform(iterations: shares) { share in
            let range = elements.count * share / shares..<elements.count * (share + 1) / shares
            parts.set(share, elements[range].map(transform))
        }
        return parts.joined()
    }

    private final class Parts<Result: Sendable>: @unchecked Sendable {
        // `lock` protects `parts`.
        private let lock = NSLock()
        private var parts: [[Result]]

        init(count: Int) { parts = Array(repeating: [], count: count) }

        func set(_ index: Int, _ part: [Result]) { lock.withLock { parts[index] = part } }

        func joined() -> [Result] { lock.withLock { Array(parts.joined()) } }
    }
}
