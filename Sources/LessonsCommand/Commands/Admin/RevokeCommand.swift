import ArgumentParser
import Foundation
import LessonModel
import PKI
import RelayClient
import TerminalUI
import Wire

struct RevokeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Revoke certificates, for ever or on hold; sessions that use them end at once.",
        discussion: """
            With --reason hold they are on hold, until lessons admin release takes it back or another revocation makes it \
            final. Asks for the name of what is revoked: the organisation's short name, the member's name, or the first \
            16 digits of the fingerprint. In a script, hand it over with --confirm.
            """)

    @OptionGroup var options: CommandOptions
    @OptionGroup var target: CertificateTarget
    @OptionGroup var confirmation: Confirmation

    @Option(help: "Why; hold stands for certificateHold.")
    var reason: RevocationReason = .unspecified

    func run() async throws {
        try await options.perform { context in
            let isHold = reason == .certificateHold
            let revoked = try await context.connected { connection, _ in
                let found = try await target.find(connection)
                try confirmation.check(
                    found.name, isHold ? "puts \(found.what) on hold" : "revokes \(found.what) for ever", context)
                var request = WireRevokeCertificates()
                request.reason = reason.name
                request.target =
                    switch found {
                    case .fingerprint(let bytes): .fingerprint(bytes)
                    case .member(let id, _, _): .memberID(Data(id.bytes))
                    case .organisation(let slug): .organisation(slug.text)
                    }
                return try await connection.revokeCertificates(request)
            }
            if context.output.isJSON {
                try context.output.json(
                    .object([
                        ("certificates", .integer(Int64(revoked.certificates))),
                        ("sessions", .integer(Int64(revoked.sessions))), ("reason", .string(reason.name)),
                    ]))
            } else {
                let certificates = revoked.certificates.counted("certificate")
                context.output.message(
                    StyledText(
                        (isHold ? "put \(certificates) on hold" : "revoked \(certificates)")
                            + " and ended \(revoked.sessions.counted("session"))"))
            }
        }
    }
}

struct ReleaseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release", abstract: "Take back a hold: the certificates are in force again.",
        discussion: "What is revoked for another reason stays revoked.")

    @OptionGroup var options: CommandOptions
    @OptionGroup var target: CertificateTarget

    func run() async throws {
        try await options.perform { context in
            let released = try await context.connected { connection, _ in
                var request = WireReleaseHold()
                request.target =
                    switch try await target.find(connection) {
                    case .fingerprint(let bytes): .fingerprint(bytes)
                    case .member(let id, _, _): .memberID(Data(id.bytes))
                    case .organisation(let slug): .organisation(slug.text)
                    }
                return try await connection.releaseHold(request)
            }
            if context.output.isJSON {
                try context.output.json(.object([("certificates", .integer(Int64(released.certificates)))]))
            } else {
                context.output.message(StyledText("released \(released.certificates.counted("certificate"))"))
            }
        }
    }
}
