/// Moments as text in UTC, without a calendar library and the same everywhere.
package enum TimestampText {
    /// `2026-11-24 10:05:09Z`; milliseconds are dropped, towards the past.
    package static func seconds(_ moment: Milliseconds) -> String {
        let (days, secondOfDay) = parts(moment)
        return "\(date(daysSince1970: days)) \(time(secondOfDay))Z"
    }

    /// `2026-11-24T10:05:09.123Z` as RFC 3339 writes it, for years 0000 to 9999.
    package static func rfc3339(_ moment: Milliseconds) -> String {
        let (days, secondOfDay) = parts(moment)
        let fraction = (moment % 1_000 + 1_000) % 1_000
        return "\(date(daysSince1970: days))T\(time(secondOfDay)).\(padded(fraction, 3))Z"
    }

    /// The years 0000 to 9999; see `held`.
    private static let range: ClosedRange<Milliseconds> = -62_167_219_200_000...253_402_300_799_999

    /// `moment`, or the end of the years 0000 to 9999 beyond which it lies.
    package static func held(_ moment: Milliseconds) -> Milliseconds {
        min(max(moment, range.lowerBound), range.upperBound)
    }

    /// Reads what `rfc3339` writes; nil for anything else, other forms of RFC 3339 included.
    package static func milliseconds(rfc3339 text: String) -> Milliseconds? {
        let units = Array(text.utf8)
        guard units.count == 24, CalendarDate.isValid(String(text.prefix(10)), mayBePartial: false) else { return nil }
        for (offset, unit) in [(10, "T"), (13, ":"), (16, ":"), (19, "."), (23, "Z")] {
            guard units[offset] == unit.utf8.first else { return nil }
        }
        func number(_ range: Range<Int>) -> Int64? {
            units[range].reduce(0) { sum, unit in
                sum.flatMap { (48...57).contains(unit) ? $0 * 10 + Int64(unit) - 48 : nil }
            }
        }
        guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
            let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19),
            let fraction = number(20..<23), hour < 24, minute < 60, second < 60
        else { return nil }
        let seconds = daysSince1970(year: year, month: month, day: day) * 86_400 + hour * 3_600 + minute * 60 + second
        return seconds * 1_000 + fraction
    }

    /// Of the years 0000 to 9999, by H. Hinnant's `days_from_civil`.
    private static func daysSince1970(year: Int64, month: Int64, day: Int64) -> Int64 {
        // Counted from a March 400 years earlier, so that nothing is negative.
        let year = (month <= 2 ? year - 1 : year) + 400
        let yearOfEra = year % 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return (year / 400 - 1) * 146_097 + dayOfEra - 719_468
    }

    private static func parts(_ moment: Milliseconds) -> (days: Int64, secondOfDay: Int64) {
        let seconds = floored(moment, by: 1_000)
        let days = floored(seconds, by: 86_400)
        return (days, seconds - days * 86_400)
    }

    private static func time(_ second: Int64) -> String {
        "\(padded(second / 3_600, 2)):\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2))"
    }

    /// The proleptic Gregorian date, by the era arithmetic of H. Hinnant's `civil_from_days`.
    private static func date(daysSince1970 days: Int64) -> String {
        let shifted = days + 719_468
        let era = floored(shifted, by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
    }

    private static func floored(_ value: Int64, by divisor: Int64) -> Int64 {
        value >= 0 ? value / divisor : (value + 1) / divisor - 1
    }

    private static func padded(_ value: Int64, _ width: Int) -> String {
        let digits = String(value.magnitude)
        return (value < 0 ? "-" : "") + String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
