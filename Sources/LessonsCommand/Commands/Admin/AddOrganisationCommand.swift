import ArgumentParser
import LessonModel
import RelayClient
import TerminalUI

struct AddOrganisationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add-organisation", abstract: "Add a participating organisation.")

    @OptionGroup var options: CommandOptions

    @Argument(help: "Its short name for ever: 2 to 40 of a-z, 0-9 and hyphen, such as al-ombudsman.")
    var slug: OrganisationSlug

    @Option(help: "Its name.")
    var name: String

    @Option(help: "Its country, two letters such as AL; left out for an international institution.")
    var country: String?

    @Option(help: "What it is.")
    var kind: OrganisationKind

    @Option(help: "Whom to write to or call, in one line.")
    var contact = ""

    func run() async throws {
        try await options.perform { context in
            let organisation = Organisation(
                slug: slug, name: name, country: try CountryArgument.code(country), kind: kind, contact: contact)
            try await context.connected { connection, _ in try await connection.addOrganisation(organisation) }
            if context.output.isJSON {
                try context.output.json(.object([("organisation", .string(slug.text))]))
            } else {
                context.output.message(
                    StyledText(
                        "added; invite its first member with: lessons admin invite --organisation \(slug) --name NAME"))
            }
        }
    }
}
