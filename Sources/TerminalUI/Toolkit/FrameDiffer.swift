/// The bytes that turn one frame on a terminal into another: ECMA-48, with the fewest cells written again.
package struct FrameDiffer: Sendable {
    private let capabilities: TerminalCapabilities

    package init(_ capabilities: TerminalCapabilities) { self.capabilities = capabilities }

    /// - Parameter previous: what the terminal shows now; nil, or of another size: unknown, and all is written.
    package func bytes(from previous: Frame?, to next: Frame) -> [UInt8] {
        var output = Output(capabilities: capabilities)
        let known = previous.flatMap { $0.columns == next.columns && $0.rows == next.rows ? $0 : nil }
        if known?.cells == next.cells, known?.cursor == next.cursor { return [] }
        output.text("\u{1B}[?25l")
        if known == nil { output.text("\u{1B}[0m\u{1B}[2J") }
        for row in 0..<next.rows { write(row, of: next, over: known, &output) }
        output.style(.plain)
        if let cursor = next.cursor {
            output.move(column: min(cursor.column, next.columns - 1), row: min(cursor.row, next.rows - 1))
            output.text("\u{1B}[?25h")
        }
        return output.bytes
    }

    private func write(_ row: Int, of next: Frame, over known: Frame?, _ output: inout Output) {
        var column = 0
        while column < next.columns {
            let cell = next[column, row]
            let isWide = column + 1 < next.columns && next[column + 1, row].isContinuation
            let width = isWide ? 2 : 1
            let isSame =
                known.map { known in
                    known[column, row] == cell && (!isWide || known[column + 1, row] == next[column + 1, row])
                        // What was the left half of something wide has to be written again, with its right half.
                        && (isWide || column + 1 >= next.columns || !known[column + 1, row].isContinuation)
                } ?? (cell == .blank)
            if !isSame, !cell.isContinuation {
                output.move(column: column, row: row)
                output.style(cell.style)
                output.draw(cell.character, width: width, columns: next.columns)
            }
            column += width
        }
    }

    /// Bytes in the making, with where the cursor is and how it writes.
    private struct Output {
        let capabilities: TerminalCapabilities
        var bytes: [UInt8] = []
        /// Nil: anywhere.
        private var column: Int?
        private var row = 0
        private var current = TextStyle.plain

        init(capabilities: TerminalCapabilities) { self.capabilities = capabilities }

        mutating func text(_ text: String) { bytes.append(contentsOf: text.utf8) }

        mutating func move(column: Int, row: Int) {
            if self.column == column, self.row == row { return }
            if let from = self.column, self.row == row, column > from, column - from < 1_000 {
                text(column - from == 1 ? "\u{1B}[C" : "\u{1B}[\(column - from)C")
            } else {
                text("\u{1B}[\(row + 1);\(column + 1)H")
            }
            self.column = column
            self.row = row
        }

        /// A terminal may think otherwise of the width of what has several scalars, or is wide: the cursor is placed anew
        /// after those, so that it drifts by one cell at most. At the edge terminals differ in where the cursor then is.
        mutating func draw(_ character: Character, width: Int, columns: Int) {
            text(String(character))
            let next = (column ?? 0) + width
            let isCertain = character.unicodeScalars.count == 1 && width == 1 && next < columns
            column = isCertain ? next : nil
        }

        mutating func style(_ style: TextStyle) {
            let style = shown(style)
            guard style != current else { return }
            var codes = ["0"]
            if style.isBold { codes.append("1") }
            if style.isDim { codes.append("2") }
            if style.isUnderlined { codes.append("4") }
            if style.isReversed { codes.append("7") }
            if let colour = style.foreground { codes.append(code(colour, base: 30)) }
            if let colour = style.background { codes.append(code(colour, base: 40)) }
            text("\u{1B}[\(codes.joined(separator: ";"))m")
            current = style
        }

        private func code(_ colour: TextStyle.Colour, base: Int) -> String {
            switch colour.index {
            case 0..<8: "\(base + Int(colour.index))"
            case 8..<16: "\(base + 52 + Int(colour.index))"
            default: "\(base + 8);5;\(colour.index)"
            }
        }

        /// As far as the terminal can.
        private func shown(_ style: TextStyle) -> TextStyle {
            var style = style
            switch capabilities.colours {
            case .many: break
            case .sixteen:
                style.foreground = style.foreground.flatMap(Self.sixteen)
                style.background = style.background.flatMap(Self.sixteen)
            case .none:
                style.foreground = nil
                style.background = nil
            }
            if !capabilities.hasAttributes { style = .plain }
            return style
        }

        /// The greys of the palette have no like among sixteen colours.
        private static func sixteen(_ colour: TextStyle.Colour) -> TextStyle.Colour? {
            colour.index < 16 ? colour : colour.index >= 244 ? .white : colour.index >= 232 ? .brightBlack : nil
        }
    }
}
