import ArgumentParser
import Foundation
import LessonModel
import Relay

struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Make a relay in a new data directory.",
        discussion: """
            Makes the certificate authority, the relay's certificate, the database and the first topics, and prints the \
            first administrator's invitation on stdout. The root's key is written under the passphrase to \
            DATA/authority/root.key; take it to a place that is not connected, with `lessons-relay authority export-root`: \
            the relay does not need it.
            """)

    @Option(help: "The data directory; made if absent.")
    var data: String

    @Option(help: "The relay's own DNS name, which its members' certificates carry.")
    var domain: String

    @Option(help: "What clients connect to, a DNS name or an IP address. Default: the domain.")
    var host: String?

    @Option(help: "Further DNS names and IP addresses for the relay's certificate.")
    var altName: [String] = []

    @Option(help: "The address to listen on.")
    var listen = "0.0.0.0"

    @Option(help: "The port for members.")
    var port = 7443

    @Option(help: "The port for joining.")
    var enrolmentPort = 7444

    @Option(
        help: """
            Publish revocations under this address, such as http://relay.example.org/pki. It is written into every \
            certificate and must stay the same for years.
            """)
    var publicationURL: String?

    @Option(help: "The port to publish at; a web server in front may pass port 80 on to it.")
    var publicationPort = 7480

    @Option(help: "The port for EST (RFC 7030), by which other programs join; 0: none.")
    var estPort = 0

    @Option(help: "The port for health and metrics, on 127.0.0.1 only; 0: none.")
    var metricsPort = 0

    @Option(help: "Short name of the organisation that runs the relay, such as osce-sec.")
    var organisation: String

    @Option(help: "Full name of that organisation.")
    var organisationName: String

    @Option(help: "Its country, ISO 3166-1 alpha-2; leave it out for an international institution.")
    var country: String?

    @Option(help: "Its kind: \(OrganisationKind.allCases.map(\.name).joined(separator: ", ")).")
    var kind = OrganisationKind.international.name

    @Option(help: "The first administrator's name.")
    var administrator: String

    @Option(
        help: "File with the passphrase for the root's key (- for stdin); its first line, at least 12 bytes.",
        completion: .file())
    var rootPassphraseFile: String

    func run() async throws {
        guard let slug = OrganisationSlug(organisation) else {
            throw fail("\"\(organisation)\" is no short name: use 2 to 40 of a-z, 0-9 and hyphen", Exit.usage)
        }
        guard let kind = OrganisationKind(name: kind) else {
            throw fail(
                "\"\(kind)\" is no kind of organisation: use one of "
                    + OrganisationKind.allCases.map(\.name).joined(separator: ", "), Exit.usage)
        }
        if let country, !ParticipatingState.isKnown(country) {
            throw fail(
                "\"\(country)\" is no participating State or Partner for Co-operation: use a code such as AL, or leave it out",
                Exit.usage)
        }
        let ports =
            [port, enrolmentPort] + (publicationURL == nil ? [] : [publicationPort])
            + (metricsPort == 0 ? [] : [metricsPort]) + (estPort == 0 ? [] : [estPort])
        guard ports.allSatisfy((1...65_535).contains), Set(ports).count == ports.count else {
            throw fail("the ports must differ and lie between 1 and 65535", Exit.usage)
        }
        let passphrase = try Passphrase.read(rootPassphraseFile)
        let reached = host ?? domain
        let names = [domain, reached] + altName
        var configuration = RelayConfiguration(
            relayID: Hex.text(of: (0..<16).map { _ in UInt8.random(in: .min ... .max) }), domain: domain, host: reached,
            port: port, enrolmentPort: enrolmentPort, listen: listen, names: .init(dns: [], ip: []))
        for name in names where !(configuration.names.dns + configuration.names.ip).contains(name) {
            if Self.isAddress(name) {
                configuration.names.ip.append(name)
            } else {
                configuration.names.dns.append(name)
            }
        }
        configuration.publication = publicationURL.map {
            RelayConfiguration.Publication(url: $0, listen: listen, port: publicationPort)
        }
        if metricsPort != 0 {
            configuration.metrics = RelayConfiguration.Listener(listen: "127.0.0.1", port: metricsPort)
        }
        if estPort != 0 { configuration.est = RelayConfiguration.Listener(listen: listen, port: estPort) }
        do { _ = try configuration.publicationURLs() } catch { throw fail("\(error)", Exit.usage) }
        let setup = RelaySetup(
            configuration: configuration,
            organisation: Organisation(slug: slug, name: organisationName, country: country, kind: kind),
            administrator: administrator, rootPassphrase: passphrase)
        let home = RelayHome(path: (data as NSString).standardizingPath)
        do {
            let invitation = try setup.make(in: home, now: RelayServer.systemClock())
            say("A relay for \(domain) is ready in \(home.path).")
            say("Its root's key is \(home.rootKeyPath), under your passphrase: take it away from this machine with")
            say("             lessons-relay authority export-root --data \(home.path) --remove --output DIRECTORY ...")
            say("Start it:    lessons-relay serve --data \(home.path)")
            say("Join it as \(administrator), within 7 days and once, with:")
            print(invitation)
        } catch {
            throw fail("\(error)", Exit.cannotWrite)
        }
    }

    private static func isAddress(_ name: String) -> Bool {
        var four = in_addr()
        var six = in6_addr()
        return inet_pton(AF_INET, name, &four) == 1 || inet_pton(AF_INET6, name, &six) == 1
    }
}
