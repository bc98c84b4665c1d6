import ArgumentParser
import Foundation
import LessonModel
import RelayClient
import Wire

struct InviteDeviceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "invite-device", abstract: "Make an invitation for a further device of your own.",
        discussion: """
            Run lessons join with it on the other device, which gets a key and a certificate of its own there. Whoever \
            holds the invitation can read what is for you alone: hand it to nobody. Those that were not used are listed \
            and withdrawn with lessons admin invitations and revoke-invitation.
            """)

    @OptionGroup var options: CommandOptions
    @OptionGroup var delivery: InvitationDelivery

    func validate() throws { try delivery.validate(options) }

    func run() async throws {
        try await options.perform { context in
            try await delivery.deliver(context) { _, identity in
                var invite = WireInvite()
                invite.memberID = Data(identity.member.id.bytes)
                return invite
            }
        }
    }
}
