import LessonModel

extension ClientState {
    /// Why a command can do nothing now; nil where it can.
    package func obstacle(_ id: CommandID) -> String? {
        switch id {
        case .open:
            return focus == .threads && selectedThread == nil ? Texts.nothingSelected : nil
        case .markRead, .mute, .follow, .copyID:
            return threadInFocus == nil ? Texts.nothingSelected : nil
        case .subscribe: return selectedTopic == nil ? Texts.Why.noTopic : nil
        case .reply:
            if focus == .threads { return selectedThread == nil ? Texts.nothingSelected : nil }
            return lessonObstacle
        case .endorse:
            if let obstacle = lessonObstacle { return obstacle }
            return reader?.lesson?.post.organisation == me?.organisation ? Texts.Why.ownLesson : nil
        case .apply, .translate, .redact: return lessonObstacle
        case .revise:
            if let obstacle = lessonObstacle { return obstacle }
            return reader?.lesson?.post.organisation == me?.organisation ? nil : Texts.Why.notOwnLesson
        case .state: return lessonObstacle ?? (me?.isCurator == true ? nil : Texts.Why.notCurator)
        case .nextPost, .previousPost, .fold, .language: return reader == nil ? Texts.Why.noThread : nil
        case .saveFiles:
            guard let post = reader?.currentPost else { return Texts.Why.noThread }
            if post.post.attachments.isEmpty { return Texts.Why.noFiles }
            if !post.isVerified { return Texts.Why.notSigned }
            return isConnected ? nil : Texts.notOnline
        case .flag:
            guard reader?.currentPost != nil else { return Texts.Why.noThread }
            return isConnected ? nil : Texts.notOnline
        case .queue: return isConnected ? nil : Texts.notOnline
        case .organisations, .members:
            return isConnected ? nil : Texts.notOnline
        case .invitations, .certificates, .audit:
            guard me?.isAdministrator == true else { return Texts.Why.notAdministrator }
            return isConnected ? nil : Texts.notOnline
        case .searchRelay: return isConnected ? nil : Texts.notOnline
        default: return nil
        }
    }

    private var lessonObstacle: String? {
        guard let reader else { return Texts.Why.noThread }
        return reader.lesson == nil ? Texts.Why.noLesson : nil
    }

    /// Does what a command says, or says why it cannot.
    mutating func perform(_ id: CommandID) -> [ClientEffect] {
        if let obstacle = obstacle(id) {
            say(Texts.cannot(CommandRegistry.command(id).title, obstacle), .bad)
            return []
        }
        switch id {
        case .up: return move(by: -1)
        case .down: return move(by: 1)
        case .pageUp: return page(by: -1)
        case .pageDown: return page(by: 1)
        case .top: return move(by: -1_000_000)
        case .bottom: return move(by: 1_000_000)
        case .open: return open()
        case .back: return back()
        case .nextPane: movePane(by: 1)
        case .previousPane: movePane(by: -1)
        case .nextUnread: return nextUnread()
        case .nextPost, .previousPost:
            let index = (reader?.current ?? 0) + (id == .nextPost ? 1 : -1)
            let height = readerRows
            _ = reader?.moveToBlock(index, height: height)
        case .search, .searchRelay:
            var search = SearchState()
            search.scope = id == .search ? .here : .relay
            search.topic = request.topic
            dialogs.append(.search(search))
        case .unreadOnly:
            request.unreadOnly.toggle()
            return reloadThreads()
        case .filterState:
            let states: [ThreadState?] = [nil] + ThreadState.allCases
            let index = states.firstIndex(of: request.state) ?? 0
            request.state = states[(index + 1) % states.count]
            return reloadThreads()
        case .markRead: return toggleRead()
        case .markAllRead:
            return [.markAllRead(topic: request.topic), .loadTopics, .loadThreads(request)]
        case .mute: return setAttention(.muted)
        case .follow: return setAttention(.followed)
        case .subscribe:
            guard let topic = selectedTopic else { return [] }
            return [topic.isFollowed ? .unsubscribe(topic.path) : .subscribe(topic.path)]
        case .reply, .endorse, .apply, .translate, .revise, .state, .redact, .post: return beginWriting(id)
        case .fold:
            if reader?.toggleFold() != true { say(Texts.Why.nothingFolded) }
        case .language:
            if let language = reader?.nextLanguage() {
                say("in \(language)")
            } else {
                say(Texts.Why.oneLanguage)
            }
        case .copyID:
            let post = focus == .reader ? reader?.currentPost?.post.id : selectedThread
            guard let post else { return [] }
            say(Texts.copied, .good)
            return [.copy(post.description)]
        case .saveFiles: return reader?.currentPost.map { [.saveFiles(of: $0.post.id, in: $0.post.thread)] } ?? []
        case .flag:
            guard let post = reader?.currentPost else { return [] }
            dialogs.append(
                .ask(
                    AskState(
                        title: Texts.flag(post.stored.sequence), help: Texts.flagHelp, confirm: nil,
                        purpose: .flag(post.post.id))))
        case .outbox: return openList(.outbox)
        case .drafts: return openList(.drafts)
        case .subscriptions: return openList(.subscriptions)
        case .owed: return openList(.owed)
        case .queue: return openList(.queue)
        case .organisations: return openList(.organisations)
        case .members: return openList(.members)
        case .invitations: return openList(.invitations)
        case .certificates: return openList(.certificates)
        case .audit: return openList(.audit)
        case .retry, .drop, .approve, .giveBack, .reject, .revoke, .invite: return actOnList(id)
        case .send, .externalEditor, .nextField, .previousField: return performInCompose(id)
        case .refresh:
            var effects: [ClientEffect] = [.loadTopics] + reloadThreads()
            if let reader { effects.append(.loadThread(reader.thread, isUpdate: true)) }
            if case .list(let list)? = dialogs.last { effects = [.loadList(list.kind)] }
            return effects
        case .offline: return [.setOffline(link != .offline)]
        case .theme: theme = theme.next
        case .mouse:
            usesMouse.toggle()
            say(usesMouse ? Texts.mouseOn : Texts.mouseOff)
        case .notify:
            ringsBell.toggle()
            say(ringsBell ? Texts.notifyOn : Texts.notifyOff)
        case .help: dialogs.append(.help(top: 0))
        case .palette: dialogs.append(.palette(PaletteState()))
        case .redraw: return [.redraw]
        case .suspend: return [.suspend]
        case .quit: return [.quit]
        }
        return []
    }

    // MARK: Moving

    mutating func move(by count: Int, in pane: Pane? = nil) -> [ClientEffect] {
        switch pane ?? focus {
        case .topics: return selectTopic(at: selectedTopicIndex + count)
        case .threads:
            guard let threads, !threads.isEmpty else { return [] }
            let index = min(max(0, (selectedThreadIndex ?? 0) + count), threads.count - 1)
            selectedThread = threads[index].id
            return []
        case .reader:
            let height = readerRows
            if count >= 1_000_000 {
                reader?.moveToEnd(height: height)
            } else {
                reader?.scroll(by: count, height: height)
            }
            return []
        }
    }

    private mutating func page(by count: Int) -> [ClientEffect] {
        let layout = layout
        switch focus {
        case .topics: return move(by: count * max(1, (layout.topics?.rows ?? 2) - 1))
        case .threads: return move(by: count * max(1, (layout.threads?.rows ?? 3) - 2))
        case .reader:
            let height = readerRows
            reader?.scroll(by: count * max(1, height - 2), height: height)
            return []
        }
    }

    mutating func selectTopic(at index: Int) -> [ClientEffect] {
        let index = min(max(0, index), topics.count)
        let path = index == 0 ? nil : topics[index - 1].path
        guard path != request.topic else { return [] }
        request.topic = path
        return reloadThreads()
    }

    mutating func reloadThreads() -> [ClientEffect] {
        threadsTop = 0
        return [.loadThreads(request)]
    }

    private mutating func open() -> [ClientEffect] {
        switch focus {
        case .topics:
            focus = .threads
            return []
        case .threads: return selectedThread.map { [.loadThread($0, isUpdate: false)] } ?? []
        case .reader: return []
        }
    }

    private mutating func back() -> [ClientEffect] {
        if !dialogs.isEmpty {
            if case .join? = dialogs.last { return [.quit] }
            dialogs.removeLast()
            return []
        }
        if compose != nil { return closeCompose() }
        switch focus {
        case .topics: return []
        case .threads:
            focus = .topics
            return []
        case .reader:
            focus = .threads
            if layout.reader == nil { reader = nil }
            if let search = searchToReturnTo {
                searchToReturnTo = nil
                dialogs.append(.search(search))
            }
            return [.loadThreads(request)]
        }
    }

    private mutating func movePane(by step: Int) {
        let panes: [Pane] = reader == nil ? [.topics, .threads] : [.topics, .threads, .reader]
        let index = panes.firstIndex(of: focus) ?? 0
        focus = panes[(index + step + panes.count) % panes.count]
    }

    private mutating func nextUnread() -> [ClientEffect] {
        let height = readerRows
        if focus == .reader, reader?.moveToNextNew(height: height) == true { return [] }
        return [.openNewestUnread(except: reader?.thread, topic: request.topic)]
    }

    // MARK: Marks

    private mutating func toggleRead() -> [ClientEffect] {
        if focus == .reader, let reader {
            return [.markUnread(reader.thread), .loadTopics, .loadThreads(request)]
        }
        guard let row = selectedRow, let index = selectedThreadIndex else { return [] }
        let isRead = row.unread == 0
        threads?[index].unread = isRead ? row.posts : 0
        return [isRead ? .markUnread(row.id) : .markRead(row.id, through: row.lastSequence), .loadTopics]
    }

    private mutating func setAttention(_ wanted: ThreadRow.Attention) -> [ClientEffect] {
        guard let thread = threadInFocus else { return [] }
        let index = threads?.firstIndex { $0.id == thread }
        let present = index.flatMap { threads?[$0].attention } ?? .normal
        let next: ThreadRow.Attention = present == wanted ? .normal : wanted
        if let index { threads?[index].attention = next }
        switch next {
        case .normal: say(Texts.Attention.normal, .good)
        case .followed: say(Texts.Attention.followed, .good)
        case .muted: say(Texts.Attention.muted, .good)
        }
        return [.setAttention(thread, next), .loadTopics]
    }

    private mutating func openList(_ kind: ListKind) -> [ClientEffect] {
        dialogs.append(.list(ListState(kind: kind)))
        return [.loadList(kind)]
    }
}
