import PKI
import RelayClient
import TestSupport
import Testing

@Suite struct RenewalScheduleTests {
    private let certificate: Certificate
    private var due: Int64 { RenewalSchedule.due(certificate) }

    init() throws { certificate = try TestAuthority().member().certificate }

    @Test func `a certificate is due after two thirds of its time, and over at its end`() {
        let lifetime = certificate.notAfter - certificate.notBefore
        #expect(due == certificate.notBefore + lifetime / 3 * 2)
        let schedule = RenewalSchedule()
        #expect(schedule.step(certificate, now: due - 1) == .wait(1))
        #expect(schedule.step(certificate, now: due) == .renew)
        #expect(schedule.step(certificate, now: certificate.notAfter - 1) == .renew)
        #expect(schedule.step(certificate, now: certificate.notAfter) == .over)
    }

    @Test func `nobody sleeps longer than six hours, since a machine may have slept itself`() {
        #expect(RenewalSchedule().step(certificate, now: certificate.notBefore) == .wait(6 * 3_600))
    }

    @Test func `a renewal that failed is tried again after an hour, whatever the clock does`() {
        var schedule = RenewalSchedule()
        schedule.noteFailure(now: due + 10)
        #expect(schedule.step(certificate, now: due + 11) == .wait(3_599))
        #expect(schedule.step(certificate, now: due + 3_610) == .renew)
        // Set back to before the failure: that does not count then.
        #expect(schedule.step(certificate, now: due + 5) == .renew)
    }
}
