import ArgumentParser
import Foundation
import Relay

struct AuthorityCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "authority",
        abstract: "The certificate authority's own life: offline root, next issuing certificate.",
        discussion: """
            The root signs issuing certificates, an issuing certificate signs members and the relay. The root's key \
            belongs to a machine that is not connected:

              lessons-relay authority export-root --data DIR --output USB --root-passphrase-file FILE --remove

            An issuing certificate lives five years. The next one, a year before that or after an accident:

              1. relay    lessons-relay authority request --data DIR --output next.csr
              2. offline  lessons-relay authority sign --request next.csr --root-certificate USB/root.pem \
            --root-key USB/root.key --root-passphrase-file FILE --output next.pem
              3. relay    lessons-relay authority import --data DIR --certificate next.pem      both are accepted
              4. relay    lessons-relay authority activate --data DIR                           the new one signs
              5. wait     a month: members renew by themselves; `lessons admin status` counts who has not
              6. relay    lessons-relay authority retire --data DIR issuing-1                    the old one goes

            A relay that publishes revocations also needs a fresh list of the root's once a year: `sign-list` where the root \
            is, `import-list` on the relay.

            The relay may run all the time: it sees each change within two seconds, or at once on SIGHUP, checks it, and \
            keeps what it has if anything is wrong. Nobody is locked out at any step, and every step can be repeated.
            """,
        subcommands: [
            AuthorityListCommand.self, AuthorityExportRootCommand.self, AuthorityRequestCommand.self,
            AuthoritySignCommand.self, AuthorityImportCommand.self, AuthorityActivateCommand.self,
            AuthorityRetireCommand.self, AuthorityRollCommand.self, AuthoritySignListCommand.self,
            AuthorityImportListCommand.self,
        ])
}

/// The data directory of the relay whose authority it is.
struct AuthorityOptions: ParsableArguments {
    @Option(help: "The relay's data directory.", completion: .directory)
    var data: String

    @Option(help: "File with the passphrase of the issuing keys, if they have one (- for stdin).", completion: .file())
    var issuingPassphraseFile: String?

    var home: RelayHome { RelayHome(path: (data as NSString).standardizingPath) }

    func issuingPassphrase() throws -> [UInt8]? { try issuingPassphraseFile.map { try Passphrase.read($0) } }
}

/// Runs a step; what it throws becomes one sentence and an exit code.
func step<Value>(_ body: () throws -> Value) throws -> Value {
    do {
        return try body()
    } catch let code as ExitCode {
        throw code
    } catch {
        throw fail("\(error)", Exit.configuration)
    }
}

/// A new file for everybody to read; one that exists stays as it is.
func writeNew(_ text: String, to path: String) throws {
    guard !FileManager.default.fileExists(atPath: path) else {
        throw fail("\(path) exists already and is not overwritten", Exit.cannotWrite)
    }
    do {
        try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
    } catch {
        throw fail("\(path) cannot be written: \(error)", Exit.cannotWrite)
    }
}

func readText(_ path: String) throws -> String {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
        throw fail("\(path) cannot be read", Exit.unreadable)
    }
    return text
}

/// Hexadecimal in groups of four, easier to compare by eye and to read out.
func grouped(_ hexadecimal: String) -> String {
    var text = ""
    for (index, digit) in hexadecimal.enumerated() {
        if index > 0, index % 4 == 0 { text += " " }
        text.append(digit)
    }
    return text
}
