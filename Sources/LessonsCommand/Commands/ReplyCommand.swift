import ArgumentParser
import LessonModel
import RelayClient
import TerminalUI

struct ReplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reply", abstract: "Answer a lesson or a reply.",
        discussion: """
            The text is Markdown: from --message, from a file, from standard input, or from your editor. Marking and audience \
            are those of what you answer unless you narrow them.
            """)

    @OptionGroup var options: CommandOptions
    @OptionGroup var source: SourceOptions
    @OptionGroup var attaching: AttachmentOptions

    @Argument(help: "What you answer: a post's number such as 12, its id, or the beginning of the id.")
    var post: String

    @Argument(help: "The file with your reply; - is standard input.", completion: .file())
    var file: String?

    @Option(name: [.customShort("m"), .long], help: "Your reply.")
    var message: String?

    @Option(help: "A narrower marking than that of what you answer.")
    var marking: Marking?

    @Option(help: "Whom the marking names: organisations or, for RED, members' ids; with commas, or repeated.")
    var audience: [String] = []

    @Option(help: "The reply's language; without, the thread's.")
    var language: String?

    @Flag(help: "Check the reply, and show who would receive it; send nothing.")
    var dryRun = false

    func validate() throws {
        if message != nil, file != nil { throw ValidationError("give --message or a file, not both") }
    }

    func run() async throws {
        try await options.perform { context in
            let identity = try context.identity()
            let reference = try PostReference(post)
            let (thread, parent) = try await source.readThread(context, showsResult: false) {
                try await $0.find(reference)
            }
            guard let lesson = thread.lesson else {
                throw CommandFailure(
                    .missingInput, "NOT_FOUND", "the thread's lesson has not been received here",
                    hint: "receive what is new with: lessons sync")
            }
            // What is answered may be for fewer than the lesson, and so must the answer be.
            let handling = try ReplyHandling(
                to: parent.post, from: identity.viewer, marking: marking, audience: audience.splitAtCommas)
            let texts = try TextSource(context, kind: "reply")
            let text = try written(texts, parent)
            if message == nil, file == nil, ReplyTemplate.reply(in: String(decoding: text.bytes, as: UTF8.self)).isEmpty
            {
                texts.finish(text)
                throw CommandFailure(.badData, "INVALID", "nothing was written; nothing was sent")
            }
            do {
                let reply = try makeReply(text, lesson.post, parent.post, handling, identity, context)
                guard !dryRun else {
                    try preview(reply, context)
                    return
                }
                let delivery = PostDelivery(context: context, identity: identity)
                let outcome = try await delivery.deliver(reply, title: "reply to \(lesson.headline)")
                texts.finish(text)
                try delivery.report(outcome, of: reply)
            } catch let error where !(error is ExitCodeRequest || error is OutputClosed) {
                if !dryRun { texts.keep(text) }
                throw error
            }
        }
    }

    private func written(_ texts: TextSource, _ parent: ShownPost) throws -> WrittenText {
        if let message { return WrittenText(bytes: Array(message.utf8), name: "--message", path: nil) }
        // More than a reply, since the editor's text holds what it answers too.
        return try texts.read(
            file, maxBytes: 4 * Comment.maxTextBytes, template: ReplyTemplate.text(answering: parent))
    }

    private func makeReply(
        _ text: WrittenText, _ lesson: Post, _ parent: Post, _ handling: ReplyHandling, _ identity: ClientIdentity,
        _ context: CommandContext
    ) throws -> Post {
        guard let whole = String(validating: text.bytes, as: UTF8.self) else {
            throw CommandFailure(.badData, "INVALID_UTF8", "\(text.name) is not UTF-8 text")
        }
        let comment = Comment(parent: parent.id, text: ReplyTemplate.reply(in: whole))
        let reply = try PostSigner(identity).post(
            .comment(comment), in: lesson.id, topic: lesson.topic, marking: handling.marking,
            audience: handling.audience,
            language: language ?? lesson.language, attachments: try attaching.attachments(context), now: context.now)
        do { try reply.validate() } catch { throw CommandFailure(error) }
        return reply
    }

    private func preview(_ reply: Post, _ context: CommandContext) throws {
        guard case .comment(let comment) = reply.body else { return }
        let receivers = AudienceText.receivers(
            marking: reply.marking, audience: reply.audience, author: .you(reply.organisation))
        if context.output.isJSON {
            try context.output.json(
                .object([
                    ("status", .string("dry-run")), ("receivers", .string(receivers)),
                    ("thread", .string(reply.thread.description)), ("parent", .string(comment.parent.description)),
                    ("marking", .string(reply.marking.label)), ("audience", reply.audience.json),
                    ("language", .string(reply.language)), ("text", .string(comment.text)),
                ]))
            return
        }
        context.output.message(StyledText("would go to: ", .bold) + StyledText(receivers))
        try context.output.document(comment.text + "\n")
        context.output.message("nothing was sent")
    }
}
