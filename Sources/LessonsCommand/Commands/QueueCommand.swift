import ArgumentParser
import LessonModel
import RelayClient
import TerminalUI
import Wire

struct QueueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue", abstract: "Read and decide what waits for a curator; see where your own posts stand.",
        discussion: """
            To a moderated topic, lessons and comments of those who do not curate it come when a curator lets them. Nobody \
            else learns of a post that waits, and no curator who may not see it by its marking.
            """,
        subcommands: [
            List.self, Show.self, Approve.self, Return.self, Reject.self, Flags.self, Close.self,
        ], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List the posts that wait for you, or your own.")

        @OptionGroup var options: CommandOptions

        @Flag(help: "Your own posts, and what became of them.")
        var mine = false

        func run() async throws {
            try await options.perform { context in
                let found = try await context.connected { connection, _ in
                    try await connection.allHeld(mine: mine).map(HeldRow.init)
                }
                let output = context.output
                if output.isJSON {
                    for row in found { try output.json(row.json) }
                    return
                }
                guard let first = found.first else {
                    output.message(mine ? "none of your posts waits or waited" : "nothing waits for you")
                    return
                }
                var table = TextTable(
                    ("NUMBER", .right), ("SINCE", .left), ("STATE", .left), ("TOPIC", .left), ("FROM", .left),
                    ("POST", .left))
                for row in found {
                    table.add(
                        StyledText("\(row.held.number)", .bold), StyledText(TimeText.local(row.held.heldAtMs), .dim),
                        StyledText(row.stateText), StyledText(row.held.topic, .cyan),
                        StyledText(row.post?.organisation.text ?? "-"), StyledText(row.headline))
                }
                try output.data(table.lines(width: output.width))
                if !mine {
                    output.message(StyledText("read one with: lessons queue show \(first.held.number)", .dim))
                }
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Read a post that waits for you, or one of yours.")

        @OptionGroup var options: CommandOptions

        @Argument(help: "Its number in the queue.")
        var number: Int64

        func run() async throws {
            try await options.perform { context in
                let row = try await context.connected { connection, _ in
                    for mine in [false, true] {
                        let found = try await connection.allHeld(mine: mine).first { $0.number == number }
                        if let found { return HeldRow(found) }
                    }
                    throw CommandFailure(
                        .missingInput, "NOT_FOUND", "no post waits for you under the number \(number)",
                        hint: "see those that do with: lessons queue")
                }
                if context.output.isJSON { return try context.output.json(row.json) }
                try context.output.data(row.lines(width: context.output.width))
                guard row.held.state == .waiting else { return }
                context.output.message(
                    StyledText(
                        "decide with: lessons queue approve \(number), or return or reject \(number) -m REASON", .dim))
            }
        }
    }

    struct Approve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "approve", abstract: "Let a post through: it is posted at once.")

        @OptionGroup var options: CommandOptions

        @Argument(help: "Its number in the queue.")
        var number: Int64

        func run() async throws {
            try await options.perform { context in
                let sequence = try await context.connected { connection, _ in
                    try await connection.decide(.with(number, .approved, ""))
                }
                if context.output.isJSON {
                    return try context.output.json(
                        .object([("number", .integer(number)), ("sequence", sequence.map { .integer($0) } ?? .null)]))
                }
                context.output.message(StyledText("posted as #\(sequence ?? 0)", .green))
            }
        }
    }

    struct Return: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "return", abstract: "Give a post back to its author, to be changed and posted anew.")

        @OptionGroup var options: CommandOptions
        @OptionGroup var refusal: QueueRefusal

        func run() async throws { try await refusal.send(.returned, options) }
    }

    struct Reject: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "reject", abstract: "Refuse a post.")

        @OptionGroup var options: CommandOptions
        @OptionGroup var refusal: QueueRefusal

        func run() async throws { try await refusal.send(.rejected, options) }
    }
}

/// What returning and rejecting have in common.
struct QueueRefusal: ParsableArguments {
    @Argument(help: "Its number in the queue.")
    var number: Int64

    @Option(name: [.customShort("m"), .long], help: "Why; its author reads it.")
    var message: String

    func send(_ decision: WireHeldState, _ options: CommandOptions) async throws {
        try await options.perform { context in
            _ = try await context.connected { connection, _ in
                try await connection.decide(.with(number, decision, message))
            }
            let word = decision == .returned ? "returned" : "rejected"
            if context.output.isJSON {
                return try context.output.json(.object([("number", .integer(number)), ("state", .string(word))]))
            }
            context.output.message(StyledText("\(word); the author sees your reason"))
        }
    }
}

extension WireDecideHeld {
    fileprivate static func with(_ number: Int64, _ decision: WireHeldState, _ reason: String) -> WireDecideHeld {
        var request = WireDecideHeld()
        request.number = number
        request.decision = decision
        request.reason = reason
        return request
    }
}

extension RelayConnection {
    func allHeld(mine: Bool) async throws(ClientError) -> [WireHeldPost] {
        var found: [WireHeldPost] = []
        var list = WireListHeld()
        list.mine = mine
        list.limit = 50
        while true {
            let page = try await held(list)
            found += page.posts
            guard page.more, let last = page.posts.last else { return found }
            list.after = last.number
        }
    }
}

/// A held post as a command shows it. Its signature was checked by the relay, and is again by every receiver.
struct HeldRow {
    let held: WireHeldPost
    /// Nil when it was returned or rejected, or cannot be read.
    let post: Post?

    init(_ held: WireHeldPost) {
        self.held = held
        post = held.hasPost ? try? Post(content: Array(held.post.content)) : nil
    }

    var headline: String {
        if let post { return post.body.lesson?.title ?? post.body.text }
        return held.reason
    }

    var stateText: String {
        switch held.state {
        case .waiting: "waits"
        case .approved: "posted #\(held.sequence)"
        case .returned: "returned"
        case .rejected: "rejected"
        case .unspecified, .UNRECOGNIZED: "-"
        }
    }

    func lines(width: Int?) -> [StyledText] {
        var facts = LabelledLines()
        facts.add("number", StyledText("\(held.number)", .bold))
        facts.add("topic", StyledText(held.topic, .cyan))
        facts.add("since", StyledText(TimeText.local(held.heldAtMs)))
        facts.add("state", StyledText(stateText))
        if !held.reason.isEmpty { facts.add("reason", StyledText(held.reason)) }
        guard let post else { return facts.lines }
        facts.add("kind", StyledText(post.body.kind.name))
        facts.add("marking", StyledText(post.marking))
        facts.add("from", StyledText(post.organisation.text))
        let text = post.body.lesson?.readingText ?? post.body.text
        let safe = SafeText.terminal(text)
        let wrapped =
            width.map { DisplayWidth.wrap(safe, to: min($0, 100)) }
            ?? safe.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init)
        return facts.lines + [""] + wrapped.map { StyledText($0) }
    }

    var json: JSONNode {
        .object([
            ("number", .integer(held.number)), ("topic", .string(held.topic)),
            ("held_at", .string(TimeText.iso(held.heldAtMs))), ("state", .string("\(held.state)")),
            ("reason", .string(held.reason)), ("sequence", held.sequence > 0 ? .integer(held.sequence) : .null),
            ("id", .text(post?.id.description)), ("kind", .text(post?.body.kind.name)),
            ("organisation", .text(post?.organisation.text)), ("marking", .text(post?.marking.label)),
            ("title", .text(post?.body.lesson?.title)),
            ("text", .text(post.map { $0.body.lesson?.readingText ?? $0.body.text })),
        ])
    }
}
