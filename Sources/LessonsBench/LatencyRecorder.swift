import Foundation
import Histogram
import NIOCore

/// @unchecked: confined to the load generator's one event loop.
final class LatencyRecorder: @unchecked Sendable {
    private let interval: TimeAmount
    private var start = NIODeadline.now()
    private var histogram = Histogram<UInt64>(numberOfSignificantValueDigits: .three)

    init(interval: TimeAmount) { self.interval = interval }

    func begin(at start: NIODeadline) { self.start = start + .milliseconds(50) }

    func due(_ index: Int) -> NIODeadline { start + .nanoseconds(interval.nanoseconds * Int64(index)) }

    func received(_ index: Int, at time: NIODeadline) {
        histogram.record(UInt64(max(0, (time - due(index)).nanoseconds)))
    }

    var summary: String {
        let values = [50, 99, 99.9].map { Double(histogram.valueAtPercentile($0)) / 1e6 }
        return String(format: "p50 %.2f ms, p99 %.2f ms, p99.9 %.2f ms", values[0], values[1], values[2])
    }
}
