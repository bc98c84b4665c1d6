import ArgumentParser
import Foundation
import Relay

struct AuthorityRequestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "request", abstract: "Make the next issuing key here, and a request to carry to the root.",
        discussion: """
            The key stays on this machine (mode 0600, or under the passphrase you give). A request that waits already is \
            written again.
            """)

    @OptionGroup var options: AuthorityOptions

    @Option(help: "Where to write the request (PKCS#10).", completion: .file())
    var output: String

    func run() async throws {
        let passphrase = try options.issuingPassphrase()
        try step {
            let domain = try options.home.readConfiguration().domain
            let request = try AuthorityCeremony(options.home).request(domain: domain, passphrase: passphrase)
            try writeNew(request.pem, to: output)
            say("\(request.name) is requested with \(output); its key is \(request.keyPath).")
            say("    requested key   \(grouped(request.keyFingerprint))")
            say("Carry the file to the root and sign it there with: lessons-relay authority sign")
        }
    }
}

struct AuthorityImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Accept the issuing certificate that the root has signed.",
        discussion: """
            Checked first: signed by this relay's root, of the key requested here, valid now, and what it signs would \
            verify. From then on both the old and the new one are accepted; the old one signs until `activate`.
            """)

    @OptionGroup var options: AuthorityOptions

    @Option(help: "The signed certificate.", completion: .file())
    var certificate: String

    func run() async throws {
        let (text, passphrase) = (try readText(certificate), try options.issuingPassphrase())
        try step {
            let number = try AuthorityCeremony(options.home).accept(
                pem: text, passphrase: passphrase, now: RelayServer.systemClock())
            say(
                "issuing-\(number) is accepted. Let it sign with: lessons-relay authority activate --data \(options.data)"
            )
        }
    }
}

struct AuthorityActivateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "activate", abstract: "Let the newest accepted issuing certificate sign from now on.",
        discussion: """
            The one before stays accepted. The relay's own certificate is made anew at once, and members' as they renew. \
            Give the name of an older one to go back to it.
            """)

    @OptionGroup var options: AuthorityOptions

    @Argument(help: "Which, as `list` names it. Default: the newest.")
    var name: String?

    func run() async throws {
        let passphrase = try options.issuingPassphrase()
        try step {
            let ceremony = AuthorityCeremony(options.home)
            let done = try ceremony.activate(
                try name.map { try ceremony.number(named: $0) }, passphrase: passphrase, now: RelayServer.systemClock())
            guard let before = done.before else { return say("issuing-\(done.now) signs already.") }
            say("issuing-\(done.now) signs from now on; issuing-\(before) is still accepted.")
            say("See that the relay has taken it: lessons admin status")
        }
    }
}

struct AuthorityRetireCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retire", abstract: "Accept an issuing certificate no longer.",
        discussion: """
            Without --force nobody is locked out: the relay goes on accepting it as long as a certificate relies on it, and \
            lets go of it by itself when none does. With --force what still relies on it is revoked: sessions end, and \
            those members need a new invitation. Even then the relay refuses to lock out its last relay administrator. \
            Old posts stay verifiable: the certificate is kept. There is no way back.
            """)

    @OptionGroup var options: AuthorityOptions

    @Argument(help: "Which: issuing-1, its common name, or its key identifier.")
    var name: String

    @Flag(help: "Now, and revoke what still relies on it.")
    var force = false

    @Flag(help: "Its key is in wrong hands: what relies on it is revoked with the reason cACompromise. Needs --force.")
    var compromised = false

    func validate() throws {
        if compromised && !force {
            throw ValidationError("--compromised revokes at once; say so with --force")
        }
    }

    func run() async throws {
        try step {
            let ceremony = AuthorityCeremony(options.home)
            let number = try ceremony.number(named: name)
            try ceremony.retire(
                number, isForced: force, isCompromised: compromised, now: RelayServer.systemClock())
            say(
                force
                    ? "issuing-\(number) is retired, and what relies on it is revoked as soon as the relay has read this."
                    : "issuing-\(number) is retired as soon as nothing relies on it; until then it is accepted.")
            say("See that the relay has taken it: lessons admin status")
        }
    }
}

struct AuthorityRollCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "roll", abstract: "Request, sign and import in one, where the root's key is at hand.",
        discussion: "Afterwards both are accepted and the old one signs; go on with `activate`.")

    @OptionGroup var options: AuthorityOptions

    @Option(help: "The directory with root.pem and root.key. Default: the relay's own.", completion: .directory)
    var root: String?

    @Option(help: "File with the root's passphrase (- for stdin).", completion: .file())
    var rootPassphraseFile: String

    func run() async throws {
        let passphrase = try Passphrase.read(rootPassphraseFile)
        let issuing = try options.issuingPassphrase()
        try step {
            let configuration = try options.home.readConfiguration()
            let ceremony = AuthorityCeremony(options.home)
            let folder = root.map(AuthorityFolder.init(path:)) ?? options.home.authority
            let request = try ceremony.request(domain: configuration.domain, passphrase: issuing)
            let signed = try OfflineRoot.sign(
                request: request.pem, rootCertificate: try readText(folder.rootCertificatePath),
                rootKeyPath: folder.rootKeyPath, passphrase: passphrase,
                publicationURL: configuration.publication?.url, now: RelayServer.systemClock())
            let number = try ceremony.accept(
                pem: signed.pem, passphrase: issuing, now: RelayServer.systemClock())
            say(
                "issuing-\(number) is accepted. Let it sign with: lessons-relay authority activate --data \(options.data)"
            )
        }
    }
}
