import ArgumentParser
import LessonModel
import RelayClient
import TerminalUI
import Wire

struct ChangeOrganisationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "change-organisation", abstract: "Change what is said of an organisation; what is left out stays.",
        discussion: """
            Its short name stays for ever. An organisation administrator changes the contact of their own organisation, a \
            relay administrator everything.
            """)

    @OptionGroup var options: CommandOptions

    @Argument(help: "The organisation.")
    var organisation: OrganisationSlug

    @Option(help: "Its name.")
    var name: String?

    @Option(help: "Its country, two letters such as AL.")
    var country: String?

    @Flag(help: "It is an international institution and has no country.")
    var noCountry = false

    @Option(help: "What it is.")
    var kind: OrganisationKind?

    @Option(help: "Whom to write to or call, in one line; an empty text for nobody.")
    var contact: String?

    func validate() throws {
        if country != nil, noCountry { throw ValidationError("--country and --no-country exclude each other") }
        guard name != nil || country != nil || noCountry || kind != nil || contact != nil else {
            throw ValidationError("say what to change: --name, --country, --no-country, --kind or --contact")
        }
    }

    func run() async throws {
        try await options.perform { context in
            var change = WireChangeOrganisation()
            change.organisation = organisation.text
            if let name { change.name = name }
            if let country = try CountryArgument.code(country) { change.country = country }
            if noCountry { change.country = "" }
            if let kind { change.kind = WireOrganisationKind(rawValue: kind.rawValue) ?? .unspecified }
            if let contact { change.contact = contact }
            try await context.connected { [change] connection, _ in try await connection.changeOrganisation(change) }
            if context.output.isJSON {
                try context.output.json(.object([("organisation", .string(organisation.text))]))
            } else {
                context.output.message(StyledText("changed \(organisation)"))
            }
        }
    }
}

enum CountryArgument {
    /// `text` in capitals; nil for nil.
    /// - Throws: INVALID for what is no State of the OSCE area or Partner.
    static func code(_ text: String?) throws -> String? {
        guard let code = text?.uppercased() else { return nil }
        guard ParticipatingState.isKnown(code) else {
            throw CommandFailure(
                .usage, "INVALID", "\(code) is no code of a participating State or Partner for Co-operation",
                field: "country", hint: "write the two letters of ISO 3166-1, such as AL; none for an institution")
        }
        return code
    }
}
