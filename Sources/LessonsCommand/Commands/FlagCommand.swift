import ArgumentParser
import Foundation
import LessonModel
import RelayClient
import TerminalUI
import Wire

struct FlagCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flag", abstract: "Ask the curators of a post's topic to look at it.",
        discussion: """
            Curators who may see the post learn who flagged it and why; its author does not. See what came of it with: \
            lessons queue flags --mine
            """)

    @OptionGroup var options: CommandOptions
    @OptionGroup var source: SourceOptions

    @Argument(help: "The post: its number such as 12, its id, or the beginning of the id.")
    var post: String

    @Option(name: [.customShort("m"), .long], help: "What is wrong with it, at most 2,000 bytes.")
    var message: String

    func run() async throws {
        try await options.perform { context in
            let reference = try PostReference(post)
            try await context.connected { connection, identity in
                let reader = ThreadReader(
                    mirror: try context.mirror(identity), identity: identity, connection: connection)
                let shown = try await reader.find(reference).1
                try await connection.flag(shown.post.id, reason: message)
                if context.output.isJSON {
                    return try context.output.json(
                        .object([
                            ("sequence", .integer(shown.stored.sequence)),
                            ("post", .string(shown.post.id.description)), ("status", .string("flagged")),
                        ]))
                }
                context.output.message(
                    StyledText("flagged #\(shown.stored.sequence); the curators of \(shown.post.topic) see it"))
            }
        }
    }
}

extension QueueCommand {
    struct Flags: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "flags", abstract: "List the flags on posts of the topics that you curate, or your own.")

        @OptionGroup var options: CommandOptions

        @Flag(help: "Your own flags, and what came of them.")
        var mine = false

        func run() async throws {
            try await options.perform { context in
                let found = try await context.connected { connection, _ in try await connection.allFlags(mine: mine) }
                let output = context.output
                if output.isJSON {
                    for flag in found { try output.json(flag.json) }
                    return
                }
                guard let first = found.first else {
                    output.message(mine ? "you have flagged nothing" : "no flags are open for you")
                    return
                }
                var table = TextTable(
                    ("NUMBER", .right), ("POST", .right), ("SINCE", .left), ("TOPIC", .left), ("FROM", .left),
                    (mine ? "OUTCOME" : "REASON", .left))
                for flag in found {
                    table.add(
                        StyledText("\(flag.number)", .bold), StyledText("#\(flag.sequence)", .bold),
                        StyledText(TimeText.local(flag.flaggedAtMs), .dim), StyledText(flag.topic, .cyan),
                        StyledText("\(flag.member.name) (\(flag.member.organisation))"),
                        StyledText(mine ? (flag.closedAtMs == 0 ? "open: \(flag.reason)" : flag.outcome) : flag.reason))
                }
                try output.data(table.lines(width: output.width))
                if !mine {
                    output.message(
                        StyledText(
                            "read the post with: lessons show \(first.sequence)   then: lessons queue close "
                                + "\(first.number) -m OUTCOME", .dim))
                }
            }
        }
    }

    struct Close: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "close", abstract: "Say what came of a flag.")

        @OptionGroup var options: CommandOptions

        @Argument(help: "Its number in the list of flags.")
        var number: Int64

        @Option(name: [.customShort("m"), .long], help: "What came of it; whoever flagged the post reads it.")
        var message: String

        func run() async throws {
            try await options.perform { context in
                try await context.connected { connection, _ in
                    try await connection.closeFlag(number, outcome: message)
                }
                if context.output.isJSON {
                    return try context.output.json(
                        .object([("number", .integer(number)), ("state", .string("closed"))]))
                }
                context.output.message(StyledText("closed the flag \(number)"))
            }
        }
    }
}

extension RelayConnection {
    func allFlags(mine: Bool) async throws(ClientError) -> [WireFlag] {
        var found: [WireFlag] = []
        var after: Int64 = 0
        while true {
            let page = try await flags(mine: mine, after: after)
            found += page.flags
            guard page.more, let last = page.flags.last else { return found }
            after = last.number
        }
    }
}

extension WireFlag {
    fileprivate var json: JSONNode {
        .object([
            ("number", .integer(number)), ("sequence", .integer(sequence)),
            ("post", .text(PostID(bytes: postID)?.description)), ("topic", .string(topic)),
            ("member", .text(MemberID(bytes: member.memberID)?.description)), ("member_name", .string(member.name)),
            ("organisation", .string(member.organisation)), ("reason", .string(reason)),
            ("flagged_at", .string(TimeText.iso(flaggedAtMs))),
            ("closed_at", .text(closedAtMs == 0 ? nil : TimeText.iso(closedAtMs))), ("outcome", .string(outcome)),
        ])
    }
}
