import ArgumentParser
import LessonModel
import PKI
import TerminalUI

struct RedactCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "redact", abstract: "Erase a post's text for everybody, for ever.",
        discussion: """
            The text goes out of the relay's database and, at their next contact, out of what members' machines have received; \
            its place, its hash and your reason stay. With a lesson its revisions and translations go too. What others have \
            printed, exported or quoted cannot be called back.

            An author redacts their own posts, an organisation administrator those of the organisation, a curator those of \
            the topic; of another's post the reason must be given.
            """)

    @OptionGroup var options: CommandOptions
    @OptionGroup var source: SourceOptions
    @OptionGroup var confirmation: Confirmation

    @Argument(help: "The post: its number such as 12, its id, or the beginning of the id.")
    var post: String

    @Option(name: [.customShort("m"), .long], help: "Why; all who might have had the post read it.")
    var message: String?

    func run() async throws {
        try await options.perform { context in
            let posting = try await ThreadPosting(post, source, context)
            let target = posting.named
            try confirmation.check(
                "\(target.stored.sequence)",
                "erases the \(target.post.body.kind.name) #\(target.stored.sequence) for everybody", context)
            let redaction = Redaction(
                target: target.post.id, targetHash: SHA256.digest(target.stored.post.content), reason: message ?? "")
            let post = try posting.make(.redaction(redaction), about: target.post)
            try await posting.send(post)
        }
    }
}
