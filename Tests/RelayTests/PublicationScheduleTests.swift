import PKI
import TestSupport
import Testing

@testable import Relay

@Suite struct PublicationScheduleTests {
    private static let now: Int64 = 1_790_000_000

    private func list(at time: Int64) throws -> RevocationList {
        try TestAuthority(now: Self.now).authority.issuers[0].revocationList(
            [], number: 1, thisUpdate: time, nextUpdate: time + PublicationSchedule.listSeconds)
    }

    @Test func `a list is made when there is none, when something changed, and after a day`() throws {
        let list = try list(at: Self.now)
        func isDue(_ hasChanged: Bool, after seconds: Int64) -> Bool {
            PublicationSchedule.isDue(list, hasChanged: hasChanged, now: Self.now + seconds)
        }
        #expect(PublicationSchedule.isDue(nil, hasChanged: false, now: Self.now))
        #expect(!isDue(false, after: 0))
        #expect(isDue(true, after: 0))
        #expect(!isDue(false, after: 86_399))
        #expect(isDue(false, after: 86_400), "a day before the old one ends")
        #expect(!isDue(false, after: -3_600), "a clock set back by an hour is no reason")
        #expect(isDue(false, after: -86_401), "one set back by more than a day is")
    }

    @Test func `a signer is replaced after two thirds of its time`() throws {
        let authority = try TestAuthority(now: Self.now).authority
        let signer = try authority.issue(
            .ocspSigner, to: try PrivateKey.generate(.p256).publicKey,
            subject: DistinguishedName(commonName: "Issuing status"), now: Self.now)
        let twoThirds = signer.notBefore + (signer.notAfter - signer.notBefore) / 3 * 2
        #expect(!PublicationSchedule.isDue(signer, now: Self.now))
        #expect(!PublicationSchedule.isDue(signer, now: twoThirds - 1))
        #expect(PublicationSchedule.isDue(signer, now: twoThirds))
        #expect(PublicationSchedule.isDue(signer, now: signer.notBefore - 1), "one from the future is not used")
    }

    @Test func `after a failure nothing is tried for a minute, not even what changed`() {
        func isDue(_ hasChanged: Bool, after seconds: Int64) -> Bool {
            PublicationSchedule.isDue(
                hasChanged: hasChanged, nextDue: Self.now, pausedUntil: Self.now + PublicationSchedule.pauseSeconds,
                now: Self.now + seconds)
        }
        #expect(!isDue(false, after: 0))
        #expect(!isDue(true, after: 59))
        #expect(isDue(true, after: 60))
        #expect(isDue(true, after: -1), "a clock set back does not make the pause longer")
        #expect(
            !PublicationSchedule.isDue(hasChanged: false, nextDue: Self.now + 1, pausedUntil: 0, now: Self.now))
        #expect(PublicationSchedule.isDue(hasChanged: true, nextDue: Self.now + 1, pausedUntil: 0, now: Self.now))
        #expect(PublicationSchedule.isDue(hasChanged: false, nextDue: Self.now, pausedUntil: 0, now: Self.now))
    }
}
