import ArgumentParser
import LessonModel

struct ShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Read a thread: the lesson and its replies.")

    @OptionGroup var options: CommandOptions
    @OptionGroup var source: SourceOptions

    @Argument(help: "A post of the thread: its number such as 12, its id, or the beginning of the id.")
    var post: String

    @Flag(help: "Head the sections by SARA: scanning, analysis, response, assessment.")
    var sara = false

    func run() async throws {
        try await options.perform { context in
            let reference = try PostReference(post)
            let thread = try await source.readThread(context) { reader in try await reader.find(reference).thread }
            if context.output.isJSON {
                try context.output.json(thread.json)
                return
            }
            let text = ThreadText(
                thread: thread.id, posts: thread.posts, state: thread.state, style: sara ? .sara : .odcr,
                width: context.output.width)
            try context.output.data(text.lines)
            if let lesson = thread.lesson, context.output.stdoutIsTerminal {
                context.output.message(StyledText("\nanswer with: lessons reply \(lesson.stored.sequence)", .dim))
            }
        }
    }
}

extension ShownThread {
    var json: JSONNode {
        .object([
            ("thread", .string(id.description)), ("topic", .text(lesson?.post.topic.path)),
            ("state", .text(state?.name)),
            ("posts", .array(posts.map(\.json))),
        ])
    }
}
