package import TerminalUI

/// A terminal that understands what the client writes, and nothing else: what it does not know is kept in `unknown`.
package struct ScreenEmulator: Sendable {
    package private(set) var cells: [Cell]
    package private(set) var columns: Int
    package private(set) var rows: Int
    package private(set) var cursor: Frame.Position?
    /// Private modes that are on, such as 1049 for the alternate screen.
    package private(set) var modes: Set<String> = []
    /// Sequences that it does not know, and writing past an edge.
    package private(set) var unknown: [String] = []
    private var column = 0
    private var row = 0
    private var style = TextStyle.plain
    /// Bytes of a sequence, or of a character, that has not ended yet.
    private var pending: [UInt8] = []

    package init(columns: Int, rows: Int) {
        self.columns = columns
        self.rows = rows
        cells = Array(repeating: .blank, count: columns * rows)
    }

    /// As a terminal whose window has another size; what it showed is gone.
    package mutating func resize(columns: Int, rows: Int) {
        self.columns = columns
        self.rows = rows
        cells = Array(repeating: .blank, count: columns * rows)
        column = 0
        row = 0
    }

    /// The lines as text, without spaces at their ends.
    package var lines: [String] {
        (0..<rows).map { row in
            var line = ""
            for cell in cells[row * columns..<(row + 1) * columns] where !cell.isContinuation {
                line.append(cell.character)
            }
            while line.last == " " { line.removeLast() }
            return line
        }
    }

    package mutating func feed(_ bytes: some Sequence<UInt8>) {
        pending += bytes
        // What may be the beginning of a character waits for the rest.
        var end = pending.count
        while end > 0, pending.count - end < 4, pending[end - 1] & 0xC0 == 0x80 { end -= 1 }
        if end > 0, pending[end - 1] >= 0xC0 {
            let wanted = pending[end - 1] >= 0xF0 ? 4 : pending[end - 1] >= 0xE0 ? 3 : 2
            end = pending.count - (end - 1) >= wanted ? pending.count : end - 1
        } else {
            end = pending.count
        }
        var rest = Array(String(decoding: pending[..<end], as: UTF8.self).unicodeScalars)[...]
        pending.removeFirst(end)
        var text = String.UnicodeScalarView()
        while let scalar = rest.first {
            guard scalar == "\u{1B}" else {
                text.append(scalar)
                rest.removeFirst()
                continue
            }
            write(String(text))
            text = String.UnicodeScalarView()
            guard let used = control(rest) else {
                pending = Array(String(String.UnicodeScalarView(rest)).utf8) + pending
                return
            }
            rest = rest.dropFirst(used)
        }
        write(String(text))
        cursor = modes.contains("25") ? Frame.Position(column: column, row: row) : nil
    }

    /// - Returns: how many scalars it took; nil when the sequence has not ended yet.
    private mutating func control(_ sequence: ArraySlice<Unicode.Scalar>) -> Int? {
        var rest = sequence.dropFirst()
        guard let kind = rest.popFirst() else { return nil }
        guard kind == "[" else {
            unknown.append("ESC \(kind)")
            return 2
        }
        var parameters = ""
        while let next = rest.popFirst() {
            guard (0x40...0x7E).contains(next.value) else {
                parameters.unicodeScalars.append(next)
                continue
            }
            control(parameters, Character(next))
            return 3 + parameters.unicodeScalars.count
        }
        return nil
    }

    private mutating func control(_ parameters: String, _ final: Character) {
        let numbers = parameters.split(separator: ";").compactMap { Int($0) }
        switch final {
        case "h" where parameters.hasPrefix("?"): modes.insert(String(parameters.dropFirst()))
        case "l" where parameters.hasPrefix("?"): modes.remove(String(parameters.dropFirst()))
        case "J" where parameters == "2": cells = Array(repeating: .blank, count: columns * rows)
        case "H" where numbers.count == 2:
            row = min(numbers[0], rows) - 1
            column = min(numbers[1], columns) - 1
        case "C": column = min(column + (numbers.first ?? 1), columns - 1)
        case "m": style = Self.style(numbers)
        default: unknown.append("CSI \(parameters)\(final)")
        }
    }

    private static func style(_ codes: [Int]) -> TextStyle {
        var style = TextStyle.plain
        var codes = codes[...]
        while let code = codes.popFirst() {
            switch code {
            case 0: style = .plain
            case 1: style.isBold = true
            case 2: style.isDim = true
            case 4: style.isUnderlined = true
            case 7: style.isReversed = true
            case 30...37: style.foreground = TextStyle.Colour(UInt8(code - 30))
            case 40...47: style.background = TextStyle.Colour(UInt8(code - 40))
            case 90...97: style.foreground = TextStyle.Colour(UInt8(code - 82))
            case 100...107: style.background = TextStyle.Colour(UInt8(code - 92))
            case 38, 48:
                precondition(codes.popFirst() == 5)
                let colour = TextStyle.Colour(UInt8(codes.removeFirst()))
                if code == 38 { style.foreground = colour } else { style.background = colour }
            default: break
            }
        }
        return style
    }

    private mutating func write(_ text: String) {
        for character in text {
            if character == "\u{07}" { continue }
            if character.isNewline {
                row = min(row + 1, rows - 1)
                column = 0
                continue
            }
            let width = DisplayWidth.of(character)
            guard column + width <= columns else {
                unknown.append("written past the edge: \(character)")
                continue
            }
            let index = row * columns + column
            if cells[index].isContinuation { cells[index - 1] = Cell(" ", cells[index - 1].style) }
            let after = index + width
            if after < (row + 1) * columns, cells[after].isContinuation { cells[after] = Cell(" ", cells[after].style) }
            cells[index] = Cell(character, style)
            if width == 2 { cells[index + 1] = Cell(Cell.continuationCharacter, style) }
            column += width
        }
    }
}
