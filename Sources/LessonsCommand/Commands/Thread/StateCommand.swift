import ArgumentParser
import LessonModel
import TerminalUI

struct StateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "state", abstract: "Move a thread's state, as a curator of its topic.",
        discussion: """
            observation → lesson-identified → lesson-learned or good-practice; or rejected, or superseded by another thread. \
            What was decided wrongly can be taken back: one step at a time, or to observation again.

            A lesson is learned when another organisation has adopted it and shown evidence. Its application report is named \
            with --evidence; without, all that qualify are.
            """)

    @OptionGroup var options: CommandOptions
    @OptionGroup var source: SourceOptions

    @Argument(help: "A post of the thread: its number such as 12, its id, or the beginning of the id.")
    var post: String

    @Argument(help: "The new state.")
    var state: ThreadState

    @Option(name: [.customShort("m"), .long], help: "Why; all who may see the lesson read it.")
    var message: String

    @Option(help: "Application reports on which it rests, by their numbers or ids; with commas, or repeated.")
    var evidence: [String] = []

    @Option(help: "With superseded: a post of the thread that says it better.")
    var supersededBy: String?

    func run() async throws {
        try await options.perform { context in
            let posting = try await ThreadPosting(post, source, context)
            var other: PostID?
            if let supersededBy {
                let reference = try PostReference(supersededBy)
                other = try await source.readThread(context, showsResult: false) {
                    try await $0.find(reference).thread.id
                }
            }
            let change = StateChange(
                from: posting.standing.projection?.state ?? .observation, to: state, reason: message,
                evidence: try cited(posting), supersededBy: other)
            try await posting.send(try posting.make(.stateChange(change)))
        }
    }

    private func cited(_ posting: ThreadPosting) throws -> [PostID] {
        let names = evidence.splitAtCommas
        guard names.isEmpty, state.needsEvidence else { return try names.map { try posting.post($0).post.id } }
        return posting.standing.projection?.qualifiedEvidence ?? []
    }
}
