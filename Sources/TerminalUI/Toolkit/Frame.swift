/// One place on the screen. A wide character has the cell of its left half; the right half is a `continuation`.
package struct Cell: Hashable, Sendable {
    package var character: Character
    package var style: TextStyle

    package init(_ character: Character, _ style: TextStyle = .plain) {
        self.character = character
        self.style = style
    }

    package static let blank = Cell(" ")
    /// NUL is never drawn, so that it can stand for the right half.
    package static let continuationCharacter: Character = "\u{0}"
    package var isContinuation: Bool { character == Cell.continuationCharacter }
}

/// What a screen shows, as a value. Whatever is drawn on it, only harmless characters are ever in it: `draw` replaces
/// controls, escapes, and what changes the direction of text or joins to its neighbour without end.
package struct Frame: Hashable, Sendable {
    package let columns: Int
    package let rows: Int
    package private(set) var cells: [Cell]
    /// Column and row of the cursor; nil hides it.
    package var cursor: Position?

    package struct Position: Hashable, Sendable {
        package var column: Int
        package var row: Int

        package init(column: Int, row: Int) {
            self.column = column
            self.row = row
        }
    }

    package init(columns: Int, rows: Int) {
        self.columns = max(1, columns)
        self.rows = max(1, rows)
        cells = Array(repeating: .blank, count: self.columns * self.rows)
    }

    package subscript(column: Int, row: Int) -> Cell { cells[row * columns + column] }

    /// Draws `text` on one line from `column` on; what goes beyond `limit` or the edge is left out.
    /// - Parameter limit: the first column that is not drawn on; nil for the edge.
    /// - Returns: the column behind the last character.
    @discardableResult
    package mutating func draw(
        _ text: some StringProtocol, column: Int, row: Int, style: TextStyle = .plain, limit: Int? = nil
    ) -> Int {
        let limit = min(limit ?? columns, columns)
        guard (0..<rows).contains(row), column < limit else { return column }
        var column = column
        for character in text {
            guard let drawn = SafeCharacter.drawn(character) else { continue }
            let width = DisplayWidth.of(drawn)
            guard width > 0 else { continue }
            guard column + width <= limit else { break }
            if column >= 0 { put(drawn, width, column, row, style) }
            column += width
        }
        return column
    }

    private mutating func put(_ character: Character, _ width: Int, _ column: Int, _ row: Int, _ style: TextStyle) {
        let index = row * columns + column
        // Half a wide character is none.
        if cells[index].isContinuation, column > 0 { cells[index - 1].character = " " }
        let last = column + width - 1
        if last + 1 < columns, cells[row * columns + last + 1].isContinuation {
            cells[row * columns + last + 1].character = " "
        }
        cells[index] = Cell(character, style)
        if width == 2 { cells[index + 1] = Cell(Cell.continuationCharacter, style) }
    }

    /// Puts spaces of a style over an area.
    package mutating func fill(_ area: ScreenArea, style: TextStyle = .plain) {
        for row in max(0, area.row)..<max(0, min(rows, area.row + area.rows)) {
            for column in max(0, area.column)..<max(0, min(columns, area.column + area.columns)) {
                put(" ", 1, column, row, style)
            }
        }
    }

    /// Changes the look of what is there.
    package mutating func restyle(_ area: ScreenArea, _ change: (inout TextStyle) -> Void) {
        for row in max(0, area.row)..<max(0, min(rows, area.row + area.rows)) {
            for column in max(0, area.column)..<max(0, min(columns, area.column + area.columns)) {
                change(&cells[row * columns + column].style)
            }
        }
    }

    /// The lines as text, without spaces at their ends.
    package var plainLines: [String] {
        (0..<rows).map { row in
            var line = ""
            for column in 0..<columns where !self[column, row].isContinuation {
                line.append(self[column, row].character)
            }
            while line.last == " " { line.removeLast() }
            return line
        }
    }
}

/// What may reach a terminal of foreign text.
enum SafeCharacter {
    /// Marks on one letter; more of them flood lines.
    private static let maxScalars = 8

    /// `character` as it is drawn: itself, a part of it, or U+FFFD; nil for what leaves no trace.
    static func drawn(_ character: Character) -> Character? {
        if let ascii = character.asciiValue {
            if (0x20...0x7E).contains(ascii) { return character }
            // "\r\n" is one character too, with the value of a line feed.
            return ascii == 0x09 || ascii == 0x0A || ascii == 0x0D ? " " : "\u{FFFD}"
        }
        var scalars = String.UnicodeScalarView()
        for scalar in character.unicodeScalars.prefix(maxScalars) where isHarmless(scalar) { scalars.append(scalar) }
        guard let first = scalars.first else { return isInvisible(character) ? nil : "\u{FFFD}" }
        // A mark without a letter would join what stands before it.
        if DisplayWidth.isZeroWidth(first) { return "\u{FFFD}" }
        let text = String(scalars)
        return text.count == 1 ? text.first : "\u{FFFD}"
    }

    private static func isInvisible(_ character: Character) -> Bool {
        character.unicodeScalars.allSatisfy { $0.properties.generalCategory == .format }
    }

    /// False for controls (C0, C1, DEL), line and paragraph separators, and the format characters, but for those that
    /// join an emoji or a letter: ZWJ, ZWNJ. Bidirectional controls are format characters.
    private static func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator, .surrogate: return false
        // Tags draw the flags of regions, and nothing alone.
        case .format:
            return scalar.value == 0x200D || scalar.value == 0x200C || (0xE0020...0xE007F).contains(scalar.value)
        default: return true
        }
    }
}
