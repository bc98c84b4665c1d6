import ArgumentParser
import Foundation
import LessonModel
import Relay

struct AuthorityExportRootCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export-root",
        abstract: "Copy the root with its encrypted key, and take the key off this machine.",
        discussion: """
            Writes root.pem and root.key (still encrypted) to the output directory, and opens the copy with the \
            passphrase to prove it. With --remove the key here is then overwritten and deleted. Keep two copies in two \
            places: without the key no further issuing certificate can be made. Old backups of the data directory hold \
            the key too.
            """)

    @OptionGroup var options: AuthorityOptions

    @Option(help: "The directory for the copy, such as a removable medium's; made if absent.", completion: .directory)
    var output: String

    @Option(help: "File with the root's passphrase (- for stdin).", completion: .file())
    var rootPassphraseFile: String

    @Flag(help: "Delete the key here once the copy is proved.")
    var remove = false

    func run() async throws {
        let passphrase = try Passphrase.read(rootPassphraseFile)
        try step {
            let folder = options.home.authority
            let isRepeated = remove && !folder.holdsRootKey
            if !isRepeated { try OfflineRoot.export(folder, to: output, passphrase: passphrase) }
            say("The copy in \(output) is this relay's root, and opens with the passphrase.")
            guard remove else {
                return say("The key is still on this machine; repeat with --remove to delete it.")
            }
            try OfflineRoot.removeKey(folder, copiedTo: output, passphrase: passphrase)
            say("The key is no more on this machine. Make a second copy of \(output) for another place.")
        }
    }
}

struct AuthoritySignCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sign",
        abstract: "Sign the next issuing certificate with the root, on the machine where the root is.",
        discussion: """
            Needs no relay and no network. Compare the key's fingerprint with what `request` printed on the relay's \
            machine, by telephone if need be, before you carry the certificate back.
            """)

    @Option(help: "The request that `lessons-relay authority request` wrote.", completion: .file())
    var request: String

    @Option(help: "The root's certificate, root.pem.", completion: .file())
    var rootCertificate: String

    @Option(help: "The root's encrypted key, root.key.", completion: .file())
    var rootKey: String

    @Option(help: "File with the root's passphrase (- for stdin).", completion: .file())
    var rootPassphraseFile: String

    @Option(help: "Where to write the issuing certificate.", completion: .file())
    var output: String

    @Option(help: "Where the relay publishes revocations: publication.url of its relay.json, if it has one.")
    var publicationUrl: String?

    func run() async throws {
        let passphrase = try Passphrase.read(rootPassphraseFile)
        let (requested, certificate) = (try readText(request), try readText(rootCertificate))
        try step {
            let signed = try OfflineRoot.sign(
                request: requested, rootCertificate: certificate, rootKeyPath: rootKey, passphrase: passphrase,
                publicationURL: publicationUrl, now: RelayServer.systemClock())
            try writeNew(signed.pem, to: output)
            say("Signed \(signed.subject), until \(TimestampText.seconds(signed.endsAt)).")
            say("Compare with the relay's machine:")
            say("    requested key   \(grouped(signed.keyFingerprint))")
            say("    root            \(grouped(signed.rootFingerprint))")
            say("Then, there:  lessons-relay authority import --data DIR --certificate \(output)")
        }
    }
}
