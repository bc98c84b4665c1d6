import ArgumentParser
import Foundation
import LessonModel
import PKI
import Relay

struct AuthoritySignListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sign-list",
        abstract: "Sign the root's next revocation list, on the machine where the root is.",
        discussion: """
            Once a year, since a list is good for a year; and at once when the key of an issuing certificate may be in other \
            hands: name that certificate with --revoke, then retire it on the relay with --force --compromised. Needs no \
            relay and no network. Bring the relay's present list, authority/root.crl, along as --previous.
            """)

    @Option(help: "The relay's present list, authority/root.crl.", completion: .file())
    var previous: String

    @Option(
        help: "An issuing certificate to revoke, such as authority/issuing-1.pem; may be repeated.", completion: .file()
    )
    var revoke: [String] = []

    @Option(help: "Why: cACompromise, superseded, cessationOfOperation, unspecified.")
    var reason = RevocationReason.authorityCompromise.name

    @Option(help: "The root's certificate, root.pem.", completion: .file())
    var rootCertificate: String

    @Option(help: "The root's encrypted key, root.key.", completion: .file())
    var rootKey: String

    @Option(help: "File with the root's passphrase (- for stdin).", completion: .file())
    var rootPassphraseFile: String

    @Option(help: "Where to write the list.", completion: .file())
    var output: String

    func run() async throws {
        guard let reason = RevocationReason(name: reason), reason != .certificateHold else {
            throw fail(
                "\"\(self.reason)\" is no reason: use cACompromise, superseded or cessationOfOperation", Exit.usage)
        }
        let passphrase = try Passphrase.read(rootPassphraseFile)
        let (known, root) = (try readText(previous), try readText(rootCertificate))
        let certificates = try revoke.map { try readText($0) }
        try step {
            let list = try RootList.sign(
                previous: try RevocationList(pem: known), revoking: try certificates.map { try Certificate(pem: $0) },
                reason: reason, rootCertificate: root, rootKeyPath: rootKey, passphrase: passphrase,
                now: RelayServer.systemClock())
            try writeNew(list.pem, to: output)
            say(
                "List \(list.number) with \(list.entries.count) revoked issuing certificates, good until "
                    + "\(TimestampText.seconds(list.nextUpdate * 1_000)).")
            say("Then, on the relay's machine:  lessons-relay authority import-list --data DIR --list \(output)")
        }
    }
}

struct AuthorityImportListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import-list", abstract: "Publish the root's revocation list that was signed elsewhere.")

    @OptionGroup var options: AuthorityOptions

    @Option(help: "The list that `sign-list` wrote.", completion: .file())
    var list: String

    func run() async throws {
        let text = try readText(list)
        try step {
            let list = try RootList.accept(pem: text, in: options.home)
            say("List \(list.number) is the relay's from now on.")
        }
    }
}
