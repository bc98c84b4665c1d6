import ArgumentParser
import LessonModel
import RelayClient
import TerminalUI

struct SetClientsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set-clients", abstract: "Name the organisations that TLP:AMBER to an organisation also reaches.",
        discussion: "The list takes the place of the one before; without any, there are none.")

    @OptionGroup var options: CommandOptions

    @Argument(help: "The organisation that has clients.")
    var organisation: OrganisationSlug

    @Argument(help: "Its clients.")
    var clients: [OrganisationSlug] = []

    func run() async throws {
        try await options.perform { context in
            try await context.connected { connection, _ in
                try await connection.setClients(clients, of: organisation)
            }
            if context.output.isJSON {
                try context.output.json(
                    .object([
                        ("organisation", .string(organisation.text)), ("clients", .strings(clients.map(\.text))),
                    ]))
            } else {
                let names = clients.isEmpty ? "nobody else" : clients.map(\.text).joined(separator: ", ")
                context.output.message(StyledText("TLP:AMBER to \(organisation) now also reaches: \(names)"))
            }
        }
    }
}
