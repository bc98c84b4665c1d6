/// Text of outsiders made fit for a terminal, so that no post can move the cursor, hide text or reorder it.
package enum SafeText {
    /// `text` without control characters other than line feed and tab, and without the characters that change the
    /// direction of what follows.
    ///
    /// Removed: C0 but U+000A and U+0009 (ESC among them), DEL, C1, U+061C, U+200E, U+200F, U+202A to U+202E, and
    /// U+2066 to U+2069. Everything else, right-to-left letters and emoji included, stays as it is.
    package static func terminal(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isUnsafe) else { return text }
        var scalars = String.UnicodeScalarView()
        scalars.append(contentsOf: text.unicodeScalars.lazy.filter { !isUnsafe($0) })
        return String(scalars)
    }

    /// As `terminal`, and on one line: a run of white space, line breaks included, becomes one space, none at the ends.
    ///
    /// For names, titles and whatever else stands within a line of ours.
    package static func line(_ text: String) -> String {
        var scalars = String.UnicodeScalarView()
        var pendingSpace = false
        for scalar in text.unicodeScalars {
            if scalar.properties.isWhitespace {
                pendingSpace = !scalars.isEmpty
            } else if !isUnsafe(scalar) {
                if pendingSpace { scalars.append(" ") }
                pendingSpace = false
                scalars.append(scalar)
            }
        }
        return String(scalars)
    }

    private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0A: false
        case 0x00...0x1F, 0x7F...0x9F: true
        case 0x061C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}
