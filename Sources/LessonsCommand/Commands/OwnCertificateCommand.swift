import ArgumentParser
import Foundation
import LessonModel
import PKI
import RelayClient
import TerminalUI

struct OwnCertificateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "certificate", abstract: "Show your own certificate, and hand it with its key to other programs.",
        subcommands: [Show.self, Export.self], defaultSubcommand: Show.self)

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Show your certificate, or write it to a file.")

        @OptionGroup var options: CommandOptions

        @Option(name: .shortAndLong, help: "Write it, with its issuers, as PEM to this file; - is standard output.")
        var output: String?

        func run() async throws {
            try await options.perform { context in
                guard let certificate = try context.profile.storedCertificate() else {
                    throw CommandFailure(.configuration, "NO_IDENTITY", "you have joined no relay yet")
                }
                if let output {
                    let text = try SecretFile.readText(context.profile.certificateFile)
                    guard output != "-" else { return try context.output.document(text) }
                    try context.checkNotOwn(output)
                    try PublicFile.write(text, to: output)
                    return
                }
                try show(certificate, context)
            }
        }

        private func show(_ certificate: Certificate, _ context: CommandContext) throws {
            let facts = try context.profile.facts()
            let ends = certificate.notAfter.multipliedReportingOverflow(by: 1_000).partialValue
            let begins = certificate.notBefore.multipliedReportingOverflow(by: 1_000).partialValue
            let due = RenewalSchedule.due(certificate).multipliedReportingOverflow(by: 1_000).partialValue
            let isProtected = context.profile.isKeyProtected
            if context.output.isJSON {
                return try context.output.json(
                    .object([
                        ("member", .string(facts.member.description)), ("name", .string(facts.memberName)),
                        ("subject", .string(certificate.subject)), ("issuer", .string(certificate.issuer)),
                        ("serial", .string(Hex.text(of: certificate.serialNumber))),
                        ("fingerprint", .string(certificate.fingerprintText)),
                        ("uris", .strings(certificate.uris)), ("begins_at", .string(TimeText.iso(begins))),
                        ("ends_at", .string(TimeText.iso(ends))), ("renewal_due_at", .string(TimeText.iso(due))),
                        ("key_protected", .bool(isProtected)),
                    ]))
            }
            var list = LabelledLines()
            list.add("member", StyledText(facts.memberName, .bold) + StyledText("  \(facts.member)", .dim))
            list.add("subject", StyledText(certificate.subject))
            list.add("issuer", StyledText(certificate.issuer))
            list.add("serial", StyledText(Hex.text(of: certificate.serialNumber)))
            list.add("fingerprint", StyledText(certificate.fingerprintText))
            list.add("identity", StyledText(certificate.uris.joined(separator: ", ")))
            list.add("valid from", StyledText(TimeText.local(begins)))
            list.add("time", CertificateTerm(endsAt: ends, now: context.now).text)
            list.add("renewal", StyledText("by itself from \(TimeText.local(due)) on"))
            list.add("key", StyledText(isProtected ? "protected by a passphrase" : "readable by this account only"))
            try context.output.data(list.lines)
        }
    }

    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "export", abstract: "Write certificate and key into an encrypted file for another program.",
            discussion: """
                A PKCS#12 file (AES-256, PBKDF2 and HMAC with SHA-256) with the certificate, its issuers and the key. It is \
                a copy of who you are: whoever has it and its passphrase can act as you until the certificate ends or is \
                revoked, and it is not renewed with yours. For a program of its own, better join it as a service.
                """)

        @OptionGroup var options: CommandOptions

        @Option(help: "The file to write, as PKCS#12.", completion: .file())
        var pkcs12: String

        @Option(
            help: "The file with the passphrase for it, its first line; - is standard input. Else it is asked for.",
            completion: .file())
        var exportPassphraseFile: String?

        @Flag(help: "Take the place of a file that is there.")
        var force = false

        func run() async throws {
            try await options.perform { context in
                let identity = try context.identity()
                guard force || !FileManager.default.fileExists(atPath: pkcs12) else {
                    throw CommandFailure(
                        .cannotWrite, "EXISTS", "there is a file \(pkcs12) already", hint: "give --force to replace it")
                }
                try context.checkNotOwn(pkcs12)
                let source = PassphraseSource(file: exportPassphraseFile, mayAsk: context.passphrases.mayAsk)
                let passphrase = try source.new(
                    "passphrase for \(pkcs12)", minBytes: KeyBundle.minPassphraseBytes)
                let bundle = try KeyBundle.make(
                    key: identity.key, chain: identity.chain + [identity.root],
                    name: "\(identity.member.name) (Lessons Relay \(identity.address.host))", passphrase: passphrase)
                do {
                    try SecretFile.write(bundle, to: pkcs12)
                } catch {
                    throw CommandFailure(.cannotWrite, "CANNOT_WRITE", "\(error)")
                }
                context.output.message(StyledText("wrote \(pkcs12), readable by this account only"))
            }
        }
    }
}

extension CommandContext {
    /// - Throws: where a file at `path` could take the place of what makes a profile.
    func checkNotOwn(_ path: String) throws(CommandFailure) {
        guard profile.holds(path) else { return }
        throw CommandFailure(
            .cannotWrite, "OWN_FOLDER", "\(path) lies where this machine keeps identities; nothing was written",
            hint: "choose a file elsewhere")
    }
}

/// A file that holds nothing secret.
enum PublicFile {
    static func write(_ text: String, to path: String) throws(CommandFailure) {
        do {
            try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw CommandFailure(
                .cannotWrite, "CANNOT_WRITE", "\(path) cannot be written: \(error.localizedDescription)")
        }
    }
}
