import Foundation
import LessonModel

/// What somebody has to do something about in a relay's authority, as sentences that say what.
///
/// A value without I/O: the facts go in, the sentences come out, the most urgent first.
struct AuthorityWarnings: Sendable {
    struct Issuer: Sendable, Equatable {
        var name: String
        var number: Int?
        var endsAt: Milliseconds
        var signs: Bool
        /// It is to be retired as soon as nothing relies on it.
        var isRetiring: Bool
        var certificates: Int
    }

    /// Time to make the next issuing certificate: its maker may be far away, and the root in a safe.
    static let issuingSpan: Milliseconds = 365 * day
    /// Longer than the life of an issuing certificate, so that no new one is cut short by the root.
    static let rootSpan: Milliseconds = 5 * 365 * day
    /// The relay's own certificate is renewed long before.
    static let relaySpan: Milliseconds = 14 * day
    /// Time to fetch the root from its safe.
    static let rootListSpan: Milliseconds = 60 * day
    /// A member's certificate; one that is issued later than this before the issuer's end is cut short.
    static let memberSpan: Milliseconds = 30 * day

    private static let day: Milliseconds = 86_400_000

    var now: Milliseconds
    var issuers: [Issuer] = []
    var rootEndsAt: Milliseconds = .max
    var relayCertificateEndsAt: Milliseconds = .max
    var relayCertificateRenewAt: Milliseconds = .max
    var failure: AuthorityCondition.Failure?
    /// When the root's published revocation list is good no more; `.max` where nothing is published.
    var rootListEndsAt: Milliseconds = .max
    var isRootKeyHere = false
    /// Members whose last certificate ends within 14 days.
    var membersEnding = 0
    /// Those who can connect.
    var relayAdministrators = 2

    var sentences: [String] { locking + soon + tidying }

    /// Nobody can join, renew or connect any more, or soon so.
    private var locking: [String] {
        var sentences: [String] = []
        if let failure {
            sentences.append(
                "the last reload of the certificates failed at \(Self.text(failure.at)), and the old ones are in use: "
                    + failure.reason)
        }
        if let signing = issuers.first(where: \.signs) {
            let left = signing.endsAt - now
            if left <= 0 {
                sentences.append(
                    "\(signing.name) has ended, and nobody can connect, join or renew: \(Self.nextSteps)")
            } else if left <= Self.memberSpan {
                sentences.append(
                    "\(signing.name) ends at \(Self.text(signing.endsAt)), and cuts short what it signs now: "
                        + Self.nextSteps)
            }
        }
        if relayCertificateEndsAt <= now {
            sentences.append("the relay's own certificate has ended, and nobody can connect: see the relay's log")
        } else if relayCertificateEndsAt - now <= Self.relaySpan || now - relayCertificateRenewAt > Self.day {
            sentences.append(
                "the relay's own certificate ends at \(Self.text(relayCertificateEndsAt)) and was not renewed by itself: "
                    + "see the relay's log")
        }
        return sentences
    }

    private var soon: [String] {
        var sentences: [String] = []
        if membersEnding > 0 {
            sentences.append(
                "\(membersEnding) \(membersEnding == 1 ? "member" : "members") must renew within 14 days; see them with: "
                    + "lessons admin certificates --expiring 14")
        }
        if let signing = issuers.first(where: \.signs) {
            let left = signing.endsAt - now
            if left > Self.memberSpan, left <= Self.issuingSpan {
                sentences.append(
                    "\(signing.name) ends at \(Self.text(signing.endsAt)), within a year: \(Self.nextSteps)")
            }
        }
        if rootEndsAt - now <= Self.rootSpan {
            sentences.append(
                "the root's certificate ends at \(Self.text(rootEndsAt)), and no issuing certificate outlives it: plan a "
                    + "new relay with a new root, which every member joins anew")
        }
        if rootListEndsAt - now <= Self.rootListSpan {
            sentences.append(
                "the root's revocation list is good until \(Self.text(rootListEndsAt)): make the next one with: "
                    + "lessons-relay authority sign-list and import-list")
        }
        if relayAdministrators == 1 {
            sentences.append(
                "only one relay administrator can connect: give the role to a second one with: lessons admin set-roles")
        }
        return sentences
    }

    private var tidying: [String] {
        var sentences: [String] = []
        for issuer in issuers where !issuer.signs {
            if issuer.isRetiring {
                sentences.append(
                    "\(issuer.name) is to be retired and is still accepted, since \(issuer.certificates) "
                        + "\(issuer.certificates == 1 ? "certificate relies" : "certificates rely") on it; it is retired by "
                        + "itself when none does")
            } else if issuer.certificates == 0, issuers.contains(where: { $0.signs && $0.endsAt > issuer.endsAt }) {
                sentences.append(
                    "nothing relies on \(issuer.name) any more: retire it with: lessons-relay authority retire "
                        + (issuer.number.map { "issuing-\($0)" } ?? "'\(issuer.name)'"))
            } else if issuer.certificates == 0 {
                sentences.append(
                    "\(issuer.name) is accepted and does not sign yet: let it sign with: lessons-relay authority activate"
                )
            }
        }
        if isRootKeyHere {
            sentences.append(
                "the root's key is still on the relay's machine: take it away with: lessons-relay authority export-root "
                    + "--remove")
        }
        return sentences
    }

    private static let nextSteps =
        "make the next one with: lessons-relay authority request, sign, import and activate"

    private static func text(_ time: Milliseconds) -> String { TimestampText.seconds(time) }
}
