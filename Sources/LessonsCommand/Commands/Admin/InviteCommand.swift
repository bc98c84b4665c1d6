import ArgumentParser
import Foundation
import LessonModel
import RelayClient
import Wire

struct InviteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "invite", abstract: "Make an invitation for a new member, or for a member's further device.",
        discussion: """
            The invitation is one line on standard output. Whoever holds it can join once: hand it over by a way that
            you trust, and only to the person it is for.
            """)

    @OptionGroup var options: CommandOptions

    @Option(help: "The new member's organisation.")
    var organisation: OrganisationSlug?

    @Option(help: "The new member's name.")
    var name: String?

    @Option(help: "Whether a person or a program joins.")
    var kind: MemberKind = .person

    @Option(name: .customLong("role"), help: "What the member may do; repeat it for several. Without: contributor.")
    var roles: [Role] = []

    @Option(help: "How long the invitation can be used: 30m, 12h, 7d, up to 30d.")
    var valid: SpanArgument?

    @Option(help: "A further device of this member, by id, in place of a new member.")
    var deviceOf: MemberID?

    func validate() throws {
        if deviceOf == nil, organisation == nil || name == nil {
            throw ValidationError("say who is invited: --organisation SLUG --name NAME, or --device-of MEMBER-ID")
        }
        if deviceOf != nil, organisation != nil || name != nil || !roles.isEmpty {
            throw ValidationError("--device-of takes organisation, name and roles from the member: leave them out")
        }
    }

    func run() async throws {
        try await options.perform { context in
            let invited = try await context.connected { connection, _ in try await connection.invite(request) }
            if context.output.isJSON {
                try context.output.json(
                    .object([
                        ("invitation", .string(invited.invitation)),
                        ("invitation_id", .string(Hex.text(of: invited.invitationID))),
                        ("expires_at", .string(TimeText.iso(invited.expiresAtMs))),
                    ]))
                return
            }
            try context.output.data(StyledText(invited.invitation))
            context.output.message(
                StyledText(
                    "It can be used once, until \(TimeText.local(invited.expiresAtMs)), with: lessons join INVITATION"))
            context.output.message(
                StyledText(
                    "To withdraw it: lessons admin revoke-invitation \(Hex.text(of: invited.invitationID))", .dim))
        }
    }

    private var request: WireInvite {
        var invite = WireInvite()
        invite.organisation = organisation?.text ?? ""
        invite.name = name ?? ""
        if let deviceOf {
            invite.memberID = Data(deviceOf.bytes)
        } else {
            invite.kind = WireMemberKind(rawValue: kind.rawValue) ?? .unspecified
            invite.roles = Set(roles).sorted().compactMap { WireRole(rawValue: $0.rawValue) }
        }
        invite.lifetimeMs = valid?.milliseconds ?? 0
        return invite
    }
}
