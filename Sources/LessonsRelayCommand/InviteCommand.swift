import ArgumentParser
import Foundation
import LessonModel
import Relay

struct InviteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "invite", abstract: "Make an administrator's invitation on the relay's own machine.",
        discussion: """
            For the case that no administrator can connect any more. The relay must not run; while it runs, use \
            `lessons admin invite`. Prints the invitation on stdout.
            """)

    @Option(help: "The data directory.", completion: .directory)
    var data: String

    @Option(help: "Short name of the organisation.")
    var organisation: String

    @Option(help: "The administrator's name.")
    var name: String

    func run() async throws {
        guard let slug = OrganisationSlug(organisation) else {
            throw fail("\"\(organisation)\" is no short name: use 2 to 40 of a-z, 0-9 and hyphen", Exit.usage)
        }
        do {
            print(
                try RelaySetup.invite(
                    home: RelayHome(path: (data as NSString).standardizingPath), organisation: slug, name: name,
                    roles: [.relayAdministrator, .organisationAdministrator, .curator, .contributor],
                    now: RelayServer.systemClock()))
        } catch {
            throw fail("\(error)", Exit.configuration)
        }
    }
}
