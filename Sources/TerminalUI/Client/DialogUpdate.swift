import LessonModel

extension ClientState {
    mutating func handleInDialog(_ key: Key) -> [ClientEffect] {
        guard let dialog = dialogs.last else { return [] }
        switch dialog {
        case .help(let top):
            return handleInPage(key, top, count: HelpText.lines(bindings).count) { .help(top: $0) }
        case .page(let title, let lines, let top):
            return handleInPage(key, top, count: lines.count) { .page(title: title, lines: lines, top: $0) }
        case .palette(let palette): return handleInPalette(key, palette)
        case .search(let search): return handleInSearch(key, search)
        case .list(let list): return handleInList(key, list)
        case .ask(let ask): return handleInAsk(key, ask)
        case .join(let join): return handleInJoin(key, join)
        }
    }

    private mutating func replaceTop(_ dialog: Dialog) { dialogs[dialogs.count - 1] = dialog }

    private static func isClosing(_ key: Key) -> Bool {
        key == Key(.escape) || key == Key(.character("c"), .control)
    }

    private mutating func handleInPage(
        _ key: Key, _ top: Int, count: Int, _ moved: (Int) -> Dialog
    ) -> [ClientEffect] {
        let isClosing = bindings.command(for: key, in: .list) == .back || key == Key(.character("q"))
        if isClosing || key == Key(.character("?")) || Self.isClosing(key) {
            dialogs.removeLast()
            return []
        }
        let page = max(1, rows - 6)
        let step: Int =
            switch bindings.command(for: key, in: .list) {
            case .up: -1
            case .down: 1
            case .pageUp: -page
            case .pageDown: page
            case .top: -10_000
            case .bottom: 10_000
            default: 0
            }
        replaceTop(moved(min(max(0, top + step), max(0, count - page))))
        return []
    }

    private mutating func handleInPalette(_ key: Key, _ palette: PaletteState) -> [ClientEffect] {
        var palette = palette
        if Self.isClosing(key) {
            dialogs.removeLast()
            return []
        }
        let matches = palette.matches
        switch key {
        case Key(.enter):
            dialogs.removeLast()
            guard matches.indices.contains(palette.selected) else {
                say(Texts.unknownCommand(palette.editor.text), .bad)
                return []
            }
            return perform(matches[palette.selected].id)
        case Key(.up): palette.selected = max(0, palette.selected - 1)
        case Key(.down), Key(.tab): palette.selected = min(palette.selected + 1, max(0, matches.count - 1))
        default:
            if palette.editor.handle(key) { palette.selected = 0 }
        }
        replaceTop(.palette(palette))
        return []
    }

    private mutating func handleInSearch(_ key: Key, _ search: SearchState) -> [ClientEffect] {
        var search = search
        if Self.isClosing(key) {
            dialogs.removeLast()
            return []
        }
        let page = max(1, rows - 8)
        switch key {
        case Key(.enter):
            guard search.rows.indices.contains(search.selected) else {
                return search.editor.text.isEmpty ? [] : [.search(search.request)]
            }
            let id = search.rows[search.selected].id
            // Closing the thread comes back to it.
            searchToReturnTo = search
            dialogs.removeLast()
            return [.loadThread(id, isUpdate: false)]
        case Key(.up): search.selected = max(0, search.selected - 1)
        case Key(.down): search.selected = min(search.selected + 1, max(0, search.rows.count - 1))
        case Key(.pageUp): search.selected = max(0, search.selected - page)
        case Key(.pageDown): search.selected = min(search.selected + page, max(0, search.rows.count - 1))
        case Key(.character("f"), .control):
            if search.scope == .here, let obstacle = obstacle(.searchRelay) {
                say(obstacle, .bad)
                return []
            }
            search.scope = search.scope == .here ? .relay : .here
            search.total = nil
            replaceTop(.search(search))
            return search.editor.text.isEmpty ? [] : [.search(search.request)]
        default:
            let before = search.editor.text
            guard search.editor.handle(key) else { return [] }
            replaceTop(.search(search))
            guard search.editor.text != before else { return [] }
            guard !search.editor.text.trimmedSpaces.isEmpty else {
                search.rows = []
                search.total = nil
                replaceTop(.search(search))
                return []
            }
            return [.search(search.request)]
        }
        search.top = Self.top(search.top, selected: search.selected, count: search.rows.count, rows: page)
        replaceTop(.search(search))
        return []
    }

    private mutating func handleInList(_ key: Key, _ list: ListState) -> [ClientEffect] {
        var list = list
        if key == Key(.character("q")) || Self.isClosing(key) {
            dialogs.removeLast()
            return []
        }
        let count = list.items?.count ?? 0
        let page = max(1, rows - 8)
        func moved(_ step: Int) -> [ClientEffect] {
            list.selected = min(max(0, list.selected + step), max(0, count - 1))
            list.top = Self.top(list.top, selected: list.selected, count: count, rows: page)
            dialogs[dialogs.count - 1] = .list(list)
            return []
        }
        for id in bindings.commands(for: key) {
            switch id {
            case .up: return moved(-1)
            case .down: return moved(1)
            case .pageUp: return moved(-page)
            case .pageDown: return moved(page)
            case .top: return moved(-1_000_000)
            case .bottom: return moved(1_000_000)
            case .back:
                dialogs.removeLast()
                return []
            case .open: return openItem(list)
            case .retry, .drop, .approve, .giveBack, .reject, .revoke, .invite:
                guard list.allows(id) else { continue }
                return actOnList(id)
            default: return perform(id)
            }
        }
        return []
    }

    private mutating func openItem(_ list: ListState) -> [ClientEffect] {
        guard let item = list.selectedItem else { return [] }
        switch item.target {
        case .post(let id):
            dialogs = []
            return [.loadThread(id, isUpdate: false)]
        case .draft(let name): return [.loadDraft(name: name)]
        case .none, .outbox, .held, .organisation, .member, .invitation, .certificate, .filter: return []
        }
    }

    mutating func actOnList(_ id: CommandID) -> [ClientEffect] {
        guard case .list(let list)? = dialogs.last, list.allows(id) else { return [] }
        if id == .invite {
            compose = .invitation(organisation: me?.organisation.text ?? "")
            dialogs = []
            return []
        }
        guard let item = list.selectedItem else {
            say(Texts.Why.noSelection, .bad)
            return []
        }
        let target = item.target
        switch id {
        case .retry: return [.act(.retry, on: target)]
        case .drop:
            if case .draft(let name) = target { return [.removeDraft(name: name), .loadList(.drafts)] }
            if case .filter(let filter) = target { return [.unsubscribe(filter), .loadList(.subscriptions)] }
            return [.act(.drop, on: target)]
        case .approve: return [.act(.approve, on: target)]
        case .giveBack:
            dialogs.append(
                .ask(
                    AskState(
                        title: Texts.Dialog.giveBack, help: Texts.Dialog.reasonForAuthor, confirm: nil,
                        purpose: .giveBack(target))))
        case .reject:
            dialogs.append(
                .ask(
                    AskState(
                        title: Texts.Dialog.reject, help: Texts.Dialog.reasonForAuthor, confirm: nil,
                        purpose: .reject(target))))
        case .revoke:
            let name = item.confirmation
            dialogs.append(
                .ask(
                    AskState(
                        title: Texts.Dialog.revoke,
                        help: Texts.Dialog.typeToConfirm(name), confirm: name, purpose: .revoke(target))))
        default: break
        }
        return []
    }

    private mutating func handleInAsk(_ key: Key, _ ask: AskState) -> [ClientEffect] {
        var ask = ask
        if Self.isClosing(key) {
            dialogs.removeLast()
            return []
        }
        guard key == Key(.enter) else {
            _ = ask.editor.handle(key)
            ask.problem = nil
            replaceTop(.ask(ask))
            return []
        }
        let answer = ask.editor.text.trimmedSpaces
        if let confirm = ask.confirm, answer != confirm {
            ask.problem = Texts.Dialog.notConfirmed(confirm)
            replaceTop(.ask(ask))
            return []
        }
        guard !answer.isEmpty else {
            ask.problem = Texts.Form.writeText
            replaceTop(.ask(ask))
            return []
        }
        dialogs.removeLast()
        return switch ask.purpose {
        case .giveBack(let target): [.act(.giveBack(reason: answer), on: target)]
        case .reject(let target): [.act(.reject(reason: answer), on: target)]
        case .revoke(let target): [.act(.revoke(reason: "unspecified"), on: target)]
        case .flag(let post): [.flag(post, reason: answer)]
        }
    }

    private mutating func handleInJoin(_ key: Key, _ join: JoinState) -> [ClientEffect] {
        var join = join
        if Self.isClosing(key) { return [.quit] }
        guard !join.isJoining else { return [] }
        if key == Key(.enter) {
            let text = join.editor.text.trimmedSpaces
            guard !text.isEmpty else { return [] }
            join.isJoining = true
            join.problem = nil
            replaceTop(.join(join))
            return [.join(text)]
        }
        _ = join.editor.handle(key)
        replaceTop(.join(join))
        return []
    }
}

extension ListState {
    /// What may be done to the rows of such a list.
    func allows(_ id: CommandID) -> Bool {
        switch (kind, id) {
        case (.outbox, .retry), (.outbox, .drop), (.drafts, .drop), (.subscriptions, .drop): true
        case (.queue, .approve), (.queue, .giveBack), (.queue, .reject): true
        case (.certificates, .revoke), (.members, .revoke): true
        case (.invitations, .drop), (.invitations, .invite), (.members, .invite): true
        default: false
        }
    }
}

extension ListItem {
    /// What is typed to confirm something severe on the row.
    var confirmation: String {
        switch target {
        case .certificate(let fingerprint): String(fingerprint.prefix(8))
        case .member(let id): String(id.prefix(8))
        case .organisation(let slug): slug
        case .held(let number): "\(number)"
        case .invitation(let id): String(id.prefix(8))
        case .none, .post, .outbox, .draft, .filter: "yes"
        }
    }
}
