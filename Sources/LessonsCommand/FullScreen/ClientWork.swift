import LessonModel
import RelayClient
import Storage
import Synchronization
import TerminalUI
import Wire

/// Does what the state asks for, beside the thread that holds it, and posts the answers. What touches the mirror is done in
/// order, one after the other; what asks the relay runs beside.
final class ClientWork: Sendable {
    private let context: CommandContext
    private let mirror: ClientMirror
    let link: ClientLink
    private let mailbox: ClientMailbox
    private let effects: AsyncStream<ClientEffect>
    private let queue: AsyncStream<ClientEffect>.Continuation
    /// Typing makes a search for each key; all but the last are of no use.
    private let lastSearch = Mutex<SearchRequest?>(nil)

    init(_ context: CommandContext, mirror: ClientMirror, link: ClientLink, mailbox: ClientMailbox) {
        self.context = context
        self.mirror = mirror
        self.link = link
        self.mailbox = mailbox
        (effects, queue) = AsyncStream.makeStream()
    }

    func perform(_ effect: ClientEffect) {
        if case .search(let request) = effect { lastSearch.withLock { $0 = request } }
        queue.yield(effect)
    }

    /// Runs until the task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await effect in effects {
                if isLocal(effect) {
                    answer(effect)
                } else {
                    group.addTask { await self.ask(effect) }
                }
            }
        }
    }

    private func isLocal(_ effect: ClientEffect) -> Bool {
        switch effect {
        case .loadTopics, .loadThreads, .openNewestUnread, .findSimilar, .markRead, .markUnread, .markAllRead,
            .setAttention, .saveDraft, .removeDraft, .loadDraft, .setOffline:
            true
        case .search(let request): request.scope == .here
        case .loadThread(_, let isUpdate): isUpdate
        default: false
        }
    }

    /// Answers from this machine alone; blocks for as long as the mirror takes.
    func answer(_ effect: ClientEffect) {
        do { try answerLocally(effect) } catch { mailbox.post(.failed(CommandFailure(any: error).message)) }
    }

    private func answerLocally(_ effect: ClientEffect) throws {
        switch effect {
        case .loadTopics: mailbox.post(.topics(try topics()))
        case .loadThreads(let request): mailbox.post(.threads(try threads(request), for: request))
        case .openNewestUnread(let thread, let topic):
            let filter = topic.flatMap { SubscriptionFilter(topicAndBelow: $0) }
            guard let found = try mirror.newestUnread(in: filter, except: thread) else {
                mailbox.post(.acted(Texts.Work.allRead))
                return
            }
            try postThread(found.id)
        case .loadThread(let id, _): try postThread(id)
        case .search(let request):
            guard lastSearch.withLock({ $0 == request }) else { return }
            mailbox.post(try search(request))
        case .findSimilar(let text): mailbox.post(.similar(try similar(text)))
        case .markRead(let id, let through):
            try mirror.markRead(id, through: through)
            queue.yield(.shareMarks)
        case .markUnread(let id):
            try mirror.markUnread(id)
            queue.yield(.shareMarks)
        case .markAllRead(let topic):
            try mirror.markAllRead(in: topic.flatMap { SubscriptionFilter(topicAndBelow: $0) })
            queue.yield(.shareMarks)
        case .setAttention(let id, let attention):
            try mirror.setAttention(attention.mark, to: id)
            queue.yield(.shareMarks)
        case .saveDraft(let name, let draft): try ClientDrafts(context.profile).save(draft, name: name)
        case .removeDraft(let name): try ClientDrafts(context.profile).remove(name)
        case .loadDraft(let name):
            let draft = try ClientDrafts(context.profile).load(name)
            var about: DraftSubject?
            if let post = ClientDrafts.subject(of: name), let entry = try mirror.post(post) {
                about = DraftSubject(thread: entry.thread, post: post)
            }
            mailbox.post(.draft(name: name, draft, about: about))
        case .setOffline(let isOffline): link.setOffline(isOffline)
        default: break
        }
    }

    // MARK: The mirror

    private func topics() throws -> [TopicRow] {
        let followed = link.followed
        return try mirror.topics().map { topic in
            TopicRow(
                path: topic.topic.path, description: topic.description, threads: topic.threads, unread: topic.unread,
                isArchived: topic.isArchived, isModerated: topic.isModerated,
                isFollowed: followed.contains { $0.selects(topic: topic.topic) })
        }
    }

    private func threads(_ request: ThreadsRequest) throws -> [TerminalUI.ThreadRow] {
        var query = MirrorQuery(order: .lastActivity, limit: request.limit)
        query.filter = try filter(request)
        query.unreadOnly = request.unreadOnly
        return try mirror.threads(query).map { TerminalUI.ThreadRow($0) }
    }

    private func filter(_ request: ThreadsRequest) throws -> SubscriptionFilter? {
        guard request.topic != nil || request.state != nil else { return nil }
        let topic = try TopicFilter(request.topic.map { $0 + "/#" } ?? "#")
        return SubscriptionFilter(topics: [topic], states: request.state.map { [$0] } ?? [])
    }

    private func postThread(_ id: PostID) throws {
        mailbox.post(
            .thread(
                id: id, posts: mirror.shown(try mirror.thread(id)), readThrough: try mirror.mark(of: id).readThrough))
    }

    private func search(_ request: SearchRequest) throws -> ClientEvent {
        let words = SearchWords(request.text)
        guard words.countries.isEmpty else {
            throw CommandFailure(.usage, "BAD_FILTER", Texts.Work.countriesAtRelay)
        }
        // The last word is still being typed.
        let isWordOpen = words.text.last.map { $0.isLetter || $0.isNumber } ?? false
        guard let query = try? SearchQuery(isWordOpen ? words.text + "*" : words.text) else {
            return .searched(request, rows: [], total: 0)
        }
        let place = MirrorQuery(filter: words.filter(in: request.topic), organisation: words.organisation, limit: 100)
        let result = try mirror.search(query, in: place) { try? Post(content: $0) }
        let found = FoundThreads(result, query)
        var rows = result.hits.map { TerminalUI.ThreadRow($0.thread) }
        for (index, hit) in found.hits.enumerated() where rows.indices.contains(index) {
            rows[index].snippet = TerminalUI.ThreadRow(hit)?.snippet
        }
        return .searched(request, rows: rows, total: found.threadCount, hasMore: found.hasMore)
    }

    private func similar(_ text: String) throws -> [TerminalUI.ThreadRow] {
        guard let query = SearchQuery(similarTo: text) else { return [] }
        return try mirror.search(query, in: MirrorQuery(limit: 3), decode: { try? Post(content: $0) }).hits
            .map { TerminalUI.ThreadRow($0.thread) }
    }

    // MARK: The relay

    private func ask(_ effect: ClientEffect) async {
        do { try await askRelay(effect) } catch {
            guard !Task.isCancelled else { return }
            mailbox.post(.failed(CommandFailure(any: error).message))
        }
    }

    private func askRelay(_ effect: ClientEffect) async throws {
        switch effect {
        case .loadThread(let id, _): try await open(id)
        case .loadList(let kind):
            mailbox.post(.list(kind, try await ClientLists(context: context, link: link).items(kind)))
        case .search(let request): try await searchRelay(request)
        case .shareMarks: await link.synchroniseMarks()
        case .subscribe(let path): try await changeSubscription { try await self.subscribe(path) }
        case .unsubscribe(let path): try await changeSubscription { try await self.unsubscribe(path) }
        case .submit(let submission, let attachments, let draft):
            let posting = SubmissionPosting(context: context, mirror: mirror, connection: link.connection) {
                self.mailbox.post(.transfer($0))
            }
            let outcome = await posting.deliver(submission, attachments)
            mailbox.post(.transfer(nil))
            mailbox.post(.submitted(outcome, draft: draft))
            mailbox.post(.outboxCount(try context.profile.openOutbox().pendingCount()))
        case .saveFiles(let post, let thread):
            defer { mailbox.post(.transfer(nil)) }
            let saving = FileSaving(context: context, connection: try connection())
            let saved = try await saving.save(filesOf: post, in: mirror.shown(try mirror.thread(thread))) {
                self.mailbox.post(.transfer($0))
            }
            mailbox.post(.acted(saved))
        case .flag(let post, let reason):
            try await connection().flag(post, reason: reason)
            mailbox.post(.acted(Texts.Work.flagged))
        case .act(let action, let target):
            mailbox.post(try await ClientListActions(context: context, link: link).perform(action, on: target))
            mailbox.post(.outboxCount(try context.profile.openOutbox().pendingCount()))
        default: break
        }
    }

    /// What is here at once, then whatever the relay has beside.
    private func open(_ id: PostID) async throws {
        let known = try mirror.thread(id)
        let readThrough = try mirror.mark(of: id).readThrough
        if known.contains(where: { $0.id == id }) {
            mailbox.post(.thread(id: id, posts: mirror.shown(known), readThrough: readThrough))
        }
        guard let connection = link.connection else {
            guard known.isEmpty else { return }
            throw CommandFailure(.missingInput, "NOT_FOUND", Texts.Work.threadNotHere)
        }
        let reader = ThreadReader(mirror: mirror, identity: try context.freshIdentity(), connection: connection)
        let thread = try await reader.read(id)
        guard thread.posts.count != known.count else { return }
        mailbox.post(.thread(id: id, posts: thread.posts, readThrough: readThrough))
    }

    private func searchRelay(_ request: SearchRequest) async throws {
        guard let connection = link.connection else {
            throw CommandFailure(.unreachable, "OFFLINE", Texts.Work.searchNeedsRelay)
        }
        // A pause in typing, so that not every letter is asked for.
        try await Task.sleep(for: .milliseconds(150))
        guard lastSearch.withLock({ $0 == request }) else { return }
        let words = SearchWords(request.text)
        var search = WireSearch()
        search.text = words.text
        if let filter = words.filter(in: request.topic) { search.filter = WireFilter(filter) }
        search.organisation = words.organisation?.text ?? ""
        search.limit = 100
        let found = FoundThreads(try await connection.search(search))
        mailbox.post(
            .searched(
                request, rows: found.hits.compactMap { TerminalUI.ThreadRow($0) }, total: found.threadCount,
                hasMore: found.hasMore))
    }

    private func changeSubscription(_ body: () async throws -> Void) async throws {
        try await body()
        link.restart()
    }

    private func subscribe(_ path: String) async throws {
        let connection = try connection()
        let identity = try context.freshIdentity()
        guard let filter = SubscriptionFilter(topicAndBelow: path) else { return }
        var request = WireSubscribe()
        request.durable = identity.device
        request.filters = [WireFilter(filter)]
        // What was posted before is wanted too: the stream begins anew, and what is here already is not kept twice.
        request.afterSequence = 0
        let subscribed = try await connection.subscribe(request)
        try mirror.reset(durable: identity.device, to: subscribed.cursor)
        mailbox.post(.acted(Texts.Work.follows(path)))
    }

    private func unsubscribe(_ path: String) async throws {
        let connection = try connection()
        let identity = try context.freshIdentity()
        let own = try await connection.subscriptions().first { $0.durable == identity.device }
        let filters = own?.filters.flatMap(\.topics) ?? []
        let matching = filters.filter { $0 == path || $0 == path + "/#" }
        guard !matching.isEmpty else {
            mailbox.post(.failed(Texts.Work.followedOtherwise(path)))
            return
        }
        try await connection.unsubscribe(durable: identity.device, topics: matching)
        mailbox.post(.acted(Texts.Work.followsNoMore(path)))
    }

    private func connection() throws -> RelayConnection {
        if let connection = link.connection { return connection }
        throw CommandFailure(.unreachable, "OFFLINE", Texts.Work.needsRelay)
    }
}
