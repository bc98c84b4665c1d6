import Foundation
import LessonModel
import Testing

@testable import Relay

@Suite struct AuthorityWarningsTests {
    private let day: Milliseconds = 86_400_000

    private func issuer(
        _ name: String = "CA 1", ends days: Milliseconds, signs: Bool = true, isRetiring: Bool = false,
        certificates: Int = 5
    ) -> AuthorityWarnings.Issuer {
        AuthorityWarnings.Issuer(
            name: name, number: 1, endsAt: days * day, signs: signs, isRetiring: isRetiring, certificates: certificates)
    }

    /// A relay of which nothing is to be said.
    private var quiet: AuthorityWarnings {
        AuthorityWarnings(
            now: 0, issuers: [issuer(ends: 1_000)], rootEndsAt: 7_000 * day, relayCertificateEndsAt: 80 * day,
            relayCertificateRenewAt: 50 * day)
    }

    @Test func `a relay in good order warns of nothing`() {
        #expect(quiet.sentences == [])
    }

    @Test func `each thing that somebody has to do has one sentence that says what`() {
        let cases: [(words: String, change: (inout AuthorityWarnings) -> Void)] = [
            ("CA 1 has ended", { $0.issuers = [issuer(ends: 0)] }),
            ("cuts short what it signs", { $0.issuers = [issuer(ends: 29)] }),
            ("within a year: make the next one with: lessons-relay authority", { $0.issuers = [issuer(ends: 300)] }),
            ("the root's certificate ends at", { $0.rootEndsAt = 1_800 * day }),
            ("lessons-relay authority sign-list", { $0.rootListEndsAt = 59 * day }),
            ("was not renewed by itself", { $0.relayCertificateEndsAt = 13 * day }),
            ("was not renewed by itself", { $0.relayCertificateRenewAt = -2 * day }),
            ("the relay's own certificate has ended", { $0.relayCertificateEndsAt = 0 }),
            ("the key does not fit", { $0.failure = .init(at: 0, reason: "the key does not fit") }),
            ("lessons-relay authority export-root --remove", { $0.isRootKeyHere = true }),
            ("lessons admin certificates --expiring 14", { $0.membersEnding = 3 }),
            ("lessons admin set-roles", { $0.relayAdministrators = 1 }),
            (
                "lessons-relay authority retire issuing-1",
                { $0.issuers.append(issuer("CA 0", ends: 500, signs: false, certificates: 0)) }
            ),
            (
                "lessons-relay authority activate",
                { $0.issuers.append(issuer("CA 2", ends: 1_800, signs: false, certificates: 0)) }
            ),
            (
                "still accepted, since 1 certificate relies on it",
                { $0.issuers.append(issuer("CA 0", ends: 500, signs: false, isRetiring: true, certificates: 1)) }
            ),
        ]
        for (words, change) in cases {
            var warnings = quiet
            change(&warnings)
            #expect(warnings.sentences.count == 1, "\(warnings.sentences)")
            #expect(warnings.sentences.first?.contains(words) == true, "\(warnings.sentences)")
        }
    }

    @Test func `the most urgent stands first`() {
        var warnings = quiet
        warnings.isRootKeyHere = true
        warnings.membersEnding = 1
        warnings.failure = .init(at: 0, reason: "reason")
        warnings.issuers = [issuer(ends: 10)]
        let firstWords = warnings.sentences.map { $0.split(separator: " ").prefix(3).joined(separator: " ") }
        #expect(firstWords == ["the last reload", "CA 1 ends", "1 member must", "the root's key"])
    }

    @Test func `an old issuer that still has certificates is nobody's task`() {
        var warnings = quiet
        warnings.issuers.append(issuer("CA 0", ends: 500, signs: false, certificates: 9))
        #expect(warnings.sentences == [])
    }

    @Test func `a change is read once it is over, and once`() {
        func marks(_ bytes: Int) -> [FileWatch.Mark] {
            [FileWatch.Mark(name: "relay.key", modified: 0, bytes: Int64(bytes), node: 1)]
        }
        var watch = FileWatch(read: marks(1))
        // The third look sees a file that is still being written.
        let looks = [1, 2, 3, 3].map { watch.isDue(marks($0)) }
        #expect(looks == [false, false, false, true])
        watch.noteRead(marks(3))
        let later = [3, 1, 1].map { watch.isDue(marks($0)) }
        #expect(later == [false, false, true])
    }
}
