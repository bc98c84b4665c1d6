import LessonModel

extension ClientView {
    private static let labelColumns = 18

    mutating func drawCompose(_ form: ComposeState) {
        let area = state.layout.body
        drawRow(StyledText(" " + form.title, .bold), column: 0, row: area.row, columns: state.columns)
        if let review = form.review {
            drawReview(review, form, area)
        } else {
            drawFields(form, ScreenArea(column: 0, row: area.row + 1, columns: area.columns, rows: area.rows - 1))
        }
    }

    /// A line for each field, and for the one with the focus all the room that is left.
    private mutating func drawFields(_ form: ComposeState, _ area: ScreenArea) {
        let focus = form.fields[form.focus]
        let helpLines = DisplayWidth.wrap(focus.problem ?? focus.help, to: max(10, area.columns - 4)).prefix(2)
        let room = max(1, area.rows - helpLines.count - 1)
        let focusRows = focus.isMultiline ? max(3, room - (form.fields.count - 1)) : 1
        // Where the fields are more than the lines, those around the focus are shown.
        let before = max(0, form.focus + focusRows + 1 - room)
        var row = area.row
        for (index, field) in form.fields.enumerated().dropFirst(before) {
            let isFocused = index == form.focus
            let height = isFocused ? min(focusRows, area.row + room - row) : 1
            guard row + height <= area.row + room, height > 0 else { break }
            mark(.field(index), ScreenArea(column: area.column, row: row, columns: area.columns, rows: height))
            drawField(field, isFocused: isFocused, row: row, rows: height, columns: area.columns)
            row += height
        }
        for (offset, line) in helpLines.enumerated() {
            let style: StyledText.Style = focus.problem == nil ? .dim : .red
            drawRow(
                StyledText("  " + line, style), column: 0, row: area.row + area.rows - helpLines.count + offset,
                columns: area.columns)
        }
    }

    private mutating func drawField(_ field: ComposeField, isFocused: Bool, row: Int, rows: Int, columns: Int) {
        let start = min(Self.labelColumns, columns / 3)
        let mark = field.problem != nil ? StyledText("!", .red) : field.isRequired ? StyledText("*", .yellow) : " "
        draw(mark, column: 1, row: row, limit: start)
        draw(
            StyledText(field.label, isFocused ? .bold : .dim), column: 2, row: row, limit: start)
        let width = max(4, columns - start - 2)
        switch field.content {
        case .choice(let values, let selected):
            let value = values.indices.contains(selected) ? values[selected] : ""
            draw(
                isFocused ? StyledText("< \(value) >", .bold) : StyledText(value), column: start, row: row,
                limit: columns)
        case .text(let editor):
            guard isFocused else {
                let lines = editor.text.split(whereSeparator: \.isNewline)
                var text = lines.first.map(String.init) ?? ""
                if lines.count > 1 { text += " …" }
                draw(StyledText(DisplayWidth.cut(text, to: width)), column: start, row: row, limit: columns)
                return
            }
            drawEditor(editor, ScreenArea(column: start, row: row, columns: width, rows: rows))
        }
    }

    /// The text with the cursor in it, scrolled to where the cursor is.
    mutating func drawEditor(_ editor: TextEditor, _ area: ScreenArea) {
        let underline = TextStyle.plain.underlined
        if editor.isMultiline {
            let laid = editor.lines(width: area.columns - 1)
            let top = max(0, laid.row - area.rows + 1)
            for line in 0..<area.rows {
                frame.draw("▏", column: area.column - 1, row: area.row + line, style: theme.border)
                guard laid.lines.indices.contains(top + line) else { continue }
                frame.draw(
                    laid.lines[top + line], column: area.column, row: area.row + line,
                    limit: area.column + area.columns)
            }
            frame.cursor = Frame.Position(column: area.column + laid.column, row: area.row + laid.row - top)
            return
        }
        frame.fill(ScreenArea(column: area.column, row: area.row, columns: area.columns, rows: 1), style: underline)
        let characters = editor.characters
        let before = characters[..<editor.cursor].reduce(0) { $0 + DisplayWidth.of($1) }
        // The part before the cursor that fits, with room for the cursor.
        var skipped = 0
        var hidden = 0
        while before - hidden >= area.columns, skipped < editor.cursor {
            hidden += DisplayWidth.of(characters[skipped])
            skipped += 1
        }
        frame.draw(
            String(characters[skipped...]), column: area.column, row: area.row, style: underline,
            limit: area.column + area.columns)
        frame.cursor = Frame.Position(column: area.column + before - hidden, row: area.row)
    }

    private mutating func drawReview(_ review: ComposeState.Review, _ form: ComposeState, _ area: ScreenArea) {
        var lines: [StyledText] = [""]
        for line in review.lines { lines += wrapped(line, columns: area.columns - 4) }
        if case .lesson = review.submission {
            lines.append("")
            switch review.similar {
            case nil: lines.append(StyledText(Texts.Form.lookingForSimilar, .dim))
            case .some(let rows) where rows.isEmpty: lines.append(StyledText(Texts.Form.noSimilar, .dim))
            case .some(let rows):
                lines.append(StyledText(Texts.Form.similar, .bold))
                lines += rows.map { row in
                    StyledText("  #\(row.sequence)  ", .bold) + StyledText(row.title)
                        + StyledText("  \(row.organisation)", .dim)
                }
            }
        }
        lines += ["", StyledText(form.isSending ? Texts.sending : Texts.Form.confirmSend, .yellow)]
        for (offset, line) in lines.prefix(area.rows - 1).enumerated() {
            draw(line.onOneLine, column: 2, row: area.row + 1 + offset, limit: area.columns)
        }
    }

    /// A line of several styles, broken where only its last run is too long.
    func wrapped(_ line: StyledText, columns: Int) -> [StyledText] {
        guard DisplayWidth.of(line.plainText) > columns else { return [line] }
        return DisplayWidth.wrap(line.plainText, to: max(10, columns)).map { StyledText($0) }
    }
}
