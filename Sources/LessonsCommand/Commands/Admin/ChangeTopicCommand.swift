import ArgumentParser
import LessonModel
import RelayClient
import TerminalUI
import Wire

struct ChangeTopicCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "change-topic",
        abstract: "Describe a topic, have it moderated or open, archive it or bring it back.",
        discussion: """
            To a moderated topic lessons and comments of those who do not curate it come when a curator lets them (lessons \
            queue). An archived topic keeps its threads, readable as before, and takes no new posts.
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

    func validate() throws {
        guard about != nil || admission != nil || archiving != nil else {
            throw ValidationError("say what to change: --about, --moderated or --open, --archive or --unarchive")
        }
    }

    func run() async throws {
        try await options.perform { context in
            var change = WireChangeTopic()
            change.path = topic.path
            if let about { change.description_p = about }
            if let admission { change.moderated = admission == .moderated }
            if let archiving { change.archived = archiving == .archive }
            let request = change
            try await context.connected { connection, _ in try await connection.changeTopic(request) }
            if context.output.isJSON {
                try context.output.json(.object([("topic", .string(topic.path))]))
            } else {
                context.output.message(StyledText("changed \(topic)"))
            }
        }
    }
}
