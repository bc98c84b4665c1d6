import ArgumentParser
import LessonModel

struct ApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Report what became of a lesson in your organisation.",
        discussion: """
            STATUS is not-applicable, considering, adopted or tried-and-failed. A lesson is learned when others have applied \
            it, so say what was done and what came of it, and by what others can see that. A failure helps as much as a \
            success. A later report takes the place of the earlier one; only those who may see the lesson see it, or fewer \
            with --marking and --audience.
            """)

    @OptionGroup var options: CommandOptions
    @OptionGroup var source: SourceOptions
    @OptionGroup var attaching: AttachmentOptions

    @Argument(help: "A post of the thread: its number such as 12, its id, or the beginning of the id.")
    var post: String

    @Argument(help: "What became of it.")
    var status: ApplicationReport.Status

    @Argument(help: "The file with what was done and what came of it; - is standard input.", completion: .file())
    var file: String?

    @Option(name: [.customShort("m"), .long], help: "What was done and what came of it, or why it does not apply.")
    var message: String?

    @Option(help: "By what others can see that it is so: figures, a report, an address.")
    var evidence: String?

    @Option(help: "A narrower marking than the lesson's.")
    var marking: Marking?

    @Option(help: "Whom the marking names: organisations or, for RED, members' ids; with commas, or repeated.")
    var audience: [String] = []

    func validate() throws {
        if message != nil, file != nil { throw ValidationError("give --message or a file, not both") }
    }

    func run() async throws {
        try await options.perform { context in
            let posting = try await ThreadPosting(post, source, context)
            var outcome = message ?? ""
            if let file { outcome = try InputText.read(file, maxBytes: ApplicationReport.maxTextBytes) }
            let report = ApplicationReport(status: status, outcome: outcome, evidence: evidence)
            try await posting.send(
                try posting.make(
                    .applicationReport(report), marking: marking, audience: audience.splitAtCommas,
                    attachments: attaching.attachments(context)))
        }
    }
}
