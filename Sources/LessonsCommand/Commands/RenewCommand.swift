import ArgumentParser
import PKI
import RelayClient

struct RenewCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "renew", abstract: "Get a fresh certificate, with a new key, before the present one ends.")

    @OptionGroup var options: CommandOptions

    @Flag(help: "Only when two thirds of the certificate's time are over; for a timer.")
    var ifDue = false

    func run() async throws {
        try await options.perform { context in
            let identity = try context.identity()
            let isDue = identity.needsRenewal(at: context.now / 1_000)
            guard isDue || !ifDue else {
                try tell(identity, isRenewed: false, context)
                return
            }
            let renewed = try await context.connected { connection, identity in
                try await Enrolment.renew(identity, over: connection, now: context.now / 1_000)
            }
            try context.profile.replace(renewed)
            try tell(renewed, isRenewed: true, context)
        }
    }

    private func tell(_ identity: ClientIdentity, isRenewed: Bool, _ context: CommandContext) throws {
        let ends = (identity.certificate?.notAfter ?? 0).multipliedReportingOverflow(by: 1_000).partialValue
        if context.output.isJSON {
            try context.output.json(
                .object([
                    ("renewed", .bool(isRenewed)),
                    ("certificate_fingerprint", .text(identity.certificate?.fingerprintText)),
                    ("certificate_ends_at", .string(TimeText.iso(ends))),
                ]))
            return
        }
        let text = CertificateTerm(endsAt: ends, now: context.now).text
        context.output.message(StyledText(isRenewed ? "renewed: it " : "not due: it ") + text)
    }
}
