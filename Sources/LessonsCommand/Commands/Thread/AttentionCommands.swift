import ArgumentParser
import LessonModel
import RelayClient
import Storage
import TerminalUI

struct FollowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "follow", abstract: "Receive a thread's posts, whatever else you follow.",
        discussion: "On all your devices, from their next contact on. Topics are followed with: lessons subscribe")

    @OptionGroup var options: CommandOptions
    @OptionGroup var source: SourceOptions

    @Argument(help: "A post of the thread: its number such as 12, its id, or the beginning of the id.")
    var post: String

    @Flag(help: "Follow it no longer.")
    var undo = false

    func run() async throws {
        try await options.perform { context in
            try await ThreadMarking(context, source).mark(post, undo ? .normal : .followed)
        }
    }
}

struct MuteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mute", abstract: "Count a thread's posts as read.",
        discussion: "On all your devices. The posts are received all the same, and can be read and searched.")

    @OptionGroup var options: CommandOptions
    @OptionGroup var source: SourceOptions

    @Argument(help: "A post of the thread: its number such as 12, its id, or the beginning of the id.")
    var post: String

    @Flag(help: "Mute it no longer.")
    var undo = false

    func run() async throws {
        try await options.perform { context in
            try await ThreadMarking(context, source).mark(post, undo ? .normal : .muted)
        }
    }
}

struct MarkReadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mark-read", abstract: "Mark threads as read, on all your devices.")

    @OptionGroup var options: CommandOptions
    @OptionGroup var source: SourceOptions

    @Argument(help: "Posts of the threads: their numbers, ids, or beginnings of ids.")
    var posts: [String] = []

    @Flag(help: "Mark everything that was received here.")
    var all = false

    @Flag(help: "Mark as unread in place of read.")
    var unread = false

    func validate() throws {
        guard all == posts.isEmpty else { throw ValidationError("name posts, or give --all") }
        guard !(all && unread) else { throw ValidationError("--unread is for threads that you name") }
    }

    func run() async throws {
        try await options.perform { context in
            try await ThreadMarking(context, source).markRead(posts, all: all, unread: unread)
        }
    }
}

/// Marks threads here, and tells the relay where it can be reached; else it is told at the next contact.
private struct ThreadMarking {
    let context: CommandContext
    let source: SourceOptions

    init(_ context: CommandContext, _ source: SourceOptions) {
        self.context = context
        self.source = source
    }

    func mark(_ name: String, _ attention: ThreadMark.Attention) async throws {
        let reference = try PostReference(name)
        try await change { mirror, reader in
            let thread = try await reader.find(reference).thread
            try mirror.setAttention(attention, to: thread.id)
            let title = thread.lesson?.headline ?? thread.id.description
            let deed =
                switch attention {
                case .normal: "like any other again"
                case .followed: "followed"
                case .muted: "muted"
                }
            context.output.message(StyledText("\(deed): ") + StyledText(title, .bold))
        }
    }

    func markRead(_ names: [String], all: Bool, unread: Bool) async throws {
        let references = try names.map { try PostReference($0) }
        try await change { mirror, reader in
            if all { try mirror.markAllRead() }
            for reference in references {
                let thread = try await reader.find(reference).thread
                let last = thread.posts.map(\.stored.sequence).max() ?? 0
                try unread ? mirror.markUnread(thread.id) : mirror.markRead(thread.id, through: last)
            }
            context.output.message(StyledText("\(try mirror.unreadCount()) unread"))
        }
    }

    private func change(_ body: (ClientMirror, ThreadReader) async throws -> Void) async throws {
        try await source.read(context, showsResult: false) { connection, identity in
            let mirror = try context.mirror(identity)
            let reader = ThreadReader(mirror: mirror, identity: identity, connection: connection)
            try await body(mirror, reader)
            try await MarkSynchronisation(mirror).run(over: connection)
            try await reader.follow(durable: identity.device)
        } local: { identity in
            let mirror = try context.mirror(identity)
            try await body(mirror, ThreadReader(mirror: mirror, identity: identity, connection: nil))
        }
    }
}
