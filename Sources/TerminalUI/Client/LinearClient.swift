import LessonModel

/// The client without a screen: it answers lines with lines, for screen readers, dumb terminals and pipes. It has the same
/// state, the same commands and the same effects as the full-screen client; only its view is a list of sentences.
package struct LinearClient: Sendable {
    /// What a line or an event has come to.
    package struct Turn: Sendable {
        package var lines: [String] = []
        package var effects: [ClientEffect] = []
    }

    private static let pageRows = 20
    /// A line of its own that ends a text.
    static let end = "."

    package internal(set) var state: ClientState
    /// The rows that a number chooses from.
    private var choices = Choices.threads
    private var firstRow = 0
    /// What was asked for and has to be said when it comes.
    private var isListDue = true
    /// Lines of the text that is being written.
    var written: [String] = []

    private enum Choices: Sendable { case topics, threads, search, list }

    package init(_ state: ClientState) {
        self.state = state
    }

    /// What stands before the person's line.
    package var prompt: String {
        if let form = state.compose {
            return form.review == nil ? "\(form.fields[form.focus].label)> " : "send? (yes/no)> "
        }
        switch state.dialogs.last {
        case .ask?: return "answer> "
        case .join?: return "invitation> "
        default: return state.focus == .reader ? "thread> " : "> "
        }
    }

    /// Said at the start.
    package mutating func begin() -> Turn {
        var turn = Turn(effects: state.firstEffects)
        guard let me = state.me else {
            turn.lines = [Texts.Linear.welcome]
            return turn
        }
        turn.lines = [Texts.Linear.begin(me)]
        return turn
    }

    // MARK: Events

    package mutating func take(_ event: ClientEvent) -> Turn {
        let linkBefore = state.linkText
        let noticeBefore = state.notice
        let openBefore = state.reader?.thread
        let postsBefore = state.reader?.posts.count ?? 0
        var turn = Turn(effects: state.update(event))
        if let notice = state.notice, notice != noticeBefore { turn.lines.append(Self.safe(notice.text)) }
        switch event {
        case .threads where isListDue && state.focus != .reader:
            isListDue = false
            choices = .threads
            turn.lines += threadLines()
        case .topics where choices == .topics && isListDue:
            isListDue = false
            turn.lines += topicLines()
        case .thread(let id, _, _):
            guard let reader = state.reader, reader.thread == id else { break }
            // News may come while an answer is on its way: what was read before is not read out again.
            guard isListDue || openBefore != id else {
                let more = reader.posts.count - postsBefore
                if more > 0 {
                    turn.lines.append(Texts.Linear.morePosts(more))
                }
                break
            }
            isListDue = false
            turn.lines += readerLines()
        case .searched:
            if case .search(let search)? = state.dialogs.last {
                choices = .search
                turn.lines +=
                    [Texts.found(search.total ?? SearchState.Total())] + numbered(search.rows.map(Self.sentence))
            }
        case .list(let kind, let items):
            choices = .list
            turn.lines.append(Texts.listTitle(kind) + ".")
            turn.lines += items.isEmpty ? [Texts.listIsEmpty(kind)] : numbered(items.map { $0.line.plainText })
        case .page(let title, let lines):
            turn.lines += [title + "."] + lines.map(\.plainText)
            state.dialogs.removeLast()
        case .delivered(let count, _) where count > 0: turn.lines.append(Texts.Linear.new(count))
        case .link where state.linkText != linkBefore:
            if case .catchingUp = state.link { break }
            turn.lines.append(Texts.Linear.now(state.linkText))
        case .joined: turn.lines.append(Texts.Linear.joined)
        case .submitted: if state.compose != nil { turn.lines += fieldLines() }
        case .similar(let rows) where !rows.isEmpty:
            turn.lines += [Texts.Form.similar] + rows.map(Self.sentence)
        case .draft: if state.compose != nil { turn.lines += fieldLines() }
        default: break
        }
        return turn
    }

    // MARK: Lines

    package mutating func take(line: String) -> Turn {
        if state.compose != nil { return takeWriting(line) }
        let text = line.trimmedSpaces
        switch state.dialogs.last {
        case .join(var join)?:
            guard !text.isEmpty, !join.isJoining else { return Turn() }
            join.editor = TextEditor(text, isMultiline: false)
            state.dialogs = [.join(join)]
            return take(.key(Key(.enter)))
        case .ask(var ask)?:
            ask.editor = TextEditor(text, isMultiline: false)
            state.dialogs[state.dialogs.count - 1] = .ask(ask)
            var turn = take(.key(text.isEmpty ? Key(.escape) : Key(.enter)))
            if case .ask(let again)? = state.dialogs.last, let problem = again.problem { turn.lines.append(problem) }
            return turn
        default: break
        }
        let words = text.split(separator: " ", maxSplits: 1)
        guard let first = words.first.map(String.init) else { return Turn(lines: listLines()) }
        let rest = words.count > 1 ? String(words[1]).trimmedSpaces : ""
        if let number = Int(first) { return choose(number) }
        return command(first.lowercased(), rest, isOriginal: first)
    }

    private mutating func command(_ name: String, _ rest: String, isOriginal original: String) -> Turn {
        switch name {
        case "help", "?": return Turn(lines: helpLines())
        case "topics":
            choices = .topics
            state.dialogs = []
            state.focus = .topics
            firstRow = 0
            return Turn(lines: topicLines())
        case "lessons", "threads", "list":
            choices = .threads
            state.dialogs = []
            state.focus = .threads
            firstRow = 0
            return Turn(lines: threadLines())
        case "more":
            firstRow += Self.pageRows
            return Turn(lines: listLines())
        case "read", "show":
            return state.reader == nil ? Turn(lines: [Texts.Why.noThread]) : Turn(lines: readerLines())
        case "search", "/":
            guard !rest.isEmpty else { return Turn(lines: [Texts.notSearchable]) }
            var search = SearchState()
            search.scope = state.isConnected ? .relay : .here
            search.editor = TextEditor(rest, isMultiline: false)
            state.dialogs = [.search(search)]
            firstRow = 0
            return Turn(effects: [.search(search.request)])
        case "follow" where choices == .topics, "subscribe":
            if let number = Int(rest) { return followTopic(number) }
            return Turn(effects: [.subscribe(rest)])
        case "reply" where Int(rest) != nil, "endorse" where Int(rest) != nil, "redact" where Int(rest) != nil:
            guard let index = state.reader?.blockIndex(number: Int64(rest) ?? 0) else {
                return Turn(lines: [Texts.Linear.noPost(rest)])
            }
            state.reader?.current = index
            return perform(name)
        case "exit", "bye": return Turn(effects: [.quit])
        default: return perform(name, key: original)
        }
    }

    /// A command of the registry, by its name, or by its key where that is a single one.
    private mutating func perform(_ name: String, key: String? = nil) -> Turn {
        let byKey = key.flatMap { Key($0) }.flatMap { state.bindings.command(for: $0, in: state.place) }
        guard let id = CommandID(rawValue: name) ?? byKey else { return Turn(lines: [Texts.unknownCommand(name)]) }
        if case .list(let list)? = state.dialogs.last, !list.allows(id) { state.dialogs = [] }
        if case .search? = state.dialogs.last { state.dialogs = [] }
        isListDue = [.refresh, .back, .nextUnread, .unreadOnly, .filterState].contains(id)
        var turn = take(.command(id))
        if state.compose != nil { turn.lines += ["\(state.compose?.title ?? "")."] + fieldLines() }
        if case .ask(let ask)? = state.dialogs.last { turn.lines += [ask.title + ".", ask.help] }
        if case .help? = state.dialogs.last {
            state.dialogs = []
            turn.lines += helpLines()
        }
        return turn
    }

    private mutating func choose(_ number: Int) -> Turn {
        let index = number - 1
        switch choices {
        case .topics:
            guard (0...state.topics.count).contains(index) else { return Self.noSuchNumber }
            state.focus = .threads
            choices = .threads
            firstRow = 0
            isListDue = true
            return Turn(effects: state.selectTopic(at: index))
        case .threads:
            guard let threads = state.threads, threads.indices.contains(index) else { return Self.noSuchNumber }
            isListDue = true
            return Turn(effects: [.loadThread(threads[index].id, isUpdate: false)])
        case .search:
            guard case .search(let search)? = state.dialogs.last, search.rows.indices.contains(index) else {
                return Self.noSuchNumber
            }
            isListDue = true
            state.dialogs = []
            return Turn(effects: [.loadThread(search.rows[index].id, isUpdate: false)])
        case .list:
            guard case .list(var list)? = state.dialogs.last, let items = list.items, items.indices.contains(index)
            else {
                return Self.noSuchNumber
            }
            list.selected = index
            state.dialogs[state.dialogs.count - 1] = .list(list)
            var lines = [items[index].line.plainText] + items[index].detail.map(\.plainText)
            let able = [CommandID.retry, .drop, .approve, .giveBack, .reject, .revoke].filter(list.allows)
            if !able.isEmpty { lines.append("Type \(able.map(\.rawValue).joined(separator: ", ")).") }
            isListDue = true
            let turn = take(.key(Key(.enter)))
            return Turn(lines: lines + turn.lines, effects: turn.effects)
        }
    }

    private static let noSuchNumber = Turn(lines: [Texts.Linear.noSuchNumber])

    private mutating func followTopic(_ number: Int) -> Turn {
        guard state.topics.indices.contains(number - 2) else { return Self.noSuchNumber }
        let topic = state.topics[number - 2]
        return Turn(effects: [topic.isFollowed ? .unsubscribe(topic.path) : .subscribe(topic.path)])
    }

    // MARK: Saying

    private func listLines() -> [String] {
        switch choices {
        case .topics: return topicLines()
        case .threads: return threadLines()
        case .search:
            guard case .search(let search)? = state.dialogs.last else { return threadLines() }
            return numbered(search.rows.map(Self.sentence))
        case .list:
            guard case .list(let list)? = state.dialogs.last else { return threadLines() }
            return numbered((list.items ?? []).map { $0.line.plainText })
        }
    }

    private func topicLines() -> [String] {
        let all = "\(Texts.allTopics). \(Texts.unread(state.unread))."
        return ["Topics."]
            + numbered(
                [all]
                    + state.topics.map { topic in
                        var text = topic.path
                        if topic.isFollowed { text += ", followed" }
                        if topic.unread > 0 { text += ", \(Texts.unread(topic.unread))" }
                        return text
                    })
    }

    private func threadLines() -> [String] {
        guard let threads = state.threads else { return [Texts.loading] }
        guard !threads.isEmpty else { return [Texts.noThreads] }
        return [Texts.Linear.lessons(in: state.request.topic ?? Texts.allTopics)] + numbered(threads.map(Self.sentence))
    }

    private static func sentence(_ thread: ThreadRow) -> String {
        Texts.Linear.thread(thread, title: safe(thread.title))
    }

    /// A page of rows with their numbers.
    func numbered(_ rows: [String]) -> [String] {
        let start = min(firstRow, max(0, rows.count - 1))
        let shown = rows.dropFirst(start).prefix(Self.pageRows)
        var lines = shown.enumerated().map { "\(start + $0.offset + 1). \(Self.safe($0.element))" }
        let rest = rows.count - start - shown.count
        if rest > 0 { lines.append(Texts.Linear.more(rest)) }
        return lines
    }

    private func readerLines() -> [String] {
        guard let reader = state.reader else { return [Texts.Why.noThread] }
        return ThreadText(thread: reader.thread, posts: reader.posts, text: reader.shownText).lines.map(\.plainText)
            + [Texts.Linear.afterThread]
    }

    private func helpLines() -> [String] {
        Texts.Linear.help
            + CommandRegistry.all.map { command in
                let keys = state.bindings.keys(of: command.id).map(\.description).joined(separator: " ")
                return "\(command.id.rawValue): \(command.title)\(keys.isEmpty ? "" : " (\(keys))")"
            }
    }

    static func safe(_ text: String) -> String { SafeText.line(text) }
}

extension ReaderState {
    fileprivate func blockIndex(number: SequenceNumber) -> Int? {
        guard let post = posts.first(where: { $0.stored.sequence == number }) else { return nil }
        return blocks.firstIndex { $0.post == post.post.id }
    }
}
