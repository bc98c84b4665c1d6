import ArgumentParser
import LessonModel
import RelayClient
import TerminalUI
import Wire

struct PostCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "post", abstract: "Post a lesson.",
        discussion: """
            A lesson is a Markdown file: a front matter with title, topic, language and marking, then the sections \
            Observation, Discussion, Conclusion, Recommendation and Evidence. Without FILE your editor opens on a template. \
            All problems are told, with their lines, before anything is sent.

            A lesson that cannot be sent now is kept and sent later; the exit status is then 75.
            """)

    @OptionGroup var options: CommandOptions
    @OptionGroup var attaching: AttachmentOptions

    @Argument(
        help: "The file with the lesson; - is standard input.",
        completion: .file(extensions: ["md", "markdown", "txt"]))
    var file: String?

    @Option(help: "The title, in place of the file's.")
    var title: String?

    @Option(help: "The topic, in place of the file's.", completion: .topics)
    var topic: String?

    @Option(
        help: "The marking, in place of the file's: CLEAR, GREEN, AMBER, AMBER+STRICT or RED.", completion: .markings)
    var marking: String?

    @Option(help: "Whom the marking names: organisations or, for RED, members' ids; with commas, or repeated.")
    var audience: [String] = []

    @Option(help: "The language, in place of the file's, such as en or fr.")
    var language: String?

    @Flag(help: "Check the lesson, and show who would receive it; send nothing.")
    var dryRun = false

    @Flag(help: "Write the template to standard output, to be filled in.")
    var template = false

    func run() async throws {
        try await options.perform { context in
            let identity = try context.identity()
            guard !template else {
                try context.output.document(templateText(identity, context))
                return
            }
            let source = try TextSource(context, kind: "lesson")
            let start = file == nil ? try templateText(identity, context) : ""
            var text = try source.read(file, maxBytes: LessonDocument.maxBytes, template: start)
            if file == nil, text.bytes == Array(start.utf8) {
                source.finish(text)
                throw CommandFailure(.badData, "BAD_LESSON", "nothing was written; nothing was sent")
            }
            let document: LessonDocument
            do {
                document = try read(&text, source)
            } catch {
                if !dryRun { source.keep(text) }
                throw error
            }
            guard try tellSimilar(document, identity, context) else {
                source.keep(text)
                return context.output.message("nothing was sent")
            }
            let post = try PostSigner(identity).post(
                document.lesson, topic: document.topic, marking: document.marking, audience: document.audience,
                language: document.language, attachments: try attaching.attachments(context), now: context.now)
            do { try post.validate() } catch { throw CommandFailure(any: error) }
            guard !dryRun else {
                try await preview(post, document, context)
                return
            }
            let delivery = PostDelivery(context: context, identity: identity)
            let outcome: PostDelivery.Outcome
            do { outcome = try await delivery.deliver(post, title: document.lesson.title) } catch {
                source.keep(text)
                throw error
            }
            source.finish(text)
            try delivery.report(outcome, of: post)
        }
    }

    /// Shows lessons like it to somebody who writes one in the editor, or tries one out.
    /// - Returns: false when that person would rather not post it.
    private func tellSimilar(
        _ document: LessonDocument, _ identity: ClientIdentity, _ context: CommandContext
    ) throws -> Bool {
        guard dryRun || file == nil && context.mayAsk, !context.output.isJSON else { return true }
        let similar = SimilarLessons(to: document.lesson, in: try? context.mirror(identity))
        guard !similar.hits.isEmpty else { return true }
        for line in similar.lines { context.output.message(line) }
        guard !dryRun else { return true }
        context.output.message("post yours all the same? [Y/n]")
        let answer = readLine()?.lowercased() ?? "n"
        return answer.isEmpty || answer.hasPrefix("y")
    }

    private var overrides: FrontMatterOverrides {
        FrontMatterOverrides(
            title: title, topic: topic, language: language, marking: marking, audience: audience.splitAtCommas)
    }

    private func templateText(_ identity: ClientIdentity, _ context: CommandContext) throws -> String {
        var known: Topic?
        if let topic {
            known = Topic(topic)
            guard known != nil else {
                throw CommandFailure(
                    .usage, "INVALID", "\"\(topic)\" is no topic; write it like policing/community", field: "topic")
            }
        }
        return LessonDocument.template(
            topic: known, language: language ?? Self.language(context.environment),
            organisation: identity.member.organisation)
    }

    /// The language of the person's locale, else English.
    static func language(_ environment: [String: String]) -> String {
        let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
        let code = String(locale.prefix { $0.isLetter })
        return LanguageTag.isValid(code) && code.count == 2 ? code : "en"
    }

    /// Reads the lesson; while a person wants to, lets them mend it.
    private func read(_ text: inout WrittenText, _ source: TextSource) throws -> LessonDocument {
        while true {
            do {
                return try LessonDocument.parse(text.bytes, file: text.name, overrides: overrides)
            } catch {
                guard file == nil, let path = text.path else { throw error }
                source.context.output.problems(error)
                guard source.wantsToEditAgain() else { throw ExitCodeRequest(.badData) }
                try source.edit(path)
                text.bytes = try InputText.bytes(path, maxBytes: LessonDocument.maxBytes)
            }
        }
    }

    /// Asks the relay whether there is such a topic, where it can be reached.
    private func checkTopic(_ topic: Topic, _ context: CommandContext) async throws {
        let connection: RelayConnection
        do { connection = try await context.connect(try context.identity()) } catch {
            context.output.message(
                StyledText("the topic was not checked: \(CommandFailure(any: error).message)", .yellow))
            return
        }
        let known: [String]
        do { known = try await connection.topics().map(\.path) } catch {
            await connection.close()
            throw error
        }
        await connection.close()
        guard !known.contains(topic.path) else { return }
        throw CommandFailure(
            .badData, "UNKNOWN_TOPIC", "there is no topic \(topic)", field: "topic",
            hint: TopicSuggestion.hint(for: topic.path, among: known) ?? "see the topics with: lessons topics")
    }

    private func preview(_ post: Post, _ document: LessonDocument, _ context: CommandContext) async throws {
        try await checkTopic(post.topic, context)
        let receivers = AudienceText.receivers(
            marking: post.marking, audience: post.audience, author: .you(post.organisation))
        if context.output.isJSON {
            guard case .lesson(let lesson) = post.body else { return }
            try context.output.json(
                .object(
                    [
                        ("status", .string("dry-run")), ("receivers", .string(receivers)),
                        ("topic", .string(post.topic.path)), ("marking", .string(post.marking.label)),
                        ("audience", post.audience.json), ("language", .string(post.language)),
                    ] + lesson.jsonFields))
            return
        }
        context.output.message(StyledText("would go to: ", .bold) + StyledText(receivers))
        context.output.message("")
        try context.output.document(document.render())
        context.output.message("")
        context.output.message("nothing was sent")
    }
}

extension [String] {
    /// `["a,b", "c"]` as `["a", "b", "c"]`.
    var splitAtCommas: [String] {
        flatMap { $0.split(separator: ",").map { $0.filter { !$0.isWhitespace } } }.filter { !$0.isEmpty }
    }
}

extension CompletionKind {
    static var markings: CompletionKind { .list(Marking.allValueStrings) }
}
