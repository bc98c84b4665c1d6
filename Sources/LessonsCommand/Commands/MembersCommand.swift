import ArgumentParser
import LessonModel
import RelayClient
import TerminalUI
import Wire

struct MembersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "members", abstract: "List members with their ids, which a post marked RED names.")

    @OptionGroup var options: CommandOptions

    @Argument(help: "Only of this organisation.")
    var organisation: OrganisationSlug?

    @Option(help: "Only those with this text in their name.")
    var search: String?

    func run() async throws {
        try await options.perform { context in
            let members = try await context.connected { connection, _ in
                try await connection.members(of: organisation, search: search ?? "")
            }.sorted { ($0.organisation, $0.name) < ($1.organisation, $1.name) }
            if context.output.isJSON {
                for member in members { try context.output.json(member.json) }
                return
            }
            var table = TextTable(("ORGANISATION", .left), ("ID", .left), ("KIND", .left), ("NAME", .left))
            for member in members {
                let note: StyledText = member.suspended ? StyledText(" (suspended)", .red) : ""
                let roles = member.roleText.isEmpty ? "" : "  " + member.roleText
                table.add(
                    StyledText(member.organisation), StyledText(member.idText),
                    StyledText(MemberKind(rawValue: member.kind.rawValue)?.name ?? "?"),
                    StyledText(member.name) + note + StyledText(roles, .dim))
            }
            try context.output.data(table.lines(width: context.output.width))
        }
    }
}

extension WireMember {
    var idText: String { MemberID(bytes: memberID)?.description ?? Hex.text(of: memberID) }

    /// Empty where the relay does not tell us.
    var roleNames: [String] { roles.compactMap { Role(rawValue: $0.rawValue)?.name } }

    /// `contributor,curator(policing/community)`; a curator without topics curates all.
    var roleText: String {
        roleNames.map { name in
            name == Role.curator.name && !curatedTopics.isEmpty
                ? "\(name)(\(curatedTopics.joined(separator: " ")))" : name
        }.joined(separator: ",")
    }

    var json: JSONNode {
        .object([
            ("member", .string(idText)), ("name", .string(name)), ("organisation", .string(organisation)),
            ("kind", .text(MemberKind(rawValue: kind.rawValue)?.name)), ("roles", .strings(roleNames)),
            ("curates", .strings(curatedTopics)), ("suspended", .bool(suspended)),
        ])
    }
}
