import ArgumentParser
import LessonModel
import RelayClient
import Storage
import TerminalUI
import Wire

struct ChangeTopicCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "change-topic",
        abstract: "Describe or move a topic, have it moderated or open, archive it, say how long it keeps threads.",
        discussion: """
            To a moderated topic lessons and comments of those who do not curate it come when a curator lets them (lessons \
            queue). An archived topic keeps its threads, readable as before, and takes no new posts.

            With --keep-days a thread is erased, here and on every member's machine, when its lesson was received longer ago; \
            what was erased does not come back when the period is made longer. With --review-days a lesson is listed by \
            lessons owed --review when its last post is older. 0 stands for: kept for ever, never to be reviewed.

            With --move-to the topic goes to another place in the tree with everything below it. Whoever followed it goes on \
            following it, its curators go on curating it, and its former path goes on standing for it.
            """)

    enum Admission: String, EnumerableFlag {
        case moderated, open
    }

    enum Archiving: String, EnumerableFlag {
        case archive, unarchive
    }

    @OptionGroup var options: CommandOptions

    @Argument(help: "Its path, such as policing/community.", completion: .topics)
    var topic: Topic

    @Option(help: "One sentence on what belongs there.")
    var about: String?

    @Flag(help: "Whether posts wait for a curator.")
    var admission: Admission?

    @Flag(help: "Whether it takes new posts.")
    var archiving: Archiving?

    @Option(help: "Keep a thread for so many days after its lesson was received; 0: for ever.")
    var keepDays: UInt32?

    @Option(help: "Have a lesson looked at again so many days after its last post; 0: never.")
    var reviewDays: UInt32?

    @Option(help: "Its new path; the topic above it must exist.")
    var moveTo: Topic?

    @Option(help: "With --keep-days: say the topic's path again, since threads are erased for ever.")
    var confirm: String?

    func validate() throws {
        if let keepDays, keepDays > 0, confirm != topic.path {
            throw ValidationError(
                "threads older than \(keepDays) days are erased for ever; confirm with: --confirm '\(topic.path)'")
        }
        guard keepDays ?? 0 <= TopicRetention.maxDays, reviewDays ?? 0 <= TopicRetention.maxDays else {
            throw ValidationError("a period is 0 to \(TopicRetention.maxDays) days")
        }
        guard keepDays == nil, reviewDays == nil else { return }
        guard about != nil || admission != nil || archiving != nil || moveTo != nil else {
            throw ValidationError(
                "say what to change: --about, --moderated or --open, --archive or --unarchive, --keep-days, "
                    + "--review-days, --move-to")
        }
    }

    func run() async throws {
        try await options.perform { context in
            var change = WireChangeTopic()
            change.path = topic.path
            if let about { change.description_p = about }
            if let admission { change.moderated = admission == .moderated }
            if let archiving { change.archived = archiving == .archive }
            if let keepDays { change.keepDays = keepDays }
            if let reviewDays { change.reviewDays = reviewDays }
            if let moveTo { change.moveTo = moveTo.path }
            let request = change
            try await context.connected { connection, _ in try await connection.changeTopic(request) }
            if context.output.isJSON {
                try context.output.json(.object([("topic", .string((moveTo ?? topic).path))]))
            } else {
                context.output.message(StyledText(moveTo.map { "\(topic) is \($0) now" } ?? "changed \(topic)"))
            }
        }
    }
}
