import ArgumentParser
import LessonModel
import TerminalUI

struct TranslateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "translate", abstract: "Add a lesson's text in another language.",
        discussion: """
            Without FILE your editor opens on the present text, to be written over. Topic, marking and audience are the \
            lesson's. Say so with --machine when a machine made it and nobody has checked it.
            """)

    @OptionGroup var options: CommandOptions
    @OptionGroup var source: SourceOptions
    @OptionGroup var attaching: AttachmentOptions

    @Argument(help: "A post of the thread: its number such as 12, its id, or the beginning of the id.")
    var post: String

    @Argument(help: "The file with the translation; - is standard input.", completion: .file())
    var file: String?

    @Option(help: "The language of the translation, such as fr or sr-Latn.")
    var language: String

    @Flag(help: "A machine made it, and nobody has checked it.")
    var machine = false

    func validate() throws {
        guard LanguageTag.isValid(language) else {
            throw ValidationError("\"\(language)\" is no language tag of BCP 47; write en, fr, sr-Latn, …")
        }
    }

    func run() async throws {
        try await options.perform { context in
            let posting = try await ThreadPosting(post, source, context)
            let original = try posting.text()
            try await LessonTextInput(posting: posting, kind: "translation", file: file, language: language).read {
                text in
                let translation = Translation(source: original.shown.post.id, lesson: text, isByMachine: machine)
                try await posting.send(
                    try posting.make(
                        .translation(translation), language: language, attachments: attaching.attachments(context)))
            }
        }
    }
}
