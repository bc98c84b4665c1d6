/// Amounts of bytes for people.
package enum ByteText {
    /// `512 B`, `3.4 KiB`, `200 MiB`: three digits at most before a unit of 1,024.
    package static func short(_ bytes: Int64) -> String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]
        var value = Double(max(0, bytes))
        var unit = 0
        while value >= 1_000, unit + 1 < units.count {
            value /= 1_024
            unit += 1
        }
        guard unit > 0, value < 9.95 else { return "\(Int(value.rounded())) \(units[unit])" }
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10) \(units[unit])"
    }
}
