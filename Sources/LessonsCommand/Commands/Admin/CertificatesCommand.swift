import ArgumentParser
import LessonModel
import PKI
import RelayClient
import Wire

struct CertificatesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "certificates", abstract: "List the certificates that you administer, those that end first on top."
    )

    @OptionGroup var options: CommandOptions

    @Argument(help: "Only of this organisation.")
    var organisation: OrganisationSlug?

    @Option(help: "Only those that are valid and end within so many days.")
    var expiring: Int?

    func validate() throws {
        if let expiring, !(0...36_500).contains(expiring) {
            throw ValidationError("--expiring takes a number of days, such as 14")
        }
    }

    func run() async throws {
        try await options.perform { context in
            let (entries, members) = try await context.connected { connection, _ in
                (
                    try await connection.administeredCertificates(of: organisation).certificates,
                    try await connection.members(of: organisation)
                )
            }
            let names = Dictionary(members.map { ($0.memberID, $0) }, uniquingKeysWith: { first, _ in first })
            let now = context.now
            let rows = entries.compactMap { entry -> CertificateRow? in
                guard let certificate = try? Certificate(der: Array(entry.certificate)) else { return nil }
                return CertificateRow(entry: entry, certificate: certificate, member: names[entry.memberID])
            }
            .filter { row in
                expiring.map { !row.isRevoked && row.endsAt > now && row.endsAt <= now + Int64($0) * 86_400_000 }
                    ?? true
            }
            .sorted { $0.endsAt < $1.endsAt }
            if rows.count < entries.count, expiring == nil {
                context.output.warning("\(entries.count - rows.count) certificates could not be read")
            }
            if context.output.isJSON {
                for row in rows { try context.output.json(row.json(now: now)) }
                return
            }
            var table = TextTable(
                ("FINGERPRINT", .left), ("STATE", .left), ("ENDS", .left), ("ORGANISATION", .left), ("MEMBER", .left))
            for row in rows {
                let state = row.state(now: now)
                table.add(
                    StyledText(String(row.certificate.fingerprintText.prefix(16))),
                    StyledText(state, state == "valid" ? .green : .red), StyledText(TimeText.local(row.endsAt)),
                    StyledText(row.member?.organisation ?? "?"),
                    StyledText(row.member?.name ?? row.certificate.commonName ?? "?"))
            }
            try context.output.data(table.lines(width: context.output.width))
        }
    }
}

/// A certificate with its member, for a listing.
struct CertificateRow {
    var entry: WireCertificateEntry
    var certificate: Certificate
    var member: WireMember?

    var endsAt: Milliseconds { certificate.notAfter.multipliedReportingOverflow(by: 1_000).partialValue }
    var isRevoked: Bool { entry.revokedAtMs != 0 }

    func state(now: Milliseconds) -> String {
        if isRevoked { return "revoked" }
        return endsAt <= now ? "expired" : "valid"
    }

    func json(now: Milliseconds) -> JSONNode {
        .object([
            ("fingerprint", .string(certificate.fingerprintText)), ("state", .string(state(now: now))),
            ("member", .text(MemberID(bytes: entry.memberID)?.description)), ("name", .text(member?.name)),
            ("organisation", .text(member?.organisation)), ("ends_at", .string(TimeText.iso(endsAt))),
            ("revoked_at", isRevoked ? .string(TimeText.iso(entry.revokedAtMs)) : .null),
            ("revocation_reason", .text(entry.revocationReason.nonEmpty)),
        ])
    }
}
