import LessonModel

extension ClientView {
    mutating func drawPanes() {
        let layout = state.layout
        if let area = layout.topics { drawTopics(area) }
        if let area = layout.threads { drawThreads(area) }
        if let area = layout.reader { drawReader(area) }
        for area in [layout.topics, layout.threads] {
            guard let area, area.column + area.columns < state.columns else { continue }
            for row in area.row..<area.row + area.rows {
                frame.draw("│", column: area.column + area.columns, row: row, style: theme.border)
            }
        }
    }

    private func rowStyle(isSelected: Bool, _ pane: ClientState.Pane) -> TextStyle? {
        guard isSelected else { return nil }
        return state.focus == pane ? theme.selected : theme.selectedElsewhere
    }

    // MARK: Topics

    private mutating func drawTopics(_ area: ScreenArea) {
        let count = state.topics.count + 1
        for line in 0..<area.rows {
            let index = state.topicsTop + line
            guard index < count else { break }
            let base = rowStyle(isSelected: index == state.selectedTopicIndex, .topics)
            let text = index == 0 ? StyledText(Texts.allTopics, .bold) : topicText(state.topics[index - 1])
            let unread = index == 0 ? state.unread : state.topics[index - 1].unread
            drawRow(
                StyledText(" ") + text, column: area.column, row: area.row + line, columns: area.columns, base: base)
            guard unread > 0 else { continue }
            let number = " \(unread) "
            let start = area.column + area.columns - number.count
            draw(
                StyledText(number, .yellow), column: start, row: area.row + line, limit: area.column + area.columns,
                base: base)
        }
    }

    private func topicText(_ topic: TopicRow) -> StyledText {
        let levels = topic.path.split(separator: "/")
        let hasParent =
            levels.count > 1 && state.topics.contains { $0.path == levels.dropLast().joined(separator: "/") }
        let name = hasParent ? String(levels.last ?? "") : topic.path
        let indent = hasParent ? String(repeating: "  ", count: levels.count - 1) : ""
        let mark = topic.isFollowed ? "+ " : "  "
        var text = StyledText(indent + mark) + StyledText(name, topic.unread > 0 ? .bold : .plain)
        if topic.isArchived { text += StyledText(" (archived)", .dim) }
        if topic.isModerated { text += StyledText(" (moderated)", .dim) }
        return text
    }

    // MARK: Threads

    private mutating func drawThreads(_ area: ScreenArea) {
        drawRow(threadsTitle, column: area.column, row: area.row, columns: area.columns)
        guard let threads = state.threads else {
            draw(
                StyledText(" " + Texts.loading, .dim), column: area.column, row: area.row + 1,
                limit: area.column + area.columns)
            return
        }
        if threads.isEmpty {
            let text = state.request.unreadOnly ? Texts.noThreadsUnread : Texts.noThreads
            draw(
                StyledText(" " + text, .dim), column: area.column, row: area.row + 1, limit: area.column + area.columns)
        }
        for line in 0..<max(0, area.rows - 1) {
            let index = state.threadsTop + line
            guard threads.indices.contains(index) else { break }
            let thread = threads[index]
            drawThread(
                thread, column: area.column, row: area.row + 1 + line, columns: area.columns,
                base: rowStyle(isSelected: thread.id == state.selectedThread, .threads))
        }
    }

    private var threadsTitle: StyledText {
        var parts = [state.request.topic ?? Texts.allTopics]
        if state.request.unreadOnly { parts.append("unread") }
        if let wanted = state.request.state { parts.append(wanted.name) }
        if let threads = state.threads {
            parts.append("\(threads.count)\(threads.count >= state.request.limit ? "+" : "")")
        }
        return StyledText(" " + parts.joined(separator: ", "), .dim)
    }

    /// A thread on one line: what is unread, the title, and at the right as many facts as there is room for.
    mutating func drawThread(_ thread: ThreadRow, column: Int, row: Int, columns: Int, base: TextStyle?) {
        if let base { frame.fill(ScreenArea(column: column, row: row, columns: columns, rows: 1), style: base) }
        var facts: [StyledText] = []
        func add(_ width: Int, _ text: StyledText, from needed: Int) {
            guard columns >= needed else { return }
            let cut = text.cut(to: width)
            facts.append(
                cut + StyledText(String(repeating: " ", count: max(0, width - DisplayWidth.of(cut.plainText)))))
        }
        add(12, StyledText(thread.organisation, .dim), from: 76)
        add(8, StyledText(thread.state.shortName), from: 46)
        add(5, thread.marking.shortText, from: 38)
        add(2, StyledText(String(thread.language.prefix(2)), .dim), from: 64)
        add(9, StyledText(thread.reception, .green), from: 90)
        add(4, StyledText("\(thread.posts)", .dim), from: 56)
        let right = facts.reduce(0) { $0 + DisplayWidth.of($1.plainText) + 1 }
        let limit = column + columns
        let mark: StyledText =
            switch thread.attention {
            case .muted: StyledText(" - ", .dim)
            case .followed: StyledText(thread.unread > 0 ? " * " : " + ", .yellow)
            case .normal: StyledText(thread.unread > 0 ? " * " : "   ", .yellow)
            }
        let start = draw(mark, column: column, row: row, limit: limit, base: base)
        let title = DisplayWidth.cut(thread.title.onOneLine, to: max(4, limit - right - start - 1))
        draw(
            StyledText(title, thread.unread > 0 ? .bold : .plain), column: start, row: row, limit: limit - right,
            base: base)
        var place = limit - right
        for fact in facts {
            draw(fact, column: place, row: row, limit: limit, base: base)
            place += DisplayWidth.of(fact.plainText) + 1
        }
    }

    // MARK: Reader

    private mutating func drawReader(_ area: ScreenArea) {
        guard let reader = state.reader else {
            draw(
                StyledText(" " + Texts.nothingSelected, .dim), column: area.column, row: area.row,
                limit: area.column + area.columns)
            return
        }
        for line in 0..<area.rows {
            let index = reader.top + line
            guard reader.lines.indices.contains(index) else { break }
            let isCurrent = reader.lines[index].block == reader.current
            let mark = isCurrent ? StyledText("│", .cyan) : StyledText(" ")
            draw(mark, column: area.column, row: area.row + line, limit: area.column + 1)
            draw(
                reader.lines[index].text, column: area.column + 1, row: area.row + line,
                limit: area.column + area.columns)
        }
    }
}

extension ThreadState {
    /// At most eight characters.
    var shortName: String {
        switch self {
        case .observation: "observed"
        case .lessonIdentified: "identif."
        case .lessonLearned: "learned"
        case .goodPractice: "practice"
        case .rejected: "rejected"
        case .superseded: "supersed"
        }
    }
}

extension Marking {
    /// At most five characters, in the marking's colour.
    var shortText: StyledText {
        let text = self == .amberStrict ? "AMB+S" : label
        return StyledText(text, StyledText(self).runs.first?.style ?? .plain)
    }
}

extension ThreadRow {
    /// Endorsements, adoptions and failures: `2e 1a 1f`.
    var reception: String {
        [(endorsements, "e"), (adopted, "a"), (failed, "f")].filter { $0.0 > 0 }.map { "\($0.0)\($0.1)" }
            .joined(separator: " ")
    }
}
