import ArgumentParser

/// The command `lessons`.
@main
struct Lessons: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lessons",
        abstract: "Post, follow and read lessons learned, over a Lessons Relay.",
        discussion: """
            Exit status: 0 done, 64 usage, 65 bad lesson, 66 missing input, 69 relay unreachable, 70 internal, 73 cannot write, \
            75 queued for later, 77 denied or revoked, 78 configuration, 130 interrupted.
            """,
        version: Version.text,
        groupedSubcommands: [
            CommandGroup(
                name: "Begin",
                subcommands: [
                    OpenCommand.self,
                    JoinCommand.self, StatusCommand.self, WhoamiCommand.self, OwnCertificateCommand.self,
                    RenewCommand.self, KeysCommand.self,
                    KeyCommand.self, InviteDeviceCommand.self,
                ]),
            CommandGroup(
                name: "Follow and read",
                subcommands: [
                    TopicsCommand.self, SubscribeCommand.self, UnsubscribeCommand.self, SubscriptionsCommand.self,
                    FollowCommand.self, MuteCommand.self, MarkReadCommand.self,
                    WatchCommand.self, SyncCommand.self, ThreadsCommand.self, SearchCommand.self, ShowCommand.self,
                    AttachmentsCommand.self, FetchCommand.self,
                    DigestCommand.self, ExportCommand.self,
                ]),
            CommandGroup(
                name: "Write",
                subcommands: [
                    PostCommand.self, ReplyCommand.self, ReviseCommand.self, TranslateCommand.self, RedactCommand.self,
                    ImportCommand.self, OutboxCommand.self,
                ]),
            CommandGroup(
                name: "Learn",
                subcommands: [
                    EndorseCommand.self, ApplyCommand.self, QueueCommand.self, FlagCommand.self, OwedCommand.self,
                    StateCommand.self,
                    StatisticsCommand.self,
                ]),
            CommandGroup(
                name: "Members", subcommands: [OrganisationsCommand.self, MembersCommand.self, AdminCommand.self]),
        ], defaultSubcommand: OpenCommand.self)
}

/// What `lessons` alone says.
enum Overview {
    static let text = """
        lessons: post, follow and read lessons learned, over a Lessons Relay.

          lessons                          the full-screen client; --plain: the same in lines
          lessons join INVITATION          become a member
          lessons status                   connection, unread posts, outbox, certificate

          lessons topics                   what there is to follow
          lessons subscribe 'policing/#'   follow topics
          lessons watch                    receive live
          lessons threads                  list lessons
          lessons search 'complaint*'      find what was posted
          lessons show 12                  read one with its replies
          lessons digest --weekly          what is new, to be read at once or mailed

          lessons post                     write a lesson in your editor; or: lessons post FILE
          lessons reply 12 -m 'We tried it.'
          lessons apply 12 adopted -m 'Half the complaints.' --evidence 'Annual report, p. 7'
          lessons import FILE --mapping llis --topic TOPIC --marking GREEN

          lessons help                     all commands;  lessons help COMMAND: one of them
        """
}
