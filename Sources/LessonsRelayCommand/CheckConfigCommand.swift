import ArgumentParser
import Foundation
import Relay

struct CheckConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-config", abstract: "Check relay.json, and print it with every limit that it leaves out.",
        discussion: """
            What is printed can take the file's place. A name that no setting has is told: it would be passed over. Exits with \
            78 when the file cannot be used. A relay that runs reads its configuration when it starts.
            """)

    @Option(help: "The data directory.", completion: .directory)
    var data: String

    func run() async throws {
        let home = RelayHome(path: (data as NSString).standardizingPath)
        let checked: RelayHome.CheckedConfiguration
        do {
            checked = try home.checkConfiguration()
            try FurtherListeners(checked.configuration).check()
            _ = try checked.configuration.publicationURLs()
        } catch {
            throw fail("\(error)", Exit.configuration)
        }
        print(checked.text)
        guard checked.unknown.isEmpty else {
            throw fail(
                "\(home.configurationPath) names what no setting is called: \(checked.unknown.joined(separator: ", "))",
                Exit.configuration)
        }
        say("\(home.configurationPath) can be used.")
    }
}
