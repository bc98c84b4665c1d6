import ArgumentParser
import LessonModel
import TerminalUI

struct ReviseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revise", abstract: "Give a lesson of your organisation a new text.",
        discussion: """
            Without FILE your editor opens on the present text. Topic, marking, audience and language stay. Earlier texts stay \
            readable: lessons show NUMBER --original
            """)

    @OptionGroup var options: CommandOptions
    @OptionGroup var source: SourceOptions
    @OptionGroup var attaching: AttachmentOptions

    @Argument(help: "A post of the thread: its number such as 12, its id, or the beginning of the id.")
    var post: String

    @Argument(help: "The file with the whole new text; - is standard input.", completion: .file())
    var file: String?

    @Option(name: [.customShort("m"), .long], help: "What changed and why.")
    var message: String?

    func run() async throws {
        try await options.perform { context in
            let posting = try await ThreadPosting(post, source, context)
            let base = try posting.text().shown.post.id
            try await LessonTextInput(posting: posting, kind: "revision", file: file, language: nil).read { lesson in
                let revision = Revision(base: base, lesson: lesson, note: message ?? "")
                try await posting.send(
                    try posting.make(.revision(revision), attachments: attaching.attachments(context)))
            }
        }
    }
}
