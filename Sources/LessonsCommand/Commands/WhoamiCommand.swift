import ArgumentParser
import LessonModel
import PKI
import RelayClient
import TerminalUI

struct WhoamiCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "whoami", abstract: "Show who you are here: member, organisation, roles and certificate.")

    @OptionGroup var options: CommandOptions

    func run() async throws {
        try await options.perform { context in
            let identity = try context.identity()
            let member = identity.member
            let ends = identity.certificate.map { $0.notAfter * 1_000 }
            if context.output.isJSON {
                try context.output.json(
                    .object([
                        ("member", .string(member.id.description)), ("name", .string(member.name)),
                        ("organisation", .string(member.organisation.text)),
                        ("organisation_name", .string(identity.organisation.name)),
                        ("kind", .string(member.kind.name)), ("roles", .strings(member.roles.sorted().map(\.name))),
                        ("certificate_fingerprint", .text(identity.certificate?.fingerprintText)),
                        ("certificate_ends_at", ends.map { .string(TimeText.iso($0)) } ?? .null),
                        ("relay", .string(identity.address.description)),
                        ("relay_id", .string(Hex.text(of: identity.relayID))),
                        ("profile", .string(context.profile.name)), ("device", .string(identity.device)),
                    ]))
                return
            }
            let country = identity.organisation.country.map { ", \($0)" } ?? ""
            var list = LabelledLines()
            list.add("member", StyledText(member.name, .bold) + StyledText("  \(member.id)", .dim))
            list.add("organisation", StyledText("\(identity.organisation.name) (\(member.organisation)\(country))"))
            list.add("roles", StyledText(member.roles.sorted().map(\.name).joined(separator: ", ")))
            if let certificate = identity.certificate, let ends {
                list.add("certificate", CertificateTerm(endsAt: ends, now: context.now).text)
                list.add("fingerprint", StyledText(certificate.fingerprintText, .dim))
            }
            list.add("relay", StyledText(identity.address.description))
            list.add("profile", StyledText(context.profile.name))
            try context.output.data(list.lines)
        }
    }
}
