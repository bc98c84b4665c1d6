package import PKI

/// When a member's certificate is renewed. All times are seconds since 1970.
package struct RenewalSchedule: Sendable, Equatable {
    /// A renewal that failed is tried again after this time.
    package static let retrySeconds: Int64 = 3_600
    /// Never sleeps longer: a machine that was suspended wakes with a clock that has gone on.
    package static let longestSleepSeconds: Int64 = 6 * 3_600

    private var lastFailure: Int64?

    package init() {}

    /// Two thirds of the lifetime are over. A certificate without one is due at once.
    package static func due(_ certificate: Certificate) -> Int64 {
        let (lifetime, overflow) = certificate.notAfter.subtractingReportingOverflow(certificate.notBefore)
        guard !overflow, lifetime > 0 else { return .min }
        return certificate.notBefore + lifetime / 3 * 2
    }

    package enum Step: Sendable, Equatable {
        case renew
        /// Ask again after so many seconds, at least one.
        case wait(Int64)
        /// The time is over, and only an invitation helps.
        case over
    }

    package func step(_ certificate: Certificate, now: Int64) -> Step {
        guard now < certificate.notAfter else { return .over }
        var due = Self.due(certificate)
        if let lastFailure, now >= lastFailure { due = max(due, lastFailure + Self.retrySeconds) }
        return now >= due ? .renew : .wait(max(1, min(due - now, Self.longestSleepSeconds)))
    }

    package mutating func noteFailure(now: Int64) { lastFailure = now }
}
