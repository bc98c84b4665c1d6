import LessonModel

/// The screen of a state. Pure: the same state gives the same frame.
package struct ClientView {
    let state: ClientState
    let theme: Theme
    var frame: Frame
    /// What a click means where something was drawn; what was drawn last lies above.
    private(set) var targets: [(area: ScreenArea, target: ClickTarget)] = []

    /// What lies under the mouse.
    enum ClickTarget: Hashable, Sendable {
        /// A hint: as if its key were pressed.
        case key(Key)
        /// A field of the form.
        case field(Int)
        /// A row of the dialog on top.
        case row(Int)
    }

    package static func frame(_ state: ClientState) -> Frame { drawn(state).frame }

    /// Nil where a click means nothing, or is for a pane.
    static func target(column: Int, row: Int, in state: ClientState) -> ClickTarget? {
        drawn(state).targets.last { $0.area.contains(column: column, row: row) }?.target
    }

    private static func drawn(_ state: ClientState) -> ClientView {
        var view = ClientView(
            state: state, theme: Theme(state.theme), frame: Frame(columns: state.columns, rows: state.rows))
        view.drawAll()
        return view
    }

    mutating func mark(_ target: ClickTarget, _ area: ScreenArea) { targets.append((area, target)) }

    private mutating func drawAll() {
        guard state.columns >= ScreenLayout.minColumns, state.rows >= ScreenLayout.minRows else {
            frame.draw(Texts.tooSmall, column: 0, row: 0)
            return
        }
        drawTop()
        if case .join(let join)? = state.dialogs.last {
            drawJoin(join)
        } else if let compose = state.compose {
            drawCompose(compose)
        } else {
            drawPanes()
        }
        drawBottom()
        for dialog in state.dialogs { draw(dialog) }
    }

    // MARK: Lines

    /// Draws a line over its whole area; every run in its style, on the background of `base` where there is one.
    /// - Returns: the column behind the text.
    @discardableResult
    mutating func draw(
        _ text: StyledText, column: Int, row: Int, limit: Int, base: TextStyle? = nil
    ) -> Int {
        var column = column
        for run in text.runs {
            var style = theme.style(run.style)
            if let base {
                style.background = base.background ?? style.background
                style.foreground = base.background == nil ? style.foreground ?? base.foreground : base.foreground
                style.isReversed = style.isReversed || base.isReversed
                style.isUnderlined = style.isUnderlined || base.isUnderlined
                style.isBold = style.isBold || base.isBold
                if base.background != nil || base.isReversed { style.isDim = false }
            }
            column = frame.draw(run.text, column: column, row: row, style: style, limit: limit)
            if column >= limit { break }
        }
        return column
    }

    /// Draws a line and fills the rest of its columns.
    mutating func drawRow(_ text: StyledText, column: Int, row: Int, columns: Int, base: TextStyle? = nil) {
        if let base { frame.fill(ScreenArea(column: column, row: row, columns: columns, rows: 1), style: base) }
        draw(text, column: column, row: row, limit: column + columns, base: base)
    }

    // MARK: Bars

    private mutating func drawTop() {
        frame.fill(ScreenArea(column: 0, row: 0, columns: state.columns, rows: 1), style: theme.bar)
        let link = linkText
        let linkWidth = DisplayWidth.of(link)
        let start = max(0, state.columns - linkWidth - 1)
        frame.draw(link, column: start, row: 0, style: theme.bar)
        var title = " Lessons"
        if let me = state.me { title += "  \(me.name) (\(me.organisation))" }
        if state.columns >= 60, let me = state.me { title += " at \(me.relay)" }
        frame.draw(
            DisplayWidth.cut(title, to: max(0, start - 1)), column: 0, row: 0, style: theme.bar.bold, limit: start)
    }

    private var linkText: String {
        var parts: [String] = []
        if state.unread > 0 { parts.append(Texts.unread(state.unread)) }
        if state.outboxCount > 0 { parts.append(Texts.waiting(state.outboxCount)) }
        if state.me != nil { parts.append(state.linkText) }
        let text = parts.joined(separator: "  ")
        return DisplayWidth.cut(text, to: max(10, state.columns / 2 + 8))
    }

    private mutating func drawBottom() {
        let row = state.rows - state.layout.bottomRows
        if state.layout.bottomRows == 2 {
            frame.draw("", column: 0, row: row)
            drawRow(statusLine, column: 0, row: row, columns: state.columns)
            drawHints(row: row + 1)
        } else if state.notice != nil {
            drawRow(statusLine, column: 0, row: row, columns: state.columns)
        } else {
            drawHints(row: row)
        }
    }

    private var statusLine: StyledText {
        if let notice = state.notice {
            let style: StyledText.Style =
                switch notice.tone {
                case .plain: .bold
                case .good: .green
                case .bad: .red
                }
            return StyledText(" " + notice.text, style).onOneLine
        }
        if let transfer = state.transfer {
            return bar(transfer.percent, of: 100) + StyledText(Texts.transfer(transfer)).onOneLine
        }
        if case .catchingUp(let received, let all) = state.link, all > 0 {
            return bar(received, of: all) + StyledText(Texts.Link.catchingUp(received, all))
        }
        if state.pendingNew > 0 { return StyledText(" " + Texts.newPosts(state.pendingNew), .yellow) }
        if state.focus == .topics, let topic = state.selectedTopic, !topic.description.isEmpty {
            return StyledText(" " + topic.description, .dim).onOneLine
        }
        return ""
    }

    private func bar(_ part: Int, of all: Int) -> StyledText {
        let room = max(10, min(40, state.columns - 40))
        let done = max(0, min(room, part * room / all))
        let text = String(repeating: "#", count: done) + String(repeating: ".", count: room - done)
        return StyledText(" [\(text)] ", .cyan)
    }

    /// The keys that help most here, as many as there is room for.
    private mutating func drawHints(row: Int) {
        var column = 1
        func add(_ key: Key?, _ title: String) {
            guard let key else { return }
            let width = DisplayWidth.of(key.description) + DisplayWidth.of(title) + 3
            guard column + width <= state.columns + 2 else { return }
            mark(.key(key), ScreenArea(column: column, row: row, columns: width - 2, rows: 1))
            column = frame.draw(key.description, column: column, row: row, style: theme.key)
            column = frame.draw(" " + title, column: column, row: row, style: theme.dim) + 2
        }
        if case .list(let list)? = state.dialogs.last {
            for id in [CommandID.retry, .approve, .giveBack, .reject, .revoke, .invite, .drop] where list.allows(id) {
                add(state.bindings.keys(of: id).first, CommandRegistry.command(id).title)
            }
            add(Key(.escape), Texts.Dialog.close)
            return
        }
        switch state.place {
        case .list: add(Key(.escape), Texts.Dialog.close)
        case .prompt:
            add(Key(.enter), Texts.Dialog.goOn)
            add(Key(.escape), Texts.Dialog.close)
            if case .search? = state.dialogs.last {
                add(state.bindings.keys(of: .searchRelay).first, Texts.Dialog.otherPlace)
            }
        default:
            let commands = CommandRegistry.all
                .filter { $0.hint > 0 && $0.places.contains(state.place) && state.obstacle($0.id) == nil }
                .sorted { $0.hint > $1.hint }
            for command in commands {
                add(state.bindings.keys(of: command.id).first, command.title)
            }
        }
    }
}

extension ClientState {
    package var linkText: String {
        switch link {
        case .offline: Texts.Link.offline
        case .connecting: Texts.Link.connecting
        case .catchingUp(let received, let all): Texts.Link.catchingUp(received, all)
        case .connected: Texts.Link.connected
        case .waiting(let until, _): Texts.Link.waiting(max(0, (until - now + 999) / 1_000))
        case .refused(let why): Texts.Link.refused(why)
        }
    }
}
