import ArgumentParser
import LessonModel
import RelayClient
import TerminalUI
import Wire

struct SuspendOrganisationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "suspend-organisation",
        abstract: "Shut an organisation out until it is resumed; its sessions end at once.",
        discussion: "Asks for the organisation's short name. In a script, hand it over with --confirm.")

    @OptionGroup var options: CommandOptions
    @OptionGroup var confirmation: Confirmation

    @Argument(help: "The organisation.")
    var organisation: OrganisationSlug

    func run() async throws {
        try await options.perform { context in
            try confirmation.check(
                organisation.text, "shuts all members of \(organisation) out and ends their sessions", context)
            let ended = try await context.connected { connection, _ in
                try await connection.setSuspended(true, organisation: organisation)
            }
            try context.output.tellSuspension(
                "organisation", organisation.text, isSuspended: true, sessions: ended,
                back: "lessons admin resume-organisation \(organisation)")
        }
    }
}

struct ResumeOrganisationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume-organisation", abstract: "Let a suspended organisation back.")

    @OptionGroup var options: CommandOptions

    @Argument(help: "The organisation.")
    var organisation: OrganisationSlug

    func run() async throws {
        try await options.perform { context in
            let ended = try await context.connected { connection, _ in
                try await connection.setSuspended(false, organisation: organisation)
            }
            try context.output.tellSuspension(
                "organisation", organisation.text, isSuspended: false, sessions: ended, back: "")
        }
    }
}

struct SuspendMemberCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "suspend-member",
        abstract: "Shut a member out until they are resumed; their sessions end at once.",
        discussion: "Asks for the member's name. In a script, hand it over with --confirm.")

    @OptionGroup var options: CommandOptions
    @OptionGroup var confirmation: Confirmation

    @Argument(help: "The member's id, as `lessons admin members` shows it.")
    var member: MemberID

    func run() async throws {
        try await options.perform { context in
            let ended = try await context.connected { connection, _ in
                let known = try await connection.knownMember(member)
                try confirmation.check(
                    known.name, "shuts \(known.name) (\(known.organisation)) out and ends their sessions", context)
                return try await connection.setSuspended(true, member: member)
            }
            try context.output.tellSuspension(
                "member", member.description, isSuspended: true, sessions: ended,
                back: "lessons admin resume-member \(member)")
        }
    }
}

struct ResumeMemberCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume-member", abstract: "Let a suspended member back.")

    @OptionGroup var options: CommandOptions

    @Argument(help: "The member's id, as `lessons admin members` shows it.")
    var member: MemberID

    func run() async throws {
        try await options.perform { context in
            let ended = try await context.connected { connection, _ in
                try await connection.setSuspended(false, member: member)
            }
            try context.output.tellSuspension(
                "member", member.description, isSuspended: false, sessions: ended, back: "")
        }
    }
}

extension Output {
    /// - Parameter back: the command that undoes a suspension.
    fileprivate func tellSuspension(
        _ kind: String, _ name: String, isSuspended: Bool, sessions: UInt32, back: String
    ) throws {
        if isJSON {
            try json(
                .object([
                    (kind, .string(name)), ("suspended", .bool(isSuspended)), ("sessions", .integer(Int64(sessions))),
                ]))
        } else if isSuspended {
            message(StyledText("suspended \(name) and ended \(sessions.counted("session"))"))
            message(StyledText("To let them back: \(back)", .dim))
        } else {
            message(StyledText("\(name) may connect again"))
        }
    }
}
