extension ClientState {
    /// What the mouse does: a click chooses, on what is chosen it opens; a click on a hint is its key; the wheel moves.
    mutating func handle(_ mouse: MouseEvent) -> [ClientEffect] {
        guard usesMouse else { return [] }
        if case .press = mouse.action, mouse.button == .left,
            let target = ClientView.target(column: mouse.column, row: mouse.row, in: self)
        {
            return click(target)
        }
        guard dialogs.isEmpty, compose == nil else { return handleAboveThePanes(mouse) }
        let layout = layout
        func isIn(_ area: ScreenArea?) -> Bool { area?.contains(column: mouse.column, row: mouse.row) ?? false }
        let pane: Pane? =
            isIn(layout.topics) ? .topics : isIn(layout.threads) ? .threads : isIn(layout.reader) ? .reader : nil
        guard let pane else { return [] }
        switch mouse.action {
        case .wheelUp, .wheelDown:
            let step = mouse.action == .wheelUp ? -3 : 3
            if pane == .reader {
                let height = readerRows
                reader?.scroll(by: step, height: height)
                return []
            }
            return move(by: step, in: pane)
        case .press where mouse.button == .left:
            if pane == .reader, reader == nil { return [] }
            focus = pane
            let row = mouse.row - layout.body.row
            switch pane {
            case .topics: return selectTopic(at: topicsTop + row)
            case .threads:
                guard let threads, threads.indices.contains(threadsTop + row - 1) else { return [] }
                let id = threads[threadsTop + row - 1].id
                // A second click on the selected thread opens it.
                if selectedThread == id { return [.loadThread(id, isUpdate: false)] }
                selectedThread = id
                return []
            case .reader:
                if let line = reader?.top, let block = reader?.lines.dropFirst(line + row).first?.block {
                    reader?.current = block
                }
                return []
            }
        default: return []
        }
    }

    private mutating func click(_ target: ClientView.ClickTarget) -> [ClientEffect] {
        switch target {
        case .key(let key): return handle(key)
        case .field(let index):
            compose?.focus = index
            return []
        case .row(let index):
            guard let dialog = dialogs.popLast() else { return [] }
            let (chosen, wasSelected) = dialog.selecting(index)
            dialogs.append(chosen)
            return wasSelected ? handle(Key(.enter)) : []
        }
    }

    private mutating func handleAboveThePanes(_ mouse: MouseEvent) -> [ClientEffect] {
        switch mouse.action {
        case .wheelUp: handle(Key(.up))
        case .wheelDown: handle(Key(.down))
        default: []
        }
    }
}

extension Dialog {
    /// The dialog with another row selected, and whether it was before.
    fileprivate func selecting(_ index: Int) -> (dialog: Dialog, wasSelected: Bool) {
        switch self {
        case .palette(var palette):
            let was = palette.selected == index
            palette.selected = index
            return (.palette(palette), was)
        case .search(var search):
            let was = search.selected == index
            search.selected = index
            return (.search(search), was)
        case .list(var list):
            let was = list.selected == index
            list.selected = index
            return (.list(list), was)
        case .help, .page, .ask, .join: return (self, false)
        }
    }
}
