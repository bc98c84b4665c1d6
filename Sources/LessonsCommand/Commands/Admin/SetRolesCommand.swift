import ArgumentParser
import LessonModel
import RelayClient
import TerminalUI
import Wire

struct SetRolesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set-roles", abstract: "Say what a member may do from now on.",
        discussion: """
            The list takes the place of the one before. A curator moderates the topics of --curates with all below them; \
            without --curates somebody who is a curator already keeps their topics, and a new one curates every topic, as \
            with --curates '#'. Only a relay administrator makes a curator.
            """)

    @OptionGroup var options: CommandOptions

    @Argument(help: "The member's id, as `lessons admin members` shows it.")
    var member: MemberID

    @Argument(help: "All the member's roles from now on, at least one.")
    var roles: [Role]

    @Option(
        help: "A topic that the curator is to curate, such as policing/community; repeat it for several. # for all.")
    var curates: [String] = []

    func validate() throws {
        if !curates.isEmpty, !roles.contains(.curator) {
            throw ValidationError("--curates goes with the role curator")
        }
        if curates != ["#"], let bad = curates.first(where: { Topic($0) == nil }) {
            throw ValidationError("\"\(bad)\" is no topic: write one such as policing/community, or # alone for all")
        }
    }

    func run() async throws {
        try await options.perform { context in
            let topics = try await context.connected { connection, _ in
                let topics = try await curatedTopics(connection)
                try await connection.setRoles(Set(roles), curating: topics, of: member)
                return topics
            }
            let names = Set(roles).sorted().map(\.name)
            let paths = topics.sorted().map(\.path)
            if context.output.isJSON {
                try context.output.json(
                    .object([
                        ("member", .string(member.description)), ("roles", .strings(names)),
                        ("curates", .strings(paths)),
                    ]))
            } else {
                context.output.message(StyledText("\(member) is now: \(names.joined(separator: ", "))"))
                if roles.contains(.curator) {
                    context.output.message(
                        StyledText("curates: \(paths.isEmpty ? "every topic" : paths.joined(separator: ", "))"))
                }
            }
        }
    }

    private func curatedTopics(_ connection: RelayConnection) async throws -> Set<Topic> {
        guard roles.contains(.curator), curates.isEmpty else { return Set(curates.compactMap { Topic($0) }) }
        return Set(try await connection.knownMember(member).curatedTopics.compactMap { Topic($0) })
    }
}
