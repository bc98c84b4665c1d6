import ArgumentParser
import LessonModel
import NIOPosix
import PKI
import RelayClient
import TerminalUI
import Wire

struct JoinCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "join", abstract: "Become a member of a relay with an invitation.",
        discussion: """
            The key is made on this machine and never leaves it. An invitation can be used once; to keep it out of the \
            shell's history, hand it over on standard input with -. With --protect the key is kept under a passphrase, which \
            every command that needs the key then asks for.

            With --again an invitation for a further device (`lessons admin invite --member ID`) takes the place of a \
            certificate that has ended, was lost or was revoked: what waits in the outbox, what was received, and what you \
            follow stay.
            """)

    @OptionGroup var options: CommandOptions

    @Argument(help: "The invitation, lessons://...; - is standard input.")
    var invitation: String?

    @Option(help: "The file with the invitation.", completion: .file())
    var file: String?

    @Flag(help: "Take the place of the certificate that is here, for the same member.")
    var again = false

    @Flag(help: "Keep the key under a passphrase: asked for twice, or the first line of --passphrase-file.")
    var protect = false

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
            try checkPlace(parsed, context)
            try context.profile.checkReadyToJoin(isAgain: again)
            let known = again ? try context.profile.facts() : nil
            let wantsPassphrase = protect || known != nil && context.profile.isKeyProtected
            let passphrase =
                wantsPassphrase
                ? try context.passphrases.new("passphrase for the key", minBytes: KeyBundle.minPassphraseBytes) : nil
            func join() async throws -> ClientIdentity {
                var identity = try await Enrolment.join(
                    parsed, device: known?.device, agent: Version.agent, group: .singletonMultiThreadedEventLoopGroup,
                    now: context.now / 1_000, logger: CommandContext.logger)
                identity.keyPassphrase = passphrase
                return identity
            }
            guard let known else {
                let identity = try await join()
                try context.profile.save(identity)
                return try tell(identity, context)
            }
            // The invitation is spent only when nothing can come between it and the new identity.
            let identity = try await context.profile.changing {
                let identity = try await join()
                guard known.member == identity.member.id else { try keepApart(identity, context) }
                try context.profile.replace(identity)
                return identity
            }
            try tell(identity, context)
        }
    }

    /// Before the invitation is spent.
    private func checkPlace(_ invitation: Invitation, _ context: CommandContext) throws {
        guard context.profile.hasIdentity else {
            guard !again else {
                throw CommandFailure(
                    .usage, "NOT_JOINED", "the profile \(context.profile.name) has joined no relay yet",
                    hint: "leave --again out")
            }
            return
        }
        let known = try context.profile.facts()
        guard again else {
            throw CommandFailure(
                .configuration, "ALREADY_JOINED",
                "the profile \(context.profile.name) is already \(known.memberName) at \(known.address); the invitation was not used",
                hint: "if it is for \(known.memberName), whose certificate has ended or was revoked: "
                    + "lessons join --again INVITATION; else: lessons join --profile NAME INVITATION")
        }
        guard invitation.rootFingerprint == known.rootFingerprint else {
            throw CommandFailure(
                .configuration, "OTHER_RELAY",
                "the invitation is for another relay than the one at \(known.address); it was not used",
                hint: "join it with a profile of its own: lessons join --profile NAME INVITATION")
        }
    }

    /// The invitation was another member's after all, and it is spent: nothing of it may be lost.
    private func keepApart(_ identity: ClientIdentity, _ context: CommandContext) throws -> Never {
        var number = 2
        while true {
            let name = "\(context.profile.name)-\(number)"
            let other = try Profile(name: name, environment: context.environment)
            guard !other.hasIdentity else {
                number += 1
                continue
            }
            try other.save(identity)
            throw CommandFailure(
                .configuration, "OTHER_MEMBER",
                "the invitation was for \(identity.member.name), who is not the member of this profile; nothing of this "
                    + "profile was changed, and \(identity.member.name) has joined with the profile \(name)",
                hint: "use it with: lessons --profile \(name) …")
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
