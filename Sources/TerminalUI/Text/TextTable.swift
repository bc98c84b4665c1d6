/// Rows in aligned columns, two spaces apart, with a heading. The last column is cut to the width where one is given.
package struct TextTable {
    package enum Alignment { case left, right }

    private let columns: [(title: String, alignment: Alignment)]
    private var rows: [[StyledText]] = []

    package init(_ columns: (title: String, alignment: Alignment)...) { self.columns = columns }

    /// A row of one cell for each column; line breaks within a cell become spaces.
    package mutating func add(_ cells: StyledText...) {
        precondition(cells.count == columns.count, "a row has one cell for each column")
        rows.append(cells.map(\.onOneLine))
    }

    /// - Parameter width: cells of the terminal; nil where nothing should be cut.
    package func lines(width: Int?) -> [StyledText] {
        let heading = columns.map { StyledText($0.title, .dim) }
        let all = [heading] + rows
        let widths = columns.indices.map { column in all.map { DisplayWidth.of($0[column].plainText) }.max() ?? 0 }
        return all.map { row in
            var line = StyledText("")
            var used = 0
            for (column, cell) in row.enumerated() {
                let isLast = column == columns.count - 1
                var cell = cell
                if isLast, let width, width - used >= 8 { cell = cell.cut(to: width - used) }
                let padding = StyledText(
                    String(repeating: " ", count: max(0, widths[column] - DisplayWidth.of(cell.plainText))))
                switch columns[column].alignment {
                case .right: line += padding + cell
                case .left: line += isLast ? cell : cell + padding
                }
                if !isLast { line += "  " }
                used += widths[column] + 2
            }
            return line
        }
    }
}

extension StyledText {
    /// Every line break as a space.
    package var onOneLine: StyledText {
        map { text in String(text.map { $0.isNewline ? " " : $0 }) }
    }

    /// At most `cells` wide.
    package func cut(to cells: Int) -> StyledText {
        guard DisplayWidth.of(plainText) > cells else { return self }
        var left = cells
        return map { text in
            let part = DisplayWidth.cut(text, to: left)
            left -= DisplayWidth.of(part)
            return part
        }
    }

    private func map(_ change: (String) -> String) -> StyledText {
        runs.map { StyledText(change($0.text), $0.style) }.reduce(StyledText(""), +)
    }
}
