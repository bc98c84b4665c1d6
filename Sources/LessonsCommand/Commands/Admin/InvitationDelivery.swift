import ArgumentParser
import Foundation
import LessonModel
import PKI
import RelayClient
import TerminalUI
import Wire

/// How a new invitation reaches the person it is for: as text, in a file, as a QR code.
struct InvitationDelivery: ParsableArguments {
    @Option(help: "How long the invitation can be used: 30m, 12h, 7d, up to 30d.")
    var valid: SpanArgument?

    @Flag(help: "Draw it as a QR code too.")
    var qr = false

    @Option(name: .shortAndLong, help: "Write it to this new file, readable by you alone.", completion: .file())
    var output: String?

    func validate(_ options: CommandOptions) throws {
        if qr, options.json {
            throw ValidationError("--qr draws for a person and --json writes for a program: leave one out")
        }
    }

    /// Makes the invitation and hands it over.
    /// - Parameter request: what it promises; its lifetime is filled in here.
    func deliver(
        _ context: CommandContext, _ request: (RelayConnection, ClientIdentity) async throws -> WireInvite
    ) async throws {
        // Asked before the invitation exists, so that none is made and lost.
        if let output, FileManager.default.fileExists(atPath: output) {
            throw SecretFileError.alreadyExists(path: output).failure
        }
        let invited = try await context.connected { connection, identity in
            var invite = try await request(connection, identity)
            invite.lifetimeMs = valid?.milliseconds ?? 0
            let invited = try await connection.invite(invite)
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
            StyledText("To withdraw it: lessons admin revoke-invitation \(Hex.text(of: invited.invitationID))", .dim))
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
}

extension SecretFileError {
    var failure: CommandFailure { CommandFailure(.cannotWrite, "CANNOT_WRITE", description, field: "output") }
}
