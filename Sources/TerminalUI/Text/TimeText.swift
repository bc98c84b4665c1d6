import Foundation
package import LessonModel

/// Points in time and spans as people and programs write them.
package enum TimeText {
    /// The years 0000 to 9999; other times are held at their ends, so that arithmetic on foreign numbers is safe.
    private static let range: ClosedRange<Milliseconds> = -62_167_219_200_000...253_402_300_799_999

    /// `2026-11-24T01:37:36.120Z`, for programs.
    package static func iso(_ time: Milliseconds) -> String { TimestampText.rfc3339(held(time)) }

    /// `2026-11-24 01:37`, for people, in a zone that is `zoneSeconds` east of UTC.
    package static func minutes(_ time: Milliseconds, zoneSeconds: Int) -> String {
        String(TimestampText.seconds(held(held(time) + Int64(zoneSeconds) * 1_000)).prefix(16))
    }

    /// `2026-11-24 01:37` in this machine's zone.
    package static func local(_ time: Milliseconds) -> String {
        let zone = TimeZone.current.secondsFromGMT(for: Date(timeIntervalSince1970: Double(held(time)) / 1_000))
        return minutes(time, zoneSeconds: zone)
    }

    /// `3 days`, `1 hour`, `45 seconds`; never less than nothing.
    package static func span(_ milliseconds: Int64) -> String {
        let seconds = max(0, milliseconds / 1_000)
        let (count, unit): (Int64, String) =
            switch seconds {
            case 0..<120: (seconds, "second")
            case 120..<7_200: (seconds / 60, "minute")
            case 7_200..<172_800: (seconds / 3_600, "hour")
            default: (seconds / 86_400, "day")
            }
        return "\(count) \(unit)\(count == 1 ? "" : "s")"
    }

    /// Milliseconds of `30s`, `15m`, `12h`, `7d` or `2w`; nil for anything else and for more than a hundred years.
    package static func milliseconds(ofSpan text: String) -> Int64? {
        let factors: [Character: Int64] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800]
        guard let unit = text.last, let factor = factors[unit], let count = decimal(text.dropLast()),
            count <= 3_155_760_000 / factor
        else { return nil }
        return count * factor * 1_000
    }

    /// Reads `2026-11-24`, `2026-11-24T10:00` or `2026-11-24T10:00:30`, in UTC with a final `Z`, otherwise in a zone
    /// that is `zoneSeconds` east of it; or a span such as `2d`, which stands for that long before `now`.
    package static func point(_ text: String, now: Milliseconds, zoneSeconds: Int) -> Milliseconds? {
        if let span = milliseconds(ofSpan: text) { return now - span }
        let isUTC = text.hasSuffix("Z")
        let body = isUTC ? text.dropLast() : text[...]
        let halves = body.split(separator: "T", omittingEmptySubsequences: false)
        guard (1...2).contains(halves.count), CalendarDate.isValid(String(halves[0]), mayBePartial: false) else {
            return nil
        }
        let date = halves[0].split(separator: "-").compactMap(decimal)
        guard date.count == 3 else { return nil }
        var seconds = days(year: date[0], month: date[1], day: date[2]) * 86_400
        if halves.count == 2 {
            let parts = halves[1].split(separator: ":", omittingEmptySubsequences: false)
            let numbers = parts.compactMap { $0.utf8.count == 2 ? decimal($0) : nil }
            guard (2...3).contains(parts.count), numbers.count == parts.count, numbers[0] < 24,
                numbers.dropFirst().allSatisfy({ $0 < 60 })
            else { return nil }
            seconds += numbers[0] * 3_600 + numbers[1] * 60 + (numbers.count == 3 ? numbers[2] : 0)
        }
        return (seconds - (isUTC ? 0 : Int64(zoneSeconds))) * 1_000
    }

    private static func held(_ time: Milliseconds) -> Milliseconds {
        min(max(time, range.lowerBound), range.upperBound)
    }

    /// Days from 1970-01-01 to a date of the years 0000 to 9999, by H. Hinnant's `days_from_civil`.
    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        // Counted from a March 400 years earlier, so that nothing is negative.
        let year = (month <= 2 ? year - 1 : year) + 400
        let yearOfEra = year % 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return (year / 400 - 1) * 146_097 + dayOfEra - 719_468
    }

    private static func decimal(_ text: some StringProtocol) -> Int64? {
        guard (1...12).contains(text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return Int64(text)
    }
}
