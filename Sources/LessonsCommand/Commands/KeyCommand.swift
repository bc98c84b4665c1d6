import ArgumentParser
import LessonModel
import PKI
import RelayClient
import TerminalUI

struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Put the key of your certificate under a passphrase, or take it off.",
        discussion: """
            A protected key is encrypted on this machine's disk (scrypt and AES-256). Every command that needs it asks for the \
            passphrase once, on the terminal, or takes it from --passphrase-file. Renewed keys stay protected.
            """,
        subcommands: [Protect.self, Unprotect.self])

    struct Protect: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "protect", abstract: "Put the key under a passphrase, or under another one.")

        @OptionGroup var options: CommandOptions

        @Option(help: "The file with the new passphrase, its first line; - is standard input.", completion: .file())
        var newPassphraseFile: String?

        func run() async throws {
            try await options.perform { context in
                _ = try context.identity()
                let source = PassphraseSource(file: newPassphraseFile, mayAsk: context.passphrases.mayAsk)
                try await context.setKeyPassphrase(
                    try source.new("passphrase for the key", minBytes: KeyBundle.minPassphraseBytes))
                context.output.message(
                    "the key is protected; without its passphrase only a new invitation helps, so keep that well")
            }
        }
    }

    struct Unprotect: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "unprotect", abstract: "Keep the key without a passphrase, readable by this account only.")

        @OptionGroup var options: CommandOptions

        func run() async throws {
            try await options.perform { context in
                _ = try context.identity()
                try await context.setKeyPassphrase(nil)
                context.output.message("the key is not protected by a passphrase any more")
            }
        }
    }
}

extension CommandContext {
    /// Puts the key that is stored by now under `passphrase`: another command may have renewed it while a person typed.
    fileprivate func setKeyPassphrase(_ passphrase: [UInt8]?) async throws {
        try await profile.changing {
            var identity = try freshIdentity()
            identity.keyPassphrase = passphrase
            try profile.rewriteKey(of: identity)
        }
    }
}
