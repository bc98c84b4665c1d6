import ArgumentParser
import Foundation
import RelayClient

/// What every command takes.
struct CommandOptions: ParsableArguments {
    @Option(
        help: "The identity to use where this account has several; else $LESSONS_PROFILE, else \"default\".",
        completion: .custom { _, _, _ in (try? Profile.all(environment: ProcessInfo.processInfo.environment)) ?? [] })
    var profile: String?

    @Flag(help: "Write data and errors as JSON, one object a line.")
    var json = false

    @Flag(name: .shortAndLong, help: "Write no messages but warnings and errors.")
    var quiet = false

    @Flag(help: "Never ask and never open an editor.")
    var noInput = false

    @Option(
        help: "The file with the passphrase of this profile's key, its first line; - is standard input.",
        completion: .file())
    var passphraseFile: String?

    /// Runs a command's body and turns every error into a sentence on stderr and an exit status.
    func perform(_ body: (CommandContext) async throws -> Void) async throws {
        let environment = ProcessInfo.processInfo.environment
        let output = Output(isJSON: json, isQuiet: quiet, environment: environment)
        do {
            try await body(CommandContext(options: self, environment: environment, output: output))
        } catch is OutputClosed {
            throw ExitCode.success
        } catch let code as ExitCode {
            throw code
        } catch let request as ExitCodeRequest {
            throw ExitCode(request.status.rawValue)
        } catch let problems as LessonProblems {
            output.problems(problems)
            throw ExitCode(Sysexit.badData.rawValue)
        } catch {
            let failure = CommandFailure(any: error)
            output.failure(failure)
            throw ExitCode(failure.status.rawValue)
        }
    }
}
