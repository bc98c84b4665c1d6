import ArgumentParser
import LessonModel
import TerminalUI

struct ShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Read a thread: the lesson, who has applied it, and its replies.",
        discussion: """
            Of a lesson that was revised the present text is shown; an earlier one, or a translation, by the number of its own \
            post, or with --original and --language.
            """)

    @OptionGroup var options: CommandOptions
    @OptionGroup var source: SourceOptions

    @Argument(help: "A post of the thread: its number such as 12, its id, or the beginning of the id.")
    var post: String

    @Flag(help: "Show the text that the lesson had at first.")
    var original = false

    @Option(help: "Show the lesson in this language, such as fr, where there is a translation.")
    var language: String?

    @Flag(help: "Head the sections by SARA: scanning, analysis, response, assessment.")
    var sara = false

    func run() async throws {
        try await options.perform { context in
            let reference = try PostReference(post)
            let (thread, named) = try await source.readThread(context) { try await $0.find(reference) }
            if context.output.isJSON {
                try context.output.json(thread.json)
                return
            }
            let text = ThreadText(
                thread: thread.id, posts: thread.posts, text: try textID(thread, named), state: thread.state,
                style: sara ? .sara : .odcr, width: context.output.width)
            try context.output.data(text.lines)
            if let lesson = thread.lesson, context.output.stdoutIsTerminal {
                context.output.message(StyledText("\nanswer with: lessons reply \(lesson.stored.sequence)", .dim))
            }
        }
    }
}

extension ShowCommand {
    /// - Throws: NOT_FOUND when there is no text in the wanted language.
    private func textID(_ thread: ShownThread, _ named: ShownPost) throws -> PostID? {
        let standing = ThreadStanding(thread: thread.id, posts: thread.posts)
        if original { return standing.texts.first?.shown.post.id }
        guard let language else { return named.post.id }
        if let text = standing.text(in: language) { return text.shown.post.id }
        let known = Set((standing.texts.suffix(1) + standing.translations).map(\.shown.post.language)).sorted()
        throw CommandFailure(
            .missingInput, "NOT_FOUND", "the lesson is not here in the language \(language)",
            hint: known.isEmpty ? nil : "it is in: \(known.joined(separator: ", "))")
    }
}

extension ShownThread {
    var json: JSONNode {
        let standing = ThreadStanding(thread: id, posts: posts)
        return .object([
            ("thread", .string(id.description)), ("topic", .text(posts.first?.post.topic.path)),
            ("title", .text(standing.texts.last?.lesson.title)),
            ("state", .text((state ?? standing.projection?.state)?.name)),
            ("superseded_by", .text(standing.projection?.supersededBy?.description)),
            ("endorsed_by", .strings(standing.endorsers.map(\.text))),
            (
                "applications",
                .array(
                    standing.reports.map { report in
                        .object([
                            ("organisation", .string(report.shown.post.organisation.text)),
                            ("status", .string(report.report.status.name)),
                            ("post", .string(report.shown.post.id.description)),
                        ])
                    })
            ),
            ("posts", .array(posts.map(\.json))),
        ])
    }
}
