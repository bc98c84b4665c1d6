import ArgumentParser
import LessonModel
import RelayClient
import TerminalUI

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// What `lessons` alone does. The options are not the root command's, which would take those of the same names from every
/// other command.
struct OpenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "open", abstract: "Open the full-screen client; `lessons` alone does the same.",
        discussion: """
            Needs a terminal. Press ? there for the keys. What you set once stands in client.json of the profile's \
            configuration folder, such as: {"theme": "light", "mouse": false, "keys": {"next-unread": ["n", "ctrl-n"]}}
            """)

    @OptionGroup var options: CommandOptions

    @Option(help: "How the full-screen client looks: dark, light, high-contrast or mono.")
    var theme: ThemeName?

    @Flag(inversion: .prefixedNo, help: "Whether the full-screen client uses the mouse.")
    var mouse: Bool?

    @Flag(help: "Begin without a connection.")
    var offline = false

    @Flag(
        help:
            "Use lines in place of a full screen, for screen readers; also with ACCESSIBLE=1, and where the terminal has none."
    )
    var plain = false

    @Argument(help: .hidden)
    var words: [String] = []

    /// A command that does not exist comes here, since this one is what `lessons` does by itself.
    func validate() throws {
        guard let word = words.first else { return }
        let known = Lessons.configuration.groupedSubcommands.flatMap { $0.subcommands }
            .compactMap { $0.configuration.commandName }
        let question = Suggestion.question(for: word, among: known)
        throw ValidationError(
            "there is no command \"\(word.prefix(40))\""
                + (question.isEmpty ? "; see them with: lessons help" : question))
    }

    func run() async throws {
        guard plain || isatty(0) == 1 && isatty(1) == 1 else { throw CleanExit.message(Overview.text) }
        try await options.perform { context in
            var settings = try ClientSettings(folder: context.profile.configDirectory)
            if let theme { settings.theme = theme }
            if let mouse { settings.usesMouse = mouse }
            settings.startsOffline = offline
            let isAsked = context.environment["ACCESSIBLE"].map { !$0.isEmpty && $0 != "0" } ?? false
            settings.isLinear =
                plain || isAsked || !TerminalCapabilities(environment: context.environment).isScreen
            try await FullScreenClient(context: context, settings: settings).run()
        }
    }
}

extension ThemeName: ExpressibleByArgument {}
