import ArgumentParser
import Foundation
import LessonModel
import PKI
import RelayClient
import Wire

struct InviteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "invite", abstract: "Make an invitation for a new member, or for a member's further device.",
        discussion: """
            The invitation is one line on standard output. Whoever holds it can join once: hand it over by a way that
            you trust, and only to the person it is for. With --qr it is also drawn as a QR code, to be read off the
            screen; with --output it goes into a file that only you can read, in place of standard output.
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

    @Flag(help: "Draw it as a QR code too.")
    var qr = false

    @Option(name: .shortAndLong, help: "Write it to this new file, readable by you alone.", completion: .file())
    var output: String?

    func validate() throws {
        if qr, options.json {
            throw ValidationError("--qr draws for a person and --json writes for a program: leave one out")
        }
        if deviceOf == nil, organisation == nil || name == nil {
            throw ValidationError("say who is invited: --organisation SLUG --name NAME, or --device-of MEMBER-ID")
        }
        if deviceOf != nil, organisation != nil || name != nil || !roles.isEmpty {
            throw ValidationError("--device-of takes organisation, name and roles from the member: leave them out")
        }
    }

    func run() async throws {
        try await options.perform { context in
            // Asked before the invitation exists, so that none is made and lost.
            if let output, FileManager.default.fileExists(atPath: output) {
                throw SecretFileError.alreadyExists(path: output).failure
            }
            let invited = try await context.connected { connection, _ in
                let invited = try await connection.invite(request)
                try await save(invited, connection)
                return invited
            }
            if context.output.isJSON {
                try context.output.json(
                    .object([
                        output.map { ("file", .string($0)) } ?? ("invitation", .string(invited.invitation)),
                        ("invitation_id", .string(Hex.text(of: invited.invitationID))),
                        ("expires_at", .string(TimeText.iso(invited.expiresAtMs))),
                    ]))
                return
            }
            if let output {
                context.output.message(StyledText("the invitation is in \(output)"))
            } else {
                try context.output.data(StyledText(invited.invitation))
            }
            if qr { try draw(invited.invitation, context) }
            context.output.message(
                StyledText(
                    "It can be used once, until \(TimeText.local(invited.expiresAtMs)), with: lessons join INVITATION"))
            context.output.message(
                StyledText(
                    "To withdraw it: lessons admin revoke-invitation \(Hex.text(of: invited.invitationID))", .dim))
        }
    }

    /// Writes the file. What cannot be written is withdrawn, so that no invitation is open that nobody has.
    private func save(_ invited: WireInvited, _ connection: RelayConnection) async throws {
        guard let output else { return }
        do {
            try SecretFile.write(invited.invitation + "\n", to: output, replacing: false)
        } catch {
            try await connection.revokeInvitation(Array(invited.invitationID))
            throw error.failure
        }
    }

    private func draw(_ invitation: String, _ context: CommandContext) throws {
        guard let code = QRCode(invitation) else {
            return context.output.warning("the invitation is too long for a QR code")
        }
        let isUTF8 = QRText.isUTF8(environment: context.environment)
        let lines = QRText.lines(of: code, isUTF8: isUTF8)
        let width = (code.size + 8) * (isUTF8 ? 1 : 2)
        if let columns = context.output.width, columns < width {
            context.output.warning("the QR code needs a terminal of \(width) columns; this one has \(columns)")
        }
        try context.output.data(lines)
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

extension SecretFileError {
    fileprivate var failure: CommandFailure {
        CommandFailure(.cannotWrite, "CANNOT_WRITE", description, field: "output")
    }
}
