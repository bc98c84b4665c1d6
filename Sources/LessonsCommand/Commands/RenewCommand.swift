import ArgumentParser
import PKI
import RelayClient
import TerminalUI

struct RenewCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "renew", abstract: "Get a fresh certificate, with a new key, before the present one ends.",
        discussion: """
            Every command that connects renews by itself when two thirds of the certificate's time are over, and so does a \
            `watch` that runs on. Where none runs for weeks, let a timer run: lessons renew --if-needed --no-input --quiet
            """)

    @OptionGroup var options: CommandOptions

    @Flag(help: "Only when two thirds of the certificate's time are over; for a timer.")
    var ifNeeded = false

    func run() async throws {
        try await options.perform { context in
            // A timer must not need a passphrase on the days when there is nothing to do.
            if ifNeeded, let certificate = try context.profile.storedCertificate(),
                RenewalSchedule.due(certificate) > context.now / 1_000
            {
                return try tell(certificate, isRenewed: false, context)
            }
            let identity = try context.identity()
            let connection = try await context.connect(identity)
            let outcome: CommandContext.RenewalOutcome
            do { outcome = try await context.renew(identity, over: connection) } catch {
                await connection.close()
                throw error
            }
            await connection.close()
            guard let certificate = try context.freshIdentity().certificate else { return }
            if case .renewed = outcome {
                try tell(certificate, isRenewed: true, context)
            } else {
                try tell(certificate, isRenewed: certificate != identity.certificate, context)
            }
        }
    }

    private func tell(_ certificate: Certificate, isRenewed: Bool, _ context: CommandContext) throws {
        let ends = certificate.notAfter.multipliedReportingOverflow(by: 1_000).partialValue
        if context.output.isJSON {
            try context.output.json(
                .object([
                    ("renewed", .bool(isRenewed)), ("certificate_fingerprint", .string(certificate.fingerprintText)),
                    ("certificate_ends_at", .string(TimeText.iso(ends))),
                ]))
            return
        }
        let text = CertificateTerm(endsAt: ends, now: context.now).text
        context.output.message(StyledText(isRenewed ? "renewed: it " : "not due: it ") + text)
    }
}
