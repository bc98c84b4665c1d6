import ArgumentParser
import LessonModel
import NIOPosix
import PKI
import RelayClient
import Wire

struct JoinCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "join", abstract: "Become a member of a relay with an invitation.",
        discussion: """
            The key is made on this machine and never leaves it. An invitation can be used once; to keep it out of the
            shell's history, hand it over on standard input with -.
            """)

    @OptionGroup var options: CommandOptions

    @Argument(help: "The invitation, lessons://...; - is standard input.")
    var invitation: String?

    @Option(help: "The file with the invitation.", completion: .file())
    var file: String?

    func validate() throws {
        guard (invitation == nil) != (file == nil) else {
            throw ValidationError("give the invitation, - to read it from standard input, or --file")
        }
    }

    func run() async throws {
        try await options.perform { context in
            let text: String
            if let file {
                text = try InputText.read(file, maxBytes: 4_096)
            } else if invitation == "-" {
                text = try InputText.read("-", maxBytes: 4_096)
            } else {
                text = invitation ?? ""
            }
            let parsed: Invitation
            do throws(InvitationError) {
                parsed = try Invitation(text: text)
            } catch {
                throw CommandFailure(.usage, "BAD_INVITATION", error.description)
            }
            if context.profile.hasIdentity {
                let identity = try context.profile.loadIdentity()
                throw CommandFailure(
                    .configuration, "ALREADY_JOINED",
                    "the profile \(context.profile.name) is already \(identity.member.name) at \(identity.address); the invitation was not used",
                    hint: "join with another profile: lessons join --profile NAME INVITATION")
            }
            try context.profile.checkReadyToJoin()
            let identity = try await Enrolment.join(
                parsed, agent: Version.agent, group: .singletonMultiThreadedEventLoopGroup, now: context.now / 1_000,
                logger: CommandContext.logger)
            try context.profile.save(identity)
            try tell(identity, context)
        }
    }

    private func tell(_ identity: ClientIdentity, _ context: CommandContext) throws {
        let member = identity.member
        if context.output.isJSON {
            try context.output.json(
                .object([
                    ("member", .string(member.id.description)), ("name", .string(member.name)),
                    ("organisation", .string(member.organisation.text)),
                    ("roles", .strings(member.roles.sorted().map(\.name))),
                    ("relay", .string(identity.address.description)),
                    ("relay_id", .string(Hex.text(of: identity.relayID))), ("profile", .string(context.profile.name)),
                ]))
            return
        }
        var list = LabelledLines()
        list.add("joined", StyledText(identity.address.description, .bold) + StyledText(relayName(identity), .dim))
        list.add("as", StyledText(member.name, .bold) + StyledText(" of \(identity.organisation.name)"))
        list.add("roles", StyledText(member.roles.sorted().map(\.name).joined(separator: ", ")))
        try context.output.data(list.lines)
        let option = context.profile.name == Profile.defaultName ? "" : " --profile \(context.profile.name)"
        context.output.message("next:")
        var next = [
            ("lessons topics\(option)", "what there is"), ("lessons subscribe\(option) 'policing/#'", "follow topics"),
            ("lessons watch\(option)", "receive live"),
        ]
        if member.roles.contains(where: { $0 > .reader }) { next.append(("lessons post\(option)", "write a lesson")) }
        let width = next.map { $0.0.count }.max() ?? 0
        for (command, purpose) in next {
            let padding = String(repeating: " ", count: width - command.count + 2)
            context.output.message(StyledText("  \(command)", .cyan) + StyledText(padding + purpose))
        }
    }

    /// The root's name, by which people know the relay.
    private func relayName(_ identity: ClientIdentity) -> String {
        identity.root.commonName.map { ", \($0)" } ?? ""
    }
}
