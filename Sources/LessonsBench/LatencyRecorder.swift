import Foundation
import Histogram
import NIOCore

/// @unchecked: confined to the load generator's one event loop.
final class LatencyRecorder: @unchecked Sendable {
    private let interval: TimeAmount
    private var start = NIODeadline.now()
    private var histograms: [Histogram<UInt64>]
    private let kind: (Int) -> Int

    /// - Parameters:
    ///   - interval: between two posts.
    ///   - kinds: how many kinds of posts are told apart.
    ///   - kind: which kind a post is, by its place; 0 and up to `kinds`.
    init(interval: TimeAmount, kinds: Int = 1, kind: @escaping (Int) -> Int = { _ in 0 }) {
        self.interval = interval
        histograms = Array(repeating: Histogram(numberOfSignificantValueDigits: .three), count: kinds)
        self.kind = kind
    }

    func begin(at start: NIODeadline) { self.start = start + .milliseconds(50) }

    func due(_ index: Int) -> NIODeadline { start + .nanoseconds(interval.nanoseconds * Int64(index)) }

    func received(_ index: Int, at time: NIODeadline) {
        histograms[kind(index)].record(UInt64(max(0, (time - due(index)).nanoseconds)))
    }

    func summary(of kind: Int = 0) -> String {
        let values = [50, 99, 99.9].map { Double(histograms[kind].valueAtPercentile($0)) / 1e6 }
        return String(format: "p50 %.2f ms, p99 %.2f ms, p99.9 %.2f ms", values[0], values[1], values[2])
    }
}
