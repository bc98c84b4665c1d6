/// How many cells a text takes on a terminal: a cluster that is drawn as an emoji two, anything else the sum of its
/// scalars by `WidthTable`, at most two. A terminal that thinks otherwise shows a column one cell off, no more.
package enum DisplayWidth {
    package static func of(_ text: some StringProtocol) -> Int {
        text.reduce(0) { $0 + of($1) }
    }

    package static func of(_ character: Character) -> Int {
        if let ascii = character.asciiValue { return ascii < 0x20 || ascii == 0x7F ? 0 : 1 }
        var sum = 0
        for scalar in character.unicodeScalars {
            if scalar.value == 0xFE0F || scalar.properties.isEmojiPresentation { return 2 }
            sum += of(scalar)
        }
        return min(sum, 2)
    }

    private static func of(_ scalar: Unicode.Scalar) -> Int {
        if scalar.value < 0x300 {
            return scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || scalar.value == 0xAD ? 0 : 1
        }
        if holds(WidthTable.zero, scalar) { return 0 }
        return holds(WidthTable.wide, scalar) ? 2 : 1
    }

    /// True for what is drawn on its neighbour, or not at all.
    static func isZeroWidth(_ scalar: Unicode.Scalar) -> Bool { of(scalar) == 0 }

    private static func holds(_ table: [(first: UInt32, last: UInt32)], _ scalar: Unicode.Scalar) -> Bool {
        var low = 0
        var high = table.count
        while low < high {
            let middle = (low + high) / 2
            if table[middle].last < scalar.value { low = middle + 1 } else { high = middle }
        }
        return low < table.count && table[low].first <= scalar.value
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
            let indentWidth = of(indent)
            var lines: [String] = []
            var current = indent
            var used = indentWidth
            var isEmpty = true
            for word in line.split(separator: " ") {
                let width = of(word)
                if !isEmpty, used + 1 + width > cells {
                    lines.append(current)
                    current = indent
                    used = indentWidth
                    isEmpty = true
                }
                current += (isEmpty ? "" : " ") + word
                used += (isEmpty ? 0 : 1) + width
                isEmpty = false
            }
            lines.append(current)
            return lines
        }
    }
}
