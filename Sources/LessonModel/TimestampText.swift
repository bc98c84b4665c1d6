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
