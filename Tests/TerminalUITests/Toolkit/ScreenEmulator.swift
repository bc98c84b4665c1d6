@testable import TerminalUI

/// A terminal that understands what `FrameDiffer` writes, and nothing else: it traps at any other sequence.
struct ScreenEmulator {
    private(set) var cells: [Cell]
    let columns: Int
    let rows: Int
    private(set) var cursor: Frame.Position?
    private var column = 0
    private var row = 0
    private var style = TextStyle.plain
    private var isCursorShown = false

    init(columns: Int, rows: Int) {
        self.columns = columns
        self.rows = rows
        cells = Array(repeating: .blank, count: columns * rows)
    }

    mutating func feed(_ bytes: [UInt8]) {
        var rest = Array(String(decoding: bytes, as: UTF8.self).unicodeScalars)[...]
        var text = String.UnicodeScalarView()
        while let scalar = rest.popFirst() {
            guard scalar == "\u{1B}" else {
                text.append(scalar)
                continue
            }
            write(String(text))
            text = String.UnicodeScalarView()
            precondition(rest.popFirst() == "[", "only CSI is written")
            var parameters = ""
            while let next = rest.first, !(0x40...0x7E).contains(next.value) {
                parameters.unicodeScalars.append(next)
                rest.removeFirst()
            }
            control(parameters, Character(rest.removeFirst()))
        }
        write(String(text))
        cursor = isCursorShown ? Frame.Position(column: column, row: row) : nil
    }

    private mutating func control(_ parameters: String, _ final: Character) {
        let numbers = parameters.split(separator: ";").compactMap { Int($0) }
        switch (final, parameters) {
        case ("h", "?25"): isCursorShown = true
        case ("l", "?25"): isCursorShown = false
        case ("J", "2"): cells = Array(repeating: .blank, count: columns * rows)
        case ("H", _):
            row = numbers[0] - 1
            column = numbers[1] - 1
        case ("C", _): column += numbers.first ?? 1
        case ("m", _): style = Self.style(numbers)
        default: preconditionFailure("CSI \(parameters)\(final) is not known")
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
            default: preconditionFailure("SGR \(code) is not known")
            }
        }
        return style
    }

    private mutating func write(_ text: String) {
        for character in text {
            let width = DisplayWidth.of(character)
            precondition(column + width <= columns, "a line is never written past its edge")
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
