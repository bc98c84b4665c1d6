import ArgumentParser
import LessonModel
import RelayClient
import TerminalUI
import Wire

struct AdminStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show what an administrator should know today.",
        discussion: """
            A relay administrator sees the counts of the whole relay, an organisation administrator those of their own \
            organisation.
            """)

    @OptionGroup var options: CommandOptions

    func run() async throws {
        try await options.perform { context in
            let status = try await context.connected { connection, _ in try await connection.status() }
            guard !context.output.isJSON else { return try context.output.json(status.json) }
            try context.output.data(status.lines(now: context.now))
            for warning in status.warnings { context.output.warning(warning) }
        }
    }
}

extension WireStatus {
    func lines(now: Milliseconds) -> [StyledText] {
        func count(_ value: UInt32, _ part: UInt32, _ note: String) -> StyledText {
            StyledText("\(value)") + (part == 0 ? "" : StyledText(", \(part) \(note)", .yellow))
        }
        func end(_ time: Milliseconds) -> StyledText {
            StyledText(TimeText.local(time))
                + StyledText(time > now ? " (in \(TimeText.span(time - now)))" : " (over)", time > now ? .dim : .red)
        }
        var lines = LabelledLines()
        lines.add("organisations", count(organisations, suspendedOrganisations, "suspended"))
        lines.add("members", count(members, suspendedMembers, "suspended"))
        lines.add("certificates", count(certificates, certificatesEnding, "end within 14 days"))
        lines.add("last certificates", StyledText("\(membersEnding) members' end within 14 days"))
        lines.add("open invitations", StyledText("\(openInvitations)"))
        lines.add("sessions", StyledText("\(sessions)"))
        lines.add("relay certificate", end(relayCertificateEndsMs))
        if issuers.isEmpty { lines.add("issuing certificate", end(issuingCertificateEndsMs)) }
        for line in issuerLines(end) { lines.add(line.label, line.value) }
        if rootCertificateEndsMs > 0 { lines.add("root certificate", end(rootCertificateEndsMs)) }
        return lines.lines
    }

    var json: JSONNode {
        .object([
            ("organisations", .integer(Int64(organisations))),
            ("suspended_organisations", .integer(Int64(suspendedOrganisations))),
            ("members", .integer(Int64(members))), ("suspended_members", .integer(Int64(suspendedMembers))),
            ("certificates", .integer(Int64(certificates))),
            ("certificates_ending", .integer(Int64(certificatesEnding))),
            ("members_ending", .integer(Int64(membersEnding))),
            ("open_invitations", .integer(Int64(openInvitations))), ("sessions", .integer(Int64(sessions))),
            ("relay_certificate_ends_at", .string(TimeText.iso(relayCertificateEndsMs))),
            ("issuing_certificate_ends_at", .string(TimeText.iso(issuingCertificateEndsMs))),
            (
                "root_certificate_ends_at",
                rootCertificateEndsMs > 0 ? .string(TimeText.iso(rootCertificateEndsMs)) : .null
            ),
            ("issuers", issuersJSON), ("warnings", .strings(warnings)),
        ])
    }
}
