import ArgumentParser
import TerminalUI

struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "List the keys and commands of the full-screen client.")

    @OptionGroup var options: CommandOptions

    @Flag(help: "Write the list as a Markdown table.")
    var markdown = false

    func run() async throws {
        try await options.perform { context in
            if context.output.isJSON {
                for command in CommandRegistry.all {
                    try context.output.json(
                        .object([
                            ("command", .string(command.id.rawValue)), ("title", .string(command.title)),
                            ("keys", .strings(command.keys.map(\.description))),
                            ("places", .strings(command.places.map(\.title).sorted())),
                        ]))
                }
            } else if markdown {
                try context.output.document(HelpText.markdown())
            } else {
                try context.output.data(HelpText.lines(KeyBindings()))
            }
        }
    }
}
