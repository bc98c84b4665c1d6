import ArgumentParser

@main
struct LessonsRelay: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lessons-relay",
        abstract: "A relay on which organisations exchange lessons learned.",
        discussion: """
            Make a relay with `init`, run it with `serve`. Members are invited with `lessons admin invite`, from the \
            first administrator's invitation on, which `init` prints.
            """,
        version: "0.1.0",
        subcommands: [
            InitCommand.self, ServeCommand.self, InviteCommand.self, AuthorityCommand.self, DoctorCommand.self,
            CheckConfigCommand.self,
            BackupCommand.self,
            RestoreCommand.self,
        ])
}
