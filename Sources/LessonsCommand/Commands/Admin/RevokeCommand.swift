import ArgumentParser
import Foundation
import LessonModel
import PKI
import RelayClient
import Wire

struct RevokeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Revoke certificates for ever; sessions that use them end at once.",
        discussion: """
            Asks for the name of what is revoked: the organisation's short name, the member's name, or the first 16 digits
            of the fingerprint. In a script, hand it over with --confirm.
            """)

    @OptionGroup var options: CommandOptions

    @Option(help: "Revoke one certificate, by its fingerprint or the first 8 or more digits of it.")
    var fingerprint: String?

    @Option(help: "Revoke all certificates of a member, by id.")
    var member: MemberID?

    @Option(help: "Revoke all certificates of an organisation.")
    var organisation: OrganisationSlug?

    @Option(help: "Why.")
    var reason: RevocationReason = .unspecified

    @Option(help: "The name that you would have to type.")
    var confirm: String?

    func validate() throws {
        guard [fingerprint != nil, member != nil, organisation != nil].filter(\.self).count == 1 else {
            throw ValidationError("say what to revoke: one of --fingerprint, --member and --organisation")
        }
    }

    func run() async throws {
        try await options.perform { context in
            let revoked = try await context.connected { connection, _ in
                var request = WireRevokeCertificates()
                request.reason = reason.name
                let target = try await target(connection)
                request.target = target.target
                try Confirmation(name: target.name, effect: "revokes \(target.what) for ever").check(confirm, context)
                return try await connection.revokeCertificates(request)
            }
            if context.output.isJSON {
                try context.output.json(
                    .object([
                        ("certificates", .integer(Int64(revoked.certificates))),
                        ("sessions", .integer(Int64(revoked.sessions))),
                    ]))
            } else {
                context.output.message(
                    StyledText("revoked \(revoked.certificates) certificates and ended \(revoked.sessions) sessions"))
            }
        }
    }

    /// What is revoked, with the name to type.
    private func target(
        _ connection: RelayConnection
    ) async throws -> (target: WireRevokeCertificates.OneOf_Target, name: String, what: String) {
        if let organisation {
            return (.organisation(organisation.text), organisation.text, "all certificates of \(organisation)")
        }
        if let member {
            let known = try await connection.members().first { Array($0.memberID) == member.bytes }
            guard let known else {
                throw CommandFailure(
                    .missingInput, "NOT_FOUND", "there is no member \(member)", hint: "see them with: lessons members")
            }
            return (
                .memberID(Data(member.bytes)), known.name, "all certificates of \(known.name) (\(known.organisation))"
            )
        }
        let prefix = (fingerprint ?? "").lowercased().replacing(":", with: "")
        let entries = try await connection.administeredCertificates().certificates
        let matches = entries.filter { Hex.text(of: $0.fingerprint).hasPrefix(prefix) }
        guard prefix.utf8.count >= 8, matches.count == 1 else {
            throw CommandFailure(
                .missingInput, matches.count > 1 ? "AMBIGUOUS" : "NOT_FOUND",
                matches.count > 1 && prefix.utf8.count >= 8
                    ? "\(matches.count) certificates begin with \(prefix)"
                    : "no certificate has the fingerprint \(prefix)…",
                hint: "see them with: lessons admin certificates; give 8 digits or more")
        }
        let name = String(Hex.text(of: matches[0].fingerprint).prefix(16))
        return (.fingerprint(matches[0].fingerprint), name, "the certificate \(name)…")
    }
}
