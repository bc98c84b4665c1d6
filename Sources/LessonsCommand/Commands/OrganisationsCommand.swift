import ArgumentParser
import LessonModel
import RelayClient
import TerminalUI
import Wire

struct OrganisationsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "organisations", abstract: "List the participating organisations.")

    @OptionGroup var options: CommandOptions

    @Option(help: "Only of this country, two letters such as AL.")
    var country: String?

    @Option(help: "Only of this kind.")
    var kind: OrganisationKind?

    func run() async throws {
        try await options.perform { context in
            let all = try await context.connected { connection, _ in try await connection.organisations() }
            let chosen = all.filter { organisation in
                (country == nil || organisation.country == country?.uppercased())
                    && (kind == nil || organisation.kind.rawValue == kind?.rawValue)
            }
            if context.output.isJSON {
                for organisation in chosen { try context.output.json(organisation.json) }
                return
            }
            var table = TextTable(
                ("ORGANISATION", .left), ("COUNTRY", .left), ("KIND", .left), ("NAME", .left), ("CONTACT", .left))
            for organisation in chosen {
                let kind = OrganisationKind(rawValue: organisation.kind.rawValue)?.name ?? "?"
                let note: StyledText = organisation.suspended ? StyledText(" (suspended)", .red) : ""
                table.add(
                    StyledText(organisation.slug), StyledText(organisation.country.nonEmpty ?? "-"), StyledText(kind),
                    StyledText(organisation.name) + note, StyledText(organisation.contact.nonEmpty ?? "-"))
            }
            try context.output.data(table.lines(width: context.output.width))
        }
    }
}

extension WireOrganisation {
    var json: JSONNode {
        .object([
            ("organisation", .string(slug)), ("name", .string(name)), ("country", .text(country.nonEmpty)),
            ("kind", .text(OrganisationKind(rawValue: kind.rawValue)?.name)), ("suspended", .bool(suspended)),
            ("clients", .strings(clients)), ("contact", .text(contact.nonEmpty)),
        ])
    }
}
