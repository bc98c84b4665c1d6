import ArgumentParser
import LessonModel

struct EndorseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "endorse", abstract: "Say for your organisation that a lesson is worth following.",
        discussion: """
            Each organisation endorses a lesson of another once, whoever of its members does it, and can take that back. All \
            who may see the lesson see it.
            """)

    @OptionGroup var options: CommandOptions
    @OptionGroup var source: SourceOptions

    @Argument(help: "A post of the thread: its number such as 12, its id, or the beginning of the id.")
    var post: String

    @Option(name: [.customShort("m"), .long], help: "Why.")
    var message: String?

    @Flag(help: "Take your organisation's endorsement back.")
    var withdraw = false

    func run() async throws {
        try await options.perform { context in
            let posting = try await ThreadPosting(post, source, context)
            let endorsement = Endorsement(isWithdrawal: withdraw, note: message ?? "")
            try await posting.send(try posting.make(.endorsement(endorsement)))
        }
    }
}
