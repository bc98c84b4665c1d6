import ArgumentParser
import LessonModel
import PKI
import RelayClient
import TerminalUI

struct AttachmentsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attachments", abstract: "List the files of a thread, or of one of its posts.",
        discussion: "They are fetched with: lessons fetch NUMBER [NAME]")

    @OptionGroup var options: CommandOptions
    @OptionGroup var source: SourceOptions

    @Argument(help: "A post: its number such as 12, its id, or the beginning of the id.")
    var post: String

    @Flag(help: "Only those of this post, and not of its whole thread.")
    var only = false

    func run() async throws {
        try await options.perform { context in
            let reference = try PostReference(post)
            let (thread, named) = try await source.readThread(context) { try await $0.find(reference) }
            let posts = only ? [named] : thread.posts
            if context.output.isJSON {
                for shown in posts {
                    for attachment in shown.post.attachments {
                        try context.output.json(
                            .object(
                                [
                                    ("sequence", .integer(shown.stored.sequence)),
                                    ("post", .string(shown.post.id.description)),
                                ] + attachment.jsonFields))
                    }
                }
                return
            }
            var table = TextTable(("POST", .left), ("SIZE", .right), ("TYPE", .left), ("NAME", .left))
            for shown in posts {
                for attachment in shown.post.attachments {
                    table.add(
                        StyledText("#\(shown.stored.sequence)", .bold), StyledText(ByteText.short(attachment.size)),
                        StyledText(attachment.mediaType), StyledText(attachment.name))
                }
            }
            guard posts.contains(where: { !$0.post.attachments.isEmpty }) else {
                return context.output.message("no files are attached")
            }
            try context.output.data(table.lines(width: context.output.width))
        }
    }
}

struct FetchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fetch", abstract: "Fetch the files that are attached to a post.",
        discussion: """
            A file gets its name when all of it is here and its bytes are those that the author signed. What was interrupted \
            goes on where it ended. A file that is there is never written over. Files keep the marking of their post: handle \
            them by it.
            """)

    @OptionGroup var options: CommandOptions

    @Argument(help: "The post: its number such as 12, its id, or the beginning of the id.")
    var post: String

    @Argument(help: "The names of files; without, all of the post.")
    var names: [String] = []

    @Option(name: [.customShort("o"), .long], help: "The folder to write to.", completion: .directory)
    var output = "."

    func run() async throws {
        try await options.perform { context in
            let reference = try PostReference(post)
            try await context.connected { connection, identity in
                let reader = ThreadReader(
                    mirror: try context.mirror(identity), identity: identity, connection: connection)
                let shown = try await reader.find(reference).1
                for attachment in try wanted(shown) {
                    try await fetch(attachment, of: shown, over: connection, context)
                }
            }
        }
    }

    private func wanted(_ shown: ShownPost) throws -> [Attachment] {
        let all = shown.post.attachments
        guard !all.isEmpty else {
            throw CommandFailure(
                .missingInput, "NOT_FOUND", "no files are attached to #\(shown.stored.sequence)",
                hint: "see those of its thread with: lessons attachments \(shown.stored.sequence)")
        }
        return try names.isEmpty
            ? all
            : names.map { name in
                if let found = all.first(where: { $0.name == name }) { return found }
                throw CommandFailure(
                    .missingInput, "NOT_FOUND", "no file \"\(name)\" is attached to #\(shown.stored.sequence)",
                    hint: "it has: \(all.map(\.name).joined(separator: ", "))")
            }
    }

    private func fetch(
        _ attachment: Attachment, of shown: ShownPost, over connection: RelayConnection, _ context: CommandContext
    ) async throws {
        guard shown.isVerified else {
            throw CommandFailure(
                .badData, "BAD_SIGNATURE", "the post's signature is not proved, so its files are not fetched")
        }
        let path = output + "/" + attachment.name
        var progress = ByteProgress(attachment.name, of: attachment.size, output: context.output, now: .now)
        defer { progress.end() }
        do throws(ClientError) {
            try await AttachmentDownload(connection: connection).fetch(attachment, of: shown.post.id, to: path) {
                progress.update($0, now: .now)
            }
        } catch .disconnected(let reason) {
            throw CommandFailure(
                .unreachable, "DISCONNECTED", reason, hint: "what came is kept: the same command goes on where it ended"
            )
        }
        progress.end()
        if context.output.isJSON {
            try context.output.json(.object([("path", .string(path))] + attachment.jsonFields))
        } else {
            try context.output.data(StyledText(path))
            context.output.message(
                StyledText("\(ByteText.short(attachment.size)), ") + StyledText(shown.post.marking)
                    + StyledText(", as \(shown.byline) signed it", .dim))
        }
    }
}

/// A bar for bytes of one file that come or go.
struct ByteProgress {
    private static let unit: Int64 = 1_024
    private var report: ProgressReport

    init(_ name: String, of size: Int64, output: Output, now: ContinuousClock.Instant) {
        report = ProgressReport(
            "KiB of \(SafeText.line(name))", total: Int(max(1, size / Self.unit)), output: output, now: now)
    }

    mutating func update(_ bytes: Int64, now: ContinuousClock.Instant) {
        report.update(Int(bytes / Self.unit), now: now)
    }

    func end() { report.end() }
}

extension Attachment {
    var jsonFields: [(String, JSONNode)] {
        [
            ("name", .string(name)), ("media_type", .string(mediaType)), ("size", .integer(size)),
            ("sha256", .string(Hex.text(of: digest))),
        ]
    }
}
