import ArgumentParser
import Foundation
import LessonModel
import Wire

struct InviteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "invite", abstract: "Make an invitation for a new member, or for a member's further device.",
        discussion: """
            The invitation is one line on standard output. Whoever holds it can join once: hand it over by a way that \
            you trust, and only to the person it is for. With --qr it is also drawn as a QR code, to be read off the \
            screen; with --output it goes into a file that only you can read, in place of standard output.

            A further device of a colleague is invited by the colleague, with lessons invite-device. An organisation \
            administrator invites one only for a member who holds no valid certificate any more.
            """)

    @OptionGroup var options: CommandOptions
    @OptionGroup var delivery: InvitationDelivery

    @Option(help: "The new member's organisation.")
    var organisation: OrganisationSlug?

    @Option(help: "The new member's name.")
    var name: String?

    @Option(help: "Whether a person or a program joins.")
    var kind: MemberKind = .person

    @Option(name: .customLong("role"), help: "What the member may do; repeat it for several. Without: contributor.")
    var roles: [Role] = []

    @Option(
        name: [.customLong("member"), .customLong("device-of")],
        help: "A further device of this member, by id, in place of a new member.")
    var member: MemberID?

    func validate() throws {
        try delivery.validate(options)
        if member == nil, organisation == nil || name == nil {
            throw ValidationError("say who is invited: --organisation SLUG --name NAME, or --member MEMBER-ID")
        }
        if member != nil, organisation != nil || name != nil || !roles.isEmpty {
            throw ValidationError("--member takes organisation, name and roles from the member: leave them out")
        }
    }

    func run() async throws {
        try await options.perform { context in try await delivery.deliver(context) { _, _ in request } }
    }

    private var request: WireInvite {
        var invite = WireInvite()
        if let member {
            invite.memberID = Data(member.bytes)
            return invite
        }
        invite.organisation = organisation?.text ?? ""
        invite.name = name ?? ""
        invite.kind = WireMemberKind(rawValue: kind.rawValue) ?? .unspecified
        invite.roles = Set(roles).sorted().compactMap { WireRole(rawValue: $0.rawValue) }
        return invite
    }
}
