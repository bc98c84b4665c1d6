import ArgumentParser
import LessonModel
import RelayClient

struct SetRolesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set-roles", abstract: "Say what a member may do from now on.",
        discussion: "The list takes the place of the one before.")

    @OptionGroup var options: CommandOptions

    @Argument(help: "The member's id, as `lessons admin members` shows it.")
    var member: MemberID

    @Argument(help: "All the member's roles from now on, at least one.")
    var roles: [Role]

    func run() async throws {
        try await options.perform { context in
            try await context.connected { connection, _ in try await connection.setRoles(Set(roles), of: member) }
            let names = Set(roles).sorted().map(\.name)
            if context.output.isJSON {
                try context.output.json(
                    .object([("member", .string(member.description)), ("roles", .strings(names))]))
            } else {
                context.output.message(StyledText("\(member) is now: \(names.joined(separator: ", "))"))
            }
        }
    }
}
