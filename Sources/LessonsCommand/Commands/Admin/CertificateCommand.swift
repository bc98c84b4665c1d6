import ArgumentParser
import Foundation
import LessonModel
import PKI
import RelayClient
import TerminalUI
import Wire

struct CertificateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "certificate", abstract: "Show all of one certificate, or download it as PEM.")

    @OptionGroup var options: CommandOptions

    @Argument(help: "Its fingerprint, or the first 8 or more digits of it.")
    var fingerprint: String

    @Option(
        name: .shortAndLong, help: "Write it as PEM to this file; - is standard output.",
        completion: .file(extensions: ["pem"]))
    var output: String?

    @Flag(help: "With --output: the issuing certificate behind it.")
    var chain = false

    @Flag(help: "Replace the file if there is one.")
    var overwrite = false

    func validate() throws {
        if output == nil, chain || overwrite { throw ValidationError("--chain and --overwrite go with --output") }
        if output == "-", options.json { throw ValidationError("--output - writes PEM: leave --json out") }
    }

    func run() async throws {
        try await options.perform { context in
            if let output, output != "-", !overwrite, FileManager.default.fileExists(atPath: output) {
                throw CommandFailure(
                    .cannotWrite, "EXISTS", "\(output) exists and was left as it is",
                    hint: "replace it with: --overwrite")
            }
            let (entry, issuers) = try await context.connected { connection, _ in
                try await CertificateReference(fingerprint).find(connection)
            }
            let shown = ShownCertificate(entry, now: context.now)
            guard let certificate = shown.certificate else {
                throw CommandFailure(
                    .internalFault, "PROTOCOL_VIOLATION", "what the relay sent is no certificate",
                    hint: "update lessons, or the relay")
            }
            let issuer = issuers.compactMap { try? Certificate(der: Array($0)) }
                .first { $0.subjectKeyID != nil && $0.subjectKeyID == certificate.authorityKeyID }
            if let output {
                try write([certificate] + (chain ? [issuer].compactMap(\.self) : []), to: output, context)
                guard output != "-" else { return }
            }
            if context.output.isJSON {
                try context.output.json(.object(shown.fields + certificate.fields))
            } else if output == nil {
                try context.output.data(shown.lines(of: certificate, now: context.now))
            }
        }
    }

    private func write(_ certificates: [Certificate], to output: String, _ context: CommandContext) throws {
        let text = certificates.map(\.pem).joined()
        guard output != "-" else { return try context.output.document(text) }
        do {
            try Data(text.utf8).write(to: URL(fileURLWithPath: output), options: .atomic)
        } catch {
            throw CommandFailure(
                .cannotWrite, "CANNOT_WRITE", "\(output) cannot be written: \(error.localizedDescription)")
        }
        context.output.message(
            StyledText("wrote \(UInt32(certificates.count).counted("certificate")) to \(output)"))
    }
}

extension Certificate {
    /// By its policy: person, service or administrator.
    fileprivate var kindName: String? {
        CertificateProfile.MemberKind.allCases.first { policyIdentifiers.contains($0.policyIdentifier) }?.rawValue
    }

    fileprivate var alternativeNames: [String] {
        uris.map { "URI:\($0)" } + dnsNames.map { "DNS:\($0)" } + ipAddresses.map { "IP:\($0)" }
    }

    fileprivate var fields: [(String, JSONNode)] {
        [
            ("subject", .string(subject)), ("issuer", .string(issuer)),
            ("begins_at", .string(TimeText.iso(notBefore.multipliedReportingOverflow(by: 1_000).partialValue))),
            ("kind", .text(kindName)), ("policies", .strings(policyIdentifiers)),
            ("alternative_names", .strings(alternativeNames)),
            ("subject_key_id", .text(subjectKeyID.map { Hex.text(of: $0) })),
            ("authority_key_id", .text(authorityKeyID.map { Hex.text(of: $0) })),
        ]
    }
}

extension ShownCertificate {
    fileprivate func lines(of certificate: Certificate, now: Milliseconds) -> [StyledText] {
        func time(_ seconds: Int64) -> String {
            TimeText.local(seconds.multipliedReportingOverflow(by: 1_000).partialValue)
        }
        var lines = LabelledLines()
        lines.add("fingerprint", StyledText(certificate.fingerprintText))
        lines.add("state", StyledText(state.rawValue, state == .valid ? .green : .red))
        if entry.revokedAtMs != 0 {
            lines.add(
                state == .onHold ? "on hold since" : "revoked",
                StyledText("\(TimeText.local(entry.revokedAtMs)), \(entry.revocationReason)"))
        }
        lines.add(
            "member",
            StyledText(entry.memberName, .bold)
                + StyledText("  \(MemberID(bytes: entry.memberID)?.description ?? "?")", .dim))
        lines.add("organisation", StyledText(entry.organisation))
        lines.add("kind", StyledText(certificate.kindName ?? "?"))
        lines.add("subject", StyledText(certificate.subject))
        lines.add("issuer", StyledText(certificate.issuer))
        lines.add("serial", StyledText(Hex.text(of: certificate.serialNumber)))
        lines.add("issued", StyledText(TimeText.local(entry.issuedAtMs)))
        lines.add("valid", StyledText("\(time(certificate.notBefore)) to \(time(certificate.notAfter))"))
        for name in certificate.alternativeNames { lines.add("name", StyledText(name)) }
        for policy in certificate.policyIdentifiers { lines.add("policy", StyledText(policy, .dim)) }
        return lines.lines
    }
}
