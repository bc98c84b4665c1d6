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
            context.output.message(
                StyledText("their names stay in the records until: lessons admin erase-names \(organisation)"))
        }
    }
}

struct EraseNamesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "erase-names", abstract: "Erase the names of the people of a removed organisation, for ever.",
        discussion: """
            In the lists of members and invitations, in certificates, in the audit log, and the organisation's contact. What \
            they posted stays attributed to the organisation, and its signatures can still be checked; the audit log still \
            verifies, and tells which entries lost a name. Members' machines follow at their next connection. Older backups \
            and exports keep the names. Asks for the short name. In a script, hand it over with --confirm.
            """)

    @OptionGroup var options: CommandOptions
    @OptionGroup var confirmation: Confirmation

    @Argument(help: "The organisation; it must have been removed.")
    var organisation: OrganisationSlug

    func run() async throws {
        try await options.perform { context in
            try confirmation.check(
                organisation.text, "erases the names of all who were members of \(organisation)", context)
            let erased = try await context.connected { connection, _ in
                try await connection.eraseNames(of: organisation)
            }
            guard !context.output.isJSON else {
                return try context.output.json(
                    .object([
                        ("organisation", .string(organisation.text)), ("members", .integer(Int64(erased.members))),
                        ("certificates", .integer(Int64(erased.certificates))),
                        ("certificates_lost", .integer(Int64(erased.certificatesLost))),
                        ("audit_entries", .integer(Int64(erased.auditEntries))),
                    ]))
            }
            context.output.message(
                StyledText(
                    "erased the names of \(erased.members) members of \(organisation), from "
                        + "\(erased.certificates) certificates and \(erased.auditEntries) entries of the audit log"))
            if erased.certificatesLost > 0 {
                context.output.message(
                    StyledText(
                        "\(erased.certificatesLost) certificates could not be replaced, since the one that issued them is "
                            + "retired: who does not have them already cannot check posts signed with them", .yellow))
            }
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
