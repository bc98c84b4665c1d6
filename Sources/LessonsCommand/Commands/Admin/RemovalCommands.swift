import ArgumentParser
import LessonModel
import RelayClient
import TerminalUI
import Wire

struct RemoveOrganisationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove-organisation", abstract: "Remove an organisation with all its members, for ever.",
        discussion: """
            Certificates are revoked (cessationOfOperation), sessions end, open invitations are withdrawn. What was posted \
            stays; the short name is never given again. Asks for the short name. In a script, hand it over with --confirm.
            """)

    @OptionGroup var options: CommandOptions
    @OptionGroup var confirmation: Confirmation

    @Argument(help: "The organisation.")
    var organisation: OrganisationSlug

    func run() async throws {
        try await options.perform { context in
            try confirmation.check(
                organisation.text, "removes \(organisation) and all its members for ever", context)
            let removed = try await context.connected { connection, _ in
                try await connection.remove(organisation: organisation)
            }
            try context.output.tell(removed, "organisation", organisation.text)
        }
    }
}

struct RemoveMemberCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove-member", abstract: "Remove a member, for ever.",
        discussion: """
            Certificates are revoked (affiliationChanged), sessions end, open invitations are withdrawn. What they posted \
            stays. Asks for the member's name. In a script, hand it over with --confirm.
            """)

    @OptionGroup var options: CommandOptions
    @OptionGroup var confirmation: Confirmation

    @Argument(help: "The member's id, as `lessons admin members` shows it.")
    var member: MemberID

    func run() async throws {
        try await options.perform { context in
            let removed = try await context.connected { connection, _ in
                let known = try await connection.knownMember(member)
                try confirmation.check(known.name, "removes \(known.name) (\(known.organisation)) for ever", context)
                return try await connection.remove(member: member)
            }
            try context.output.tell(removed, "member", member.description)
        }
    }
}

extension Output {
    fileprivate func tell(_ removed: WireRemoved, _ kind: String, _ name: String) throws {
        if isJSON {
            try json(
                .object([
                    (kind, .string(name)), ("members", .integer(Int64(removed.members))),
                    ("certificates", .integer(Int64(removed.certificates))),
                    ("sessions", .integer(Int64(removed.sessions))),
                ]))
        } else {
            message(
                StyledText(
                    "removed \(removed.members.counted("member")), revoked \(removed.certificates.counted("certificate"))"
                        + ", ended \(removed.sessions.counted("session"))"))
        }
    }
}
