/// Where a command means something.
package enum CommandPlace: Hashable, Sendable, CaseIterable {
    case topics, threads, reader, compose, review, list, prompt

    package var title: String {
        switch self {
        case .topics: "Topics"
        case .threads: "Lessons"
        case .reader: "Reading"
        case .compose: "Writing"
        case .review: "Before sending"
        case .list: "Lists"
        case .prompt: "Searching and asking"
        }
    }
}

/// A command as every face of the client offers it.
package struct Command: Sendable {
    package let id: CommandID
    package let title: String
    /// By default; the configuration may bind others.
    package let keys: [Key]
    package let places: Set<CommandPlace>
    /// Shown at the bottom of the screen in these places, in this order of urgency; 0 is not shown.
    package let hint: Int
}

/// The one list of commands, from which key bindings, hints, help, the palette and the page of keys are made.
package enum CommandRegistry {
    static let lists: Set<CommandPlace> = [.topics, .threads, .list]
    static let browsing: Set<CommandPlace> = [.topics, .threads, .reader]

    package static let all: [Command] = moving + threads + thread + writing + listing + program

    package static func command(_ id: CommandID) -> Command {
        guard let found = byID[id] else { preconditionFailure("the command \(id.rawValue) is not registered") }
        return found
    }

    private static let byID = Dictionary(uniqueKeysWithValues: all.map { ($0.id, $0) })

    private static func command(
        _ id: CommandID, _ title: String, _ keys: [String], _ places: Set<CommandPlace>, hint: Int = 0
    ) -> Command {
        Command(
            id: id, title: title,
            keys: keys.map { text in
                guard let key = Key(text) else { preconditionFailure("\(text) names no key") }
                return key
            }, places: places, hint: hint)
    }

    private static let moving = [
        command(.up, "up", ["k", "up"], browsing.union([.list])),
        command(.down, "down", ["j", "down"], browsing.union([.list])),
        command(.pageUp, "a page up", ["pgup", "ctrl-u", "b"], browsing.union([.list])),
        command(.pageDown, "a page down", ["pgdn", "ctrl-d", "space"], browsing.union([.list])),
        command(.top, "to the top", ["g", "home"], browsing.union([.list])),
        command(.bottom, "to the bottom", ["G", "end"], browsing.union([.list])),
        command(.open, "open", ["enter", "l", "right"], lists, hint: 90),
        command(.back, "back", ["esc", "h", "left"], browsing.union([.list, .compose, .review]), hint: 20),
        command(.nextPane, "next pane", ["tab"], browsing),
        command(.previousPane, "previous pane", ["shift-tab"], browsing),
        command(.nextUnread, "next unread", ["n"], browsing, hint: 80),
        command(.nextPost, "next post", ["J", "]"], [.reader], hint: 30),
        command(.previousPost, "previous post", ["K", "["], [.reader]),
    ]

    private static let threads = [
        command(.search, "search", ["/"], browsing, hint: 60),
        command(.searchRelay, "search at the relay", ["ctrl-f"], browsing.union([.prompt])),
        command(.unreadOnly, "unread only, or all", ["u"], [.topics, .threads], hint: 30),
        command(.filterState, "by state", ["s"], [.threads]),
        command(.markRead, "mark as read or unread", ["m"], [.threads, .reader]),
        command(.markAllRead, "mark the topic as read", ["A"], [.topics, .threads]),
        command(.mute, "mute the thread, or no longer", ["M"], [.threads, .reader]),
        command(.follow, "follow the thread, or no longer", ["F"], [.threads, .reader]),
        command(.subscribe, "follow the topic, or no longer", ["f"], [.topics], hint: 50),
    ]

    private static let thread = [
        command(.reply, "reply", ["r"], [.reader, .threads], hint: 70),
        command(.endorse, "endorse, or take it back", ["e"], [.reader], hint: 40),
        command(.apply, "report an application", ["a"], [.reader], hint: 50),
        command(.translate, "translate", ["t"], [.reader]),
        command(.revise, "revise the lesson", ["v"], [.reader]),
        command(.state, "change the state", ["S"], [.reader]),
        command(.redact, "redact", ["X"], [.reader]),
        command(.fold, "fold or unfold replies", ["z"], [.reader]),
        command(.language, "next language", ["L"], [.reader]),
        command(.copyID, "copy the post's id", ["y"], [.reader, .threads]),
        command(.saveFiles, "save the post's files", ["s"], [.reader], hint: 60),
        command(.flag, "ask the curators to look", ["!"], [.reader]),
    ]

    private static let writing = [
        command(.post, "new lesson", ["c"], browsing, hint: 65),
        command(.send, "review and send", ["ctrl-s"], [.compose, .review], hint: 90),
        command(.externalEditor, "write in $EDITOR", ["ctrl-e"], [.compose], hint: 70),
        command(.nextField, "next field", ["tab"], [.compose], hint: 60),
        command(.previousField, "previous field", ["shift-tab"], [.compose]),
    ]

    private static let listing = [
        command(.outbox, "outbox", ["o"], browsing),
        command(.drafts, "drafts", ["D"], browsing),
        command(.subscriptions, "what you follow", ["w"], browsing),
        command(.owed, "reports still owed", ["W"], browsing),
        command(.queue, "moderation queue", ["Q"], browsing),
        command(.organisations, "organisations", [], browsing),
        command(.members, "members", [], browsing),
        command(.invitations, "invitations", [], browsing),
        command(.certificates, "certificates", [], browsing),
        command(.audit, "audit log", [], browsing),
        command(.retry, "try again", ["r"], [.list], hint: 60),
        command(.drop, "remove", ["d"], [.list], hint: 50),
        command(.approve, "approve", ["a"], [.list], hint: 60),
        command(.giveBack, "return with a reason", ["B"], [.list], hint: 55),
        command(.reject, "reject with a reason", ["x"], [.list], hint: 50),
        command(.revoke, "revoke", ["V"], [.list], hint: 40),
        command(.invite, "invite", ["i"], [.list], hint: 60),
    ]

    private static let program = [
        command(.refresh, "show what is new", ["R", "ctrl-r"], browsing.union([.list])),
        command(.offline, "go offline, or online", ["ctrl-o"], browsing),
        command(.theme, "next theme", ["T"], browsing),
        command(.mouse, "use the mouse, or not", [], browsing),
        command(.notify, "ring for new posts, or not", ["N"], browsing),
        command(.help, "help", ["?"], browsing.union([.list]), hint: 10),
        command(.palette, "all commands", [":"], browsing.union([.list]), hint: 5),
        command(.redraw, "draw anew", ["ctrl-l"], Set(CommandPlace.allCases)),
        command(.suspend, "to the shell", ["ctrl-z"], Set(CommandPlace.allCases)),
        command(.quit, "quit", ["q", "ctrl-c"], browsing, hint: 8),
    ]
}

/// Which key means which command in which place.
package struct KeyBindings: Sendable {
    private var table: [CommandPlace: [Key: CommandID]] = [:]
    private var keys: [CommandID: [Key]] = [:]

    /// Those of the registry.
    package init() {
        for command in CommandRegistry.all { bind(command.id, to: command.keys) }
    }

    /// Puts `keys` in the place of those that the command had.
    package mutating func bind(_ id: CommandID, to keys: [Key]) {
        let places = CommandRegistry.command(id).places
        for place in places {
            for (key, bound) in table[place, default: [:]] where bound == id { table[place]?[key] = nil }
            for key in keys where table[place]?[key] == nil || self.keys[id] != nil {
                table[place, default: [:]][key] = id
            }
        }
        self.keys[id] = keys
    }

    package func command(for key: Key, in place: CommandPlace) -> CommandID? { table[place]?[key] }

    /// Keys in a list dialog mean what the list's kind allows, which may be several commands' key.
    func commands(for key: Key) -> [CommandID] {
        CommandRegistry.all.filter { $0.places.contains(.list) && keys(of: $0.id).contains(key) }.map(\.id)
    }

    package func keys(of id: CommandID) -> [Key] { keys[id] ?? [] }

    /// The first key, as help and hints show it.
    package func label(of id: CommandID) -> String? { keys(of: id).first?.description }
}
