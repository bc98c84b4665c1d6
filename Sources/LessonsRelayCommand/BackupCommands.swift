import ArgumentParser
import Foundation
import Relay

struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Copy a relay to a new directory, while it runs and posts go on.",
        discussion: """
            Everything that was acknowledged before the copy began is in it: posts, members, audit, attachments, the \
            configuration, the relay's key and its authority. It holds secrets: keep it as you keep the data directory. A \
            root's key that was taken away is not in it. What is redacted later stays in earlier backups until you delete \
            them.
            """)

    @Option(help: "The data directory.", completion: .directory)
    var data: String

    @Option(
        help: "The directory to make, such as /srv/backup/2026-11-27; its parent must exist.", completion: .directory)
    var to: String

    func run() async throws {
        do {
            let report = try RelayArchive.backup(
                RelayHome(path: (data as NSString).standardizingPath), to: (to as NSString).standardizingPath,
                progress: CopyProgress.show)
            say(
                "Copied to \(to): posts up to #\(report.head), \(report.attachments) attachments of "
                    + "\(report.bytes / 1_048_576) MiB.")
            say("Check it now and then with: lessons-relay doctor --data \(to)")
        } catch {
            throw fail("\(error)", Exit.cannotWrite)
        }
    }
}

struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Make a data directory of a backup, and check it.",
        discussion: """
            The backup stays as it is. The log goes on 100,000 numbers after its end, so that no post gets a number under \
            which members have received another one. What came after the backup is lost to the relay: invitations that were \
            used since can be used again until they end, and certificates that were revoked since are valid again: revoke \
            them anew before members connect.
            """)

    @Option(help: "The backup.", completion: .directory)
    var from: String

    @Option(help: "The data directory to make; it must not exist yet.", completion: .directory)
    var data: String

    func run() async throws {
        let (next, problems): (Int64, [String])
        do {
            (next, problems) = try RelayArchive.restore(
                (from as NSString).standardizingPath, to: RelayHome(path: (data as NSString).standardizingPath),
                now: RelayServer.systemClock(), progress: CopyProgress.show)
        } catch {
            throw fail("\(error)", Exit.cannotWrite)
        }
        for problem in problems { print(problem) }
        guard problems.isEmpty else { throw ExitCode(65) }
        say("Restored to \(data) and checked; the next post is #\(next).")
        say("Start it with: lessons-relay serve --data \(data)")
    }
}

private enum CopyProgress {
    /// A line for every hundredth attachment.
    static func show(_ done: Int, of total: Int) {
        if done % 100 == 0 { say("\(done) of \(total) attachments copied") }
    }
}
