package import LessonModel

/// Everything that the client shows and knows, changed by `update` alone.
package struct ClientState: Sendable {
    package enum Pane: Hashable, Sendable, CaseIterable { case topics, threads, reader }

    /// A sentence in the status line.
    package struct Notice: Hashable, Sendable {
        package enum Tone: Hashable, Sendable { case plain, good, bad }

        package var text: String
        package var tone: Tone
        /// Milliseconds since 1970.
        package var until: Milliseconds
    }

    private static let noticeMilliseconds: Milliseconds = 6_000
    /// The longest that typing is not on the disk.
    static let draftMilliseconds: Milliseconds = 1_000

    package var columns: Int
    package var rows: Int
    /// Milliseconds since 1970, as of the last tick.
    package var now: Milliseconds
    /// Nil before the person has joined a relay.
    package internal(set) var me: ClientIdentityFacts?
    package internal(set) var link = LinkState.connecting
    package internal(set) var topics: [TopicRow] = []
    package internal(set) var topicsTop = 0
    package internal(set) var request = ThreadsRequest()
    /// Nil until they were read.
    package internal(set) var threads: [ThreadRow]?
    package internal(set) var threadsTop = 0
    package internal(set) var selectedThread: PostID?
    /// Posts that came and are not in the list that is shown.
    package internal(set) var pendingNew = 0
    package internal(set) var reader: ReaderState?
    package internal(set) var focus = Pane.threads
    package internal(set) var dialogs: [Dialog] = []
    package internal(set) var compose: ComposeState?
    package internal(set) var notice: Notice?
    package internal(set) var outboxCount = 0
    package internal(set) var theme: ThemeName
    package internal(set) var usesMouse = true
    package internal(set) var ringsBell = false
    /// The file that is on its way.
    package internal(set) var transfer: TransferState?
    package var bindings: KeyBindings
    /// Where a draft of the compose form was last asked to be saved.
    var draftSavedAt: Milliseconds = 0
    /// Numbers the drafts of this run.
    var draftCount = 0
    /// The search from which the thread was opened.
    var searchToReturnTo: SearchState?
    /// Threads that have grown since they were read.
    var grown: Set<PostID> = []

    /// - Parameter me: nil begins with the wizard.
    package init(
        columns: Int, rows: Int, now: Milliseconds, me: ClientIdentityFacts?, theme: ThemeName = .dark,
        bindings: KeyBindings = KeyBindings()
    ) {
        self.columns = columns
        self.rows = rows
        self.now = now
        self.me = me
        self.theme = theme
        self.bindings = bindings
        if me == nil { dialogs = [.join(JoinState())] }
    }

    /// Takes over what the person has set.
    package mutating func begin(usesMouse: Bool, ringsBell: Bool) {
        self.usesMouse = usesMouse
        self.ringsBell = ringsBell
    }

    /// What is wanted before the first frame.
    package var firstEffects: [ClientEffect] { me == nil ? [] : [.loadTopics, .loadThreads(request)] }

    package var layout: ScreenLayout { ScreenLayout(columns: columns, rows: rows, focus: focus) }

    /// What the next key is for.
    package var place: CommandPlace {
        switch dialogs.last {
        case .help?, .page?, .list?: return .list
        case .palette?, .search?, .ask?, .join?: return .prompt
        case nil: break
        }
        if let compose { return compose.review == nil ? .compose : .review }
        return switch focus {
        case .topics: .topics
        case .threads: .threads
        case .reader: .reader
        }
    }

    var isConnected: Bool {
        switch link {
        case .connected, .catchingUp: true
        case .offline, .connecting, .waiting, .refused: false
        }
    }

    package var unread: Int { topics.reduce(0) { $0 + $1.unread } }

    // MARK: Selection

    var selectedThreadIndex: Int? { threads?.firstIndex { $0.id == selectedThread } }

    var selectedRow: ThreadRow? { selectedThreadIndex.map { threads?[$0] } ?? nil }

    /// 0 stands for all topics.
    package var selectedTopicIndex: Int {
        request.topic.flatMap { path in topics.firstIndex { $0.path == path } }.map { $0 + 1 } ?? 0
    }

    var selectedTopic: TopicRow? {
        let index = selectedTopicIndex
        return index > 0 ? topics[index - 1] : nil
    }

    /// The thread that a command is about: the one that is read, or the selected one.
    var threadInFocus: PostID? { focus == .reader ? reader?.thread : selectedThread }

    mutating func say(_ text: String, _ tone: Notice.Tone = .plain) {
        notice = Notice(text: text, tone: tone, until: now + Self.noticeMilliseconds)
    }

    /// Brings what is selected into sight, after anything has changed.
    mutating func settle() {
        let layout = layout
        if let area = layout.topics {
            topicsTop = Self.top(topicsTop, selected: selectedTopicIndex, count: topics.count + 1, rows: area.rows)
        }
        if let area = layout.threads, let threads {
            threadsTop = Self.top(
                threadsTop, selected: selectedThreadIndex ?? 0, count: threads.count, rows: max(1, area.rows - 1))
        }
        let width = ScreenLayout.readerWidth(columns: columns, focus: focus)
        if reader?.needsLayout(width: width) == true { reader?.layOut(width: width) }
    }

    static func top(_ top: Int, selected: Int, count: Int, rows: Int) -> Int {
        var top = min(top, max(0, count - rows))
        if selected < top { top = selected }
        if selected >= top + rows { top = selected - rows + 1 }
        return max(0, top)
    }

    /// Lines of the reader on the screen.
    package var readerRows: Int { layout.reader?.rows ?? max(1, rows - 2) }
}
