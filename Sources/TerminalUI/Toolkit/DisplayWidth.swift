/// How many cells a text takes on a terminal: an approximation of wcwidth by the blocks of East Asian wide characters
/// and emoji. A terminal that thinks otherwise shows a column one cell off, no more.
package enum DisplayWidth {
    package static func of(_ text: some StringProtocol) -> Int {
        text.reduce(0) { $0 + of($1) }
    }

    package static func of(_ character: Character) -> Int {
        if let ascii = character.asciiValue { return ascii < 0x20 || ascii == 0x7F ? 0 : 1 }
        let scalars = character.unicodeScalars
        let isEmoji = scalars.contains { $0.properties.isEmojiPresentation || $0.value == 0xFE0F }
        return isEmoji ? 2 : min(scalars.reduce(0) { $0 + of($1) }, 2)
    }

    private static func of(_ scalar: Unicode.Scalar) -> Int {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format, .control: return 0
        default: break
        }
        switch scalar.value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
            0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F,
            0x1F900...0x1F9FF, 0x20000...0x3FFFD:
            return 2
        default:
            return 1
        }
    }

    /// `text` cut to at most `cells`, with an ellipsis where something was cut off.
    package static func cut(_ text: String, to cells: Int) -> String {
        guard of(text) > cells else { return text }
        guard cells > 0 else { return "" }
        var result = ""
        var used = 0
        for character in text {
            let width = of(character)
            guard used + width < cells else { break }
            result.append(character)
            used += width
        }
        return result + "…"
    }

    /// `text` in lines of at most `cells`, broken at spaces; its own line breaks stay. A word longer than a line is
    /// left whole, so that a link can still be copied.
    package static func wrap(_ text: String, to cells: Int) -> [String] {
        text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).flatMap { line -> [String] in
            guard of(line) > cells else { return [String(line)] }
            let indent = String(line.prefix { $0 == " " })
            var lines: [String] = []
            var current = indent
            var isEmpty = true
            for word in line.split(separator: " ") {
                if !isEmpty, of(current) + 1 + of(word) > cells {
                    lines.append(current)
                    current = indent
                    isEmpty = true
                }
                current += (isEmpty ? "" : " ") + word
                isEmpty = false
            }
            lines.append(current)
            return lines
        }
    }
}
