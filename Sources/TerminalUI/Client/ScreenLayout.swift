/// A part of the screen, in cells from the upper left corner.
package struct ScreenArea: Hashable, Sendable {
    package var column: Int
    package var row: Int
    package var columns: Int
    package var rows: Int

    package init(column: Int, row: Int, columns: Int, rows: Int) {
        self.column = column
        self.row = row
        self.columns = columns
        self.rows = rows
    }

    func contains(column: Int, row: Int) -> Bool {
        (self.column..<self.column + columns).contains(column) && (self.row..<self.row + rows).contains(row)
    }
}

/// Where the panes are. All decisions about room are made here, for the view and for paging alike.
package struct ScreenLayout: Hashable, Sendable {
    package static let minColumns = 30
    package static let minRows = 6

    /// Nil where the pane is not shown.
    package let topics: ScreenArea?
    package let threads: ScreenArea?
    package let reader: ScreenArea?
    /// All of the panes.
    package let body: ScreenArea
    /// One line for what is going on, and, where there is room, one for keys.
    package let bottomRows: Int

    package init(columns: Int, rows: Int, focus: ClientState.Pane) {
        bottomRows = rows >= 12 ? 2 : 1
        let height = max(1, rows - 1 - bottomRows)
        body = ScreenArea(column: 0, row: 1, columns: columns, rows: height)
        func area(_ column: Int, _ width: Int) -> ScreenArea {
            ScreenArea(column: column, row: 1, columns: max(1, width), rows: height)
        }
        if columns >= 130 {
            topics = area(0, 28)
            let width = min(70, (columns - 30) * 2 / 5)
            threads = area(29, width)
            reader = area(30 + width, columns - 30 - width)
        } else if focus == .reader {
            topics = nil
            threads = nil
            reader = area(0, columns)
        } else if columns >= 60 {
            let width = columns >= 100 ? 28 : 24
            topics = area(0, width)
            threads = area(width + 1, columns - width - 1)
            reader = nil
        } else {
            topics = focus == .topics ? area(0, columns) : nil
            threads = focus == .threads ? area(0, columns) : nil
            reader = nil
        }
    }

    /// Cells of a line in the reader, with a margin.
    package static func readerWidth(columns: Int, focus: ClientState.Pane) -> Int {
        let layout = ScreenLayout(columns: columns, rows: 24, focus: .reader)
        return max(10, (layout.reader?.columns ?? columns) - 2)
    }
}
