import LessonModel

extension ClientView {
    mutating func draw(_ dialog: Dialog) {
        switch dialog {
        case .help(let top): drawPage(Texts.Dialog.help, HelpText.lines(state.bindings), top)
        case .page(let title, let lines, let top): drawPage(title, lines, top)
        case .palette(let palette): drawPalette(palette)
        case .search(let search): drawSearch(search)
        case .list(let list): drawList(list)
        case .ask(let ask): drawAsk(ask)
        case .join: break
        }
    }

    /// An empty box with a title, in the middle of the panes.
    private mutating func box(_ title: String, columns: Int, rows: Int) -> ScreenArea {
        let body = state.layout.body
        let columns = min(columns, body.columns)
        let rows = min(rows, body.rows)
        let outer = ScreenArea(
            column: (body.columns - columns) / 2, row: body.row + (body.rows - rows) / 2, columns: columns, rows: rows)
        frame.fill(outer)
        let line = String(repeating: "─", count: max(0, columns - 2))
        frame.draw("┌" + line + "┐", column: outer.column, row: outer.row, style: theme.border)
        for row in outer.row + 1..<max(outer.row + 1, outer.row + rows - 1) {
            frame.draw("│", column: outer.column, row: row, style: theme.border)
            frame.draw("│", column: outer.column + columns - 1, row: row, style: theme.border)
        }
        frame.draw("└" + line + "┘", column: outer.column, row: outer.row + rows - 1, style: theme.border)
        frame.draw(
            " " + DisplayWidth.cut(title, to: max(4, columns - 6)) + " ", column: outer.column + 2, row: outer.row,
            style: theme.heading, limit: outer.column + columns - 2)
        frame.cursor = nil
        return ScreenArea(
            column: outer.column + 2, row: outer.row + 1, columns: max(1, columns - 4), rows: max(1, rows - 2))
    }

    private mutating func drawPage(_ title: String, _ lines: [StyledText], _ top: Int) {
        let widest = lines.reduce(0) { max($0, DisplayWidth.of($1.plainText)) }
        let area = box(title, columns: max(78, widest + 4), rows: state.rows)
        for (offset, line) in lines.dropFirst(top).prefix(area.rows).enumerated() {
            draw(line, column: area.column, row: area.row + offset, limit: area.column + area.columns)
        }
    }

    private mutating func drawPalette(_ palette: PaletteState) {
        let area = box(Texts.Dialog.palette, columns: 64, rows: 18)
        let start = frame.draw(Texts.palettePrompt, column: area.column, row: area.row, style: theme.key)
        let matches = palette.matches
        let room = max(1, area.rows - 2)
        let top = max(0, palette.selected - room + 1)
        for (offset, command) in matches.dropFirst(top).prefix(room).enumerated() {
            let row = area.row + 2 + offset
            mark(.row(top + offset), ScreenArea(column: area.column, row: row, columns: area.columns, rows: 1))
            var text = StyledText(" \(command.title)")
            if let key = state.bindings.label(of: command.id) { text += StyledText("  \(key)", .cyan) }
            if let obstacle = state.obstacle(command.id) { text += StyledText("  (\(obstacle))", .dim) }
            drawRow(
                text, column: area.column, row: row, columns: area.columns,
                base: top + offset == palette.selected ? theme.selected : nil)
        }
        drawEditor(
            palette.editor,
            ScreenArea(column: start, row: area.row, columns: area.column + area.columns - start, rows: 1))
    }

    private mutating func drawSearch(_ search: SearchState) {
        let area = box(Texts.Dialog.search, columns: state.columns, rows: state.rows)
        let prompt = search.scope == .here ? Texts.searchHere : Texts.searchRelay
        let start = frame.draw(
            DisplayWidth.cut(prompt, to: area.columns / 2), column: area.column, row: area.row, style: theme.key)
        let status: String =
            search.total.map(Texts.found) ?? (search.editor.text.isEmpty ? Texts.notSearchable : Texts.loading)
        draw(StyledText(status, .dim), column: area.column, row: area.row + 1, limit: area.column + area.columns)
        let room = max(1, area.rows - 4)
        let top = ClientState.top(search.top, selected: search.selected, count: search.rows.count, rows: room)
        for (offset, thread) in search.rows.dropFirst(top).prefix(room).enumerated() {
            let isSelected = top + offset == search.selected
            let row = area.row + 2 + offset
            mark(.row(top + offset), ScreenArea(column: area.column, row: row, columns: area.columns, rows: 1))
            drawThread(
                thread, column: area.column, row: row, columns: area.columns,
                base: isSelected ? theme.selected : nil)
        }
        if search.rows.indices.contains(search.selected), let snippet = search.rows[search.selected].snippet {
            draw(
                snippet.onOneLine, column: area.column, row: area.row + area.rows - 1,
                limit: area.column + area.columns)
        }
        drawEditor(
            search.editor,
            ScreenArea(column: start, row: area.row, columns: area.column + area.columns - start, rows: 1))
    }

    private mutating func drawList(_ list: ListState) {
        let area = box(Texts.listTitle(list.kind), columns: state.columns, rows: state.rows)
        let limit = area.column + area.columns
        guard let items = list.items else {
            draw(StyledText(Texts.loading, .dim), column: area.column, row: area.row, limit: limit)
            return
        }
        if items.isEmpty {
            draw(StyledText(Texts.listIsEmpty(list.kind), .dim), column: area.column, row: area.row, limit: limit)
        }
        let detail = Array((list.selectedItem?.detail ?? []).prefix(max(0, area.rows / 2)))
        let room = max(1, area.rows - (detail.isEmpty ? 0 : detail.count + 1))
        let top = ClientState.top(list.top, selected: list.selected, count: items.count, rows: room)
        for (offset, item) in items.dropFirst(top).prefix(room).enumerated() {
            let row = area.row + offset
            mark(.row(top + offset), ScreenArea(column: area.column, row: row, columns: area.columns, rows: 1))
            drawRow(
                item.line.onOneLine, column: area.column, row: row, columns: area.columns,
                base: top + offset == list.selected ? theme.selected : nil)
        }
        for (offset, line) in detail.enumerated() {
            draw(line, column: area.column, row: area.row + area.rows - detail.count + offset, limit: limit)
        }
    }

    private mutating func drawAsk(_ ask: AskState) {
        let area = box(ask.title, columns: 70, rows: 6)
        drawRow(StyledText(ask.help), column: area.column, row: area.row, columns: area.columns)
        if let problem = ask.problem {
            drawRow(StyledText(problem, .red), column: area.column, row: area.row + 3, columns: area.columns)
        }
        drawEditor(ask.editor, ScreenArea(column: area.column, row: area.row + 1, columns: area.columns, rows: 1))
    }

    mutating func drawJoin(_ join: JoinState) {
        let area = state.layout.body
        let lines: [StyledText] =
            [
                StyledText(Texts.Join.title, .bold), "",
            ] + Texts.Join.lines.map { StyledText($0) } + ["", StyledText(Texts.Join.invitation, .bold)]
        var row = area.row + 1
        for line in lines {
            for part in wrapped(line, columns: state.columns - 4) {
                draw(part, column: 2, row: row, limit: state.columns)
                row += 1
            }
        }
        guard row < area.row + area.rows else { return }
        drawEditor(join.editor, ScreenArea(column: 2, row: row, columns: state.columns - 4, rows: 1))
        if join.isJoining { draw(StyledText(Texts.Join.joining), column: 2, row: row + 2, limit: state.columns) }
        guard let problem = join.problem else { return }
        for part in wrapped(StyledText(problem), columns: state.columns - 4).prefix(3) {
            row += 1
            draw(StyledText(part.plainText, .red), column: 2, row: row + 1, limit: state.columns)
        }
    }
}
