import ArgumentParser
import LessonModel
import PKI
import RelayClient
import TerminalUI
import Wire

struct CertificatesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "certificates",
        abstract: "List or search the certificates that you administer, those that end first on top.")

    private static let standardLimit = 200

    @OptionGroup var options: CommandOptions

    @Argument(help: "Only of this organisation.")
    var organisation: OrganisationSlug?

    @Option(
        help: "Only those with this text in the member's name, or at the beginning of fingerprint or serial number.")
    var search: String?

    @Option(help: "Only of this member, by id.")
    var member: MemberID?

    @Option(help: "Only those that are now: \(CertificateStateName.allCases.map(\.rawValue).joined(separator: ", ")).")
    var state: CertificateStateName?

    @Option(help: "Only those that are valid and end within so many days.")
    var expiring: Int?

    @Option(help: "At most so many; 0 for all. Without: 200, and with --json all.")
    var limit: Int?

    func validate() throws {
        if let expiring, !(0...36_500).contains(expiring) {
            throw ValidationError("--expiring takes a number of days, such as 14")
        }
        if expiring != nil, state ?? .valid != .valid {
            throw ValidationError("--expiring lists valid certificates: leave --state out")
        }
        if let limit, limit < 0 { throw ValidationError("--limit is 0 or more") }
    }

    func run() async throws {
        try await options.perform { context in
            let now = context.now
            let request = request(now: now)
            let bound = limit ?? (context.output.isJSON ? 0 : Self.standardLimit)
            var table = TextTable(
                ("FINGERPRINT", .left), ("STATE", .left), ("ENDS", .left), ("ORGANISATION", .left), ("MEMBER", .left))
            let more = try await context.connected { connection, _ in
                try await connection.certificates(request, limit: bound == 0 ? nil : bound) { page in
                    for entry in page.certificates {
                        let shown = ShownCertificate(entry, now: now)
                        if context.output.isJSON {
                            try context.output.json(shown.json)
                        } else {
                            table.add(
                                StyledText(String(Hex.text(of: entry.fingerprint).prefix(16))),
                                StyledText(shown.state.rawValue, shown.state == .valid ? .green : .red),
                                StyledText(shown.endsAt.map(TimeText.local) ?? "?"), StyledText(entry.organisation),
                                StyledText(entry.memberName))
                        }
                    }
                }
            }
            if !context.output.isJSON { try context.output.data(table.lines(width: context.output.width)) }
            if more { context.output.message(StyledText("there are more; all of them: --limit 0", .dim)) }
        }
    }

    private func request(now: Milliseconds) -> WireListCertificates {
        var list = WireListCertificates()
        list.organisation = organisation?.text ?? ""
        list.search = search ?? ""
        if let member { list.memberID = .init(member.bytes) }
        list.state = state?.wire ?? .unspecified
        if let expiring {
            list.state = .valid
            list.endsBeforeMs = now + Int64(expiring) * 86_400_000 + 1
        }
        return list
    }
}

/// What has become of a certificate, as commands write it.
enum CertificateStateName: String, CaseIterable, ExpressibleByArgument {
    case valid, expired, revoked
    case onHold = "on-hold"

    var wire: WireCertificateState {
        switch self {
        case .valid: .valid
        case .expired: .expired
        case .revoked: .revoked
        case .onHold: .onHold
        }
    }
}

/// A certificate with its member, as the relay told it.
struct ShownCertificate {
    var entry: WireCertificateEntry
    /// Nil when the relay's bytes are no certificate.
    var certificate: Certificate?
    var state: CertificateStateName

    init(_ entry: WireCertificateEntry, now: Milliseconds) {
        self.entry = entry
        certificate = try? Certificate(der: Array(entry.certificate))
        if entry.revokedAtMs != 0 {
            state = entry.revocationReason == RevocationReason.certificateHold.name ? .onHold : .revoked
        } else {
            let end = certificate?.notAfter ?? .min
            state = end <= now / 1_000 ? .expired : .valid
        }
    }

    var endsAt: Milliseconds? { certificate.map { $0.notAfter.multipliedReportingOverflow(by: 1_000).partialValue } }

    var json: JSONNode { .object(fields) }

    var fields: [(String, JSONNode)] {
        let isRevoked = entry.revokedAtMs != 0
        return [
            ("fingerprint", .string(Hex.text(of: entry.fingerprint))), ("state", .string(state.rawValue)),
            ("member", .text(MemberID(bytes: entry.memberID)?.description)), ("name", .string(entry.memberName)),
            ("organisation", .string(entry.organisation)),
            ("serial", .text(certificate.map { Hex.text(of: $0.serialNumber) })),
            ("issued_at", .string(TimeText.iso(entry.issuedAtMs))),
            ("ends_at", endsAt.map { .string(TimeText.iso($0)) } ?? .null),
            ("revoked_at", isRevoked ? .string(TimeText.iso(entry.revokedAtMs)) : .null),
            ("revocation_reason", .text(entry.revocationReason.nonEmpty)),
        ]
    }
}
