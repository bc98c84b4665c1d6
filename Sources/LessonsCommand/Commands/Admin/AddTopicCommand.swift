import ArgumentParser
import LessonModel
import RelayClient
import TerminalUI

struct AddTopicCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add-topic", abstract: "Add a topic below one that exists.")

    @OptionGroup var options: CommandOptions

    @Argument(help: "Its path, such as policing/community/engagement.")
    var topic: Topic

    @Option(help: "One sentence on what belongs there.")
    var about: String = ""

    func run() async throws {
        try await options.perform { context in
            try await context.connected { connection, _ in
                try await connection.addTopic(topic, description: about)
            }
            if context.output.isJSON {
                try context.output.json(.object([("topic", .string(topic.path))]))
            } else {
                context.output.message(StyledText("added \(topic)"))
            }
        }
    }
}
