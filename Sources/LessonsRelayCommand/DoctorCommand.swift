import ArgumentParser
import Foundation
import Relay

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Check the database of a relay that does not run.",
        discussion:
            "Recomputes what the database derives from its log and compares. Exits with 65 when something is wrong.")

    @Option(help: "The data directory.", completion: .directory)
    var data: String

    func run() async throws {
        let problems: [String]
        do {
            problems = try RelayDoctor.problems(in: RelayHome(path: (data as NSString).standardizingPath))
        } catch {
            throw fail("\(error)", Exit.configuration)
        }
        for problem in problems { print(problem) }
        guard problems.isEmpty else { throw ExitCode(65) }
        say("No problem was found.")
    }
}
