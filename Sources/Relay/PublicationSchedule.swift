import PKI

/// When what is published is made anew. All times are seconds since 1970.
enum PublicationSchedule {
    /// A list is good for two days and made anew after one, so that whoever fetches daily never holds an old one, and a day
    /// of trouble here locks nobody out.
    static let listSeconds: Int64 = 172_800
    static let listRenewalSeconds: Int64 = 86_400
    /// How long others may keep a status answer.
    static let answerSeconds: Int64 = 4 * 3_600
    /// The answer that the relay shows with its own certificate is made anew after this time.
    static let stapleRenewalSeconds: Int64 = 3_600

    /// After a failure nothing is tried for this long, since what fails now fails in a second as well.
    static let pauseSeconds: Int64 = 60

    /// Whether to look for what is due at all.
    static func isDue(hasChanged: Bool, nextDue: Int64, pausedUntil: Int64, now: Int64) -> Bool {
        // A clock that was set back does not make a pause longer.
        let isPaused = now < pausedUntil && now >= pausedUntil - pauseSeconds
        return !isPaused && (hasChanged || now >= nextDue)
    }

    /// - Parameter hasChanged: a certificate was revoked, put on hold or released since `list` was begun.
    static func isDue(_ list: RevocationList?, hasChanged: Bool, now: Int64) -> Bool {
        guard let list else { return true }
        // A clock that was set back does not keep a list for longer.
        return hasChanged || now >= list.thisUpdate + listRenewalSeconds || now < list.thisUpdate - listRenewalSeconds
    }

    /// A signer of status answers is replaced after two thirds of its time.
    static func isDue(_ signer: Certificate, now: Int64) -> Bool {
        now >= signer.notBefore + (signer.notAfter - signer.notBefore) / 3 * 2 || now < signer.notBefore
    }
}
