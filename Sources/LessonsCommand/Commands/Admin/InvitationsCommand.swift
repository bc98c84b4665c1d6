import ArgumentParser
import LessonModel
import RelayClient
import TerminalUI
import Wire

struct InvitationsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "invitations", abstract: "List invitations and what became of them, newest first.",
        discussion: "Who administers nothing sees those of their own further devices.")

    @OptionGroup var options: CommandOptions

    @Flag(name: .customLong("open"), help: "Only those that can still be used.")
    var isOpen = false

    func run() async throws {
        try await options.perform { context in
            let invitations = try await context.connected { connection, _ in
                try await connection.invitations(isOpen: isOpen)
            }
            let now = context.now
            if context.output.isJSON {
                for invitation in invitations { try context.output.json(invitation.json(now: now)) }
                return
            }
            var table = TextTable(
                ("ID", .left), ("STATE", .left), ("UNTIL", .left), ("ORGANISATION", .left), ("ROLES", .left),
                ("NAME", .left))
            for invitation in invitations {
                table.add(
                    StyledText(Hex.text(of: invitation.invitationID)), StyledText(invitation.state(now: now)),
                    StyledText(TimeText.local(invitation.expiresAtMs)), StyledText(invitation.organisation),
                    StyledText(invitation.roleNames.joined(separator: ",")), StyledText(invitation.name))
            }
            try context.output.data(table.lines(width: context.output.width))
        }
    }
}

struct RevokeInvitationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke-invitation", abstract: "Withdraw an invitation that was not used.")

    @OptionGroup var options: CommandOptions

    @Argument(help: "The invitation's id, as `lessons admin invitations` shows it.")
    var id: String

    func run() async throws {
        try await options.perform { context in
            guard let bytes = Hex.bytes(of: id.lowercased()), bytes.count == 8 else {
                throw CommandFailure(
                    .usage, "BAD_REFERENCE", "\"\(id)\" is no id of an invitation: it is 16 hexadecimal digits",
                    hint: "see them with: lessons admin invitations")
            }
            try await context.connected { connection, _ in try await connection.revokeInvitation(bytes) }
            if context.output.isJSON {
                try context.output.json(.object([("revoked", .string(Hex.text(of: bytes)))]))
            } else {
                context.output.message("withdrawn: nobody can join with it any more")
            }
        }
    }
}

extension WireInvitationEntry {
    func state(now: Milliseconds) -> String {
        if redeemedAtMs != 0 { return "used" }
        if revokedAtMs != 0 { return "withdrawn" }
        return expiresAtMs <= now ? "expired" : "open"
    }

    var roleNames: [String] { roles.compactMap { Role(rawValue: $0.rawValue)?.name } }

    func json(now: Milliseconds) -> JSONNode {
        func time(_ value: Int64) -> JSONNode { value == 0 ? .null : .string(TimeText.iso(value)) }
        return .object([
            ("invitation_id", .string(Hex.text(of: invitationID))), ("state", .string(state(now: now))),
            ("organisation", .string(organisation)), ("name", .string(name)),
            ("kind", .text(MemberKind(rawValue: kind.rawValue)?.name)), ("roles", .strings(roleNames)),
            ("created_at", time(createdAtMs)), ("expires_at", time(expiresAtMs)), ("redeemed_at", time(redeemedAtMs)),
            ("revoked_at", time(revokedAtMs)),
        ])
    }
}
