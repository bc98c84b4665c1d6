import LessonModel

extension ClientState {
    /// Takes one event in. No clock, no I/O: what is to be done outside is returned, in order.
    package mutating func update(_ event: ClientEvent) -> [ClientEffect] {
        var effects: [ClientEffect]
        switch event {
        case .key(let key): effects = handle(key)
        case .paste(let text): effects = paste(text)
        case .mouse(let mouse): effects = handle(mouse)
        case .command(let id): effects = perform(id)
        case .resized(let columns, let rows):
            self.columns = columns
            self.rows = rows
            effects = []
        case .tick(let now): effects = tick(now)
        default: effects = take(event)
        }
        settle()
        if let saving = draftEffect() { effects.append(saving) }
        return effects
    }

    private mutating func tick(_ now: Milliseconds) -> [ClientEffect] {
        self.now = now
        if let notice, notice.until <= now { self.notice = nil }
        return []
    }

    /// What was typed goes to the disk at most `draftMilliseconds` after it was typed.
    private mutating func draftEffect() -> ClientEffect? {
        guard var form = compose, form.isUnsaved, let name = form.draft, form.isWorthKeeping,
            now - draftSavedAt >= Self.draftMilliseconds
        else { return nil }
        form.isUnsaved = false
        compose = form
        draftSavedAt = now
        return .saveDraft(name: name, form.kept)
    }

    package var hasUnsavedText: Bool { compose?.isUnsaved ?? false }

    /// What was typed and is not on the disk yet, when there is no time left.
    package var lastDraft: ClientEffect? {
        guard let form = compose, let name = form.draft, form.isWorthKeeping else { return nil }
        return .saveDraft(name: name, form.kept)
    }

    // MARK: Answers and news

    private mutating func take(_ event: ClientEvent) -> [ClientEffect] {
        switch event {
        case .topics(let rows):
            topics = rows
            if let path = request.topic, !rows.contains(where: { $0.path == path }) { request.topic = nil }
        case .topicsChanged: return [.loadTopics]
        case .threads(let rows, let request): takeThreads(rows, request)
        case .thread(let id, let posts, let readThrough): return takeThread(id, posts, readThrough)
        case .list(let kind, let items): takeList(kind, items)
        case .searched(let request, let rows, let total, let hasMore):
            guard case .search(var search)? = dialogs.last, search.request == request else { return [] }
            search.rows = rows
            search.total = SearchState.Total(threads: total, hasMore: hasMore)
            search.selected = min(search.selected, max(0, rows.count - 1))
            dialogs[dialogs.count - 1] = .search(search)
        case .similar(let rows): compose?.review?.similar = rows
        case .link(let link): return takeLink(link)
        case .delivered(let count, let threads): return takeDelivery(count, threads)
        case .submitted(let outcome, let draft): return takeOutcome(outcome, draft)
        case .acted(let text):
            say(text, .good)
            if case .list(let list)? = dialogs.last { return [.loadList(list.kind)] }
        case .page(let title, let lines): dialogs.append(.page(title: title, lines: lines, top: 0))
        case .draft(let name, let draft, let about): return openDraft(name, draft, about)
        case .edited(let text): takeEdited(text)
        case .outboxCount(let count): outboxCount = count
        case .transfer(let transfer): self.transfer = transfer
        case .failed(let text):
            compose?.isSending = false
            if case .join(var join)? = dialogs.last {
                join.isJoining = false
                join.problem = text
                dialogs[dialogs.count - 1] = .join(join)
            } else {
                say(text, .bad)
            }
        case .joined(let facts):
            me = facts
            dialogs = []
            focus = .topics
            say(Texts.Join.welcome(facts.name), .good)
            return [.loadTopics, .loadThreads(request)]
        case .key, .paste, .mouse, .command, .resized, .tick: break
        }
        return []
    }

    private mutating func takeThreads(_ rows: [ThreadRow], _ answered: ThreadsRequest) {
        guard answered == request else { return }
        threads = rows
        pendingNew = 0
        if selectedThreadIndex == nil { selectedThread = rows.first?.id }
    }

    private mutating func takeThread(
        _ id: PostID, _ posts: [ShownPost], _ readThrough: SequenceNumber
    ) -> [ClientEffect] {
        grown.remove(id)
        if reader?.thread == id {
            reader?.replacePosts(posts)
        } else {
            let width = ScreenLayout.readerWidth(columns: columns, focus: .reader)
            reader = ReaderState(thread: id, posts: posts, readThrough: readThrough, width: width)
            focus = .reader
            let height = readerRows
            if readThrough > 0 { _ = reader?.moveToNextNew(height: height) }
        }
        if threads?.contains(where: { $0.id == id }) == true { selectedThread = id }
        let last = posts.map(\.stored.sequence).max() ?? 0
        guard last > readThrough else { return [] }
        if let index = threads?.firstIndex(where: { $0.id == id }) { threads?[index].unread = 0 }
        return [.markRead(id, through: last), .loadTopics]
    }

    private mutating func takeList(_ kind: ListKind, _ items: [ListItem]) {
        for index in dialogs.indices {
            guard case .list(var list) = dialogs[index], list.kind == kind else { continue }
            list.items = items
            list.selected = min(list.selected, max(0, items.count - 1))
            dialogs[index] = .list(list)
        }
    }

    private mutating func takeLink(_ link: LinkState) -> [ClientEffect] {
        let wasConnected = isConnected
        self.link = link
        return isConnected && !wasConnected ? [.loadTopics] : []
    }

    /// Counts change in place; what is read or chosen stays where it is, and a line says that there is more.
    private mutating func takeDelivery(_ count: Int, _ delivered: Set<PostID>) -> [ClientEffect] {
        pendingNew += count
        var effects: [ClientEffect] = [.loadTopics]
        if threads?.isEmpty ?? true { effects.append(.loadThreads(request)) }
        if let reader, delivered.contains(reader.thread) {
            effects.append(.loadThread(reader.thread, isUpdate: true))
        }
        if ringsBell, count > 0 { effects.append(.ring(Texts.newPosts(count))) }
        return effects
    }

    private mutating func takeOutcome(_ outcome: SubmissionOutcome, _ draft: String?) -> [ClientEffect] {
        compose?.isSending = false
        guard case .refused(let why) = outcome else {
            compose = nil
            switch outcome {
            case .sent(let number): say(Texts.sent(number), .good)
            case .held: say(Texts.held, .good)
            case .queued(let why): say(Texts.queued(why))
            case .refused: break
            }
            var effects: [ClientEffect] = draft.map { [.removeDraft(name: $0)] } ?? []
            effects += [.loadTopics, .loadThreads(request)]
            if let reader { effects.append(.loadThread(reader.thread, isUpdate: true)) }
            return effects
        }
        compose?.review = nil
        say(Texts.refused(why), .bad)
        return []
    }

    private mutating func takeEdited(_ text: String?) {
        guard var form = compose, let text else { return }
        if form.takeEdited(text) {
            form.isUnsaved = true
            compose = form
            form.check(me: me)
            compose = form
        } else {
            // Nothing of it may be lost: it is the draft as it stands.
            say(Texts.Form.unreadable, .bad)
            compose?.unreadableText = text
        }
    }

    /// Opens a kept draft, and the thread that it is about behind it.
    private mutating func openDraft(_ name: String, _ draft: DraftText, _ about: DraftSubject?) -> [ClientEffect] {
        guard let me else { return [] }
        var form = ComposeState.lesson(
            topic: nil, topics: topics.map(\.path), language: me.language, organisation: me.organisation)
        if let about {
            switch name.prefix(while: { $0 != "-" }) {
            case "reply": form = .reply(thread: about.thread, parent: about.post, to: Texts.Form.thePost)
            case "report": form = .report(thread: about.thread)
            case "translation":
                form = .translation(
                    thread: about.thread, source: about.post,
                    of: Lesson(title: "", observation: "", recommendation: ""),
                    language: me.language)
            case "revision": form.becomeRevision(thread: about.thread, base: about.post)
            default: break
            }
        }
        form.draft = name
        if !form.takeEdited(draft.text) { form.unreadableText = draft.text }
        form.takeKept(draft)
        dialogs = []
        compose = form
        guard let about, reader?.thread != about.thread else { return [] }
        return [.loadThread(about.thread, isUpdate: false)]
    }

    // MARK: Keys

    mutating func handle(_ key: Key) -> [ClientEffect] {
        notice = notice.flatMap { $0.tone == .plain ? nil : $0 }
        for id in [CommandID.redraw, .suspend] where bindings.keys(of: id).contains(key) { return perform(id) }
        if !dialogs.isEmpty { return handleInDialog(key) }
        if compose != nil { return handleInCompose(key) }
        guard let id = bindings.command(for: key, in: place) else { return [] }
        return perform(id)
    }

    private mutating func paste(_ text: String) -> [ClientEffect] {
        let safe = SafeText.terminal(text)
        switch dialogs.last {
        case .palette(var state)?:
            state.editor.insert(safe.onOneLine)
            dialogs[dialogs.count - 1] = .palette(state)
        case .search(var state)?:
            state.editor.insert(safe.onOneLine)
            dialogs[dialogs.count - 1] = .search(state)
            return [.search(state.request)]
        case .ask(var state)?:
            state.editor.insert(safe.onOneLine)
            dialogs[dialogs.count - 1] = .ask(state)
        case .join(var state)?:
            state.editor.insert(safe.onOneLine.trimmedSpaces)
            dialogs[dialogs.count - 1] = .join(state)
        case .help?, .page?, .list?: break
        case nil:
            guard var form = compose, form.review == nil, !form.isSending else { return [] }
            form.fields[form.focus].paste(form.fields[form.focus].isMultiline ? safe : safe.onOneLine)
            form.isUnsaved = true
            compose = form
        }
        return []
    }
}
