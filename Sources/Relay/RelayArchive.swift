import Foundation
package import LessonModel
import Storage

/// Backups of a relay's data directory. A backup is itself a data directory: the database, the attachments, the
/// configuration and the relay's keys.
package enum RelayArchive {
    /// What was copied.
    package struct Report: Hashable, Sendable {
        /// The last post that is in the backup.
        package var head: SequenceNumber
        package var attachments: Int
        /// Of the attachments.
        package var bytes: Int64
    }

    /// What is copied as it is, where it is there.
    private static let files = ["relay.json", "relay.pem", "relay.key", "authority"]

    /// Copies the relay of `home`, which may be running, to the new directory `target`, with mode 0700.
    /// - Throws: `.alreadyExists` when `target` exists. After any other failure `target` is gone again.
    package static func backup(
        _ home: RelayHome, to target: String, progress: (Int, Int) -> Void = { _, _ in }
    ) throws -> Report {
        _ = try home.readConfiguration()
        return try making(target) { partial in
            for name in files where FileManager.default.fileExists(atPath: home.path + "/" + name) {
                try FileManager.default.copyItem(atPath: home.path + "/" + name, toPath: partial + "/" + name)
            }
            let copied = try RelayBackup.copy(from: home.path, to: partial, progress: progress)
            return Report(head: copied.head, attachments: copied.attachments, bytes: copied.bytes)
        }
    }

    /// Makes the new data directory `home` of a backup, and checks it as doctor does. Nothing may run in the backup.
    /// - Returns: the number that the next post gets, and every problem that was found, a sentence each; with problems the
    ///   directory stays, to be looked at.
    package static func restore(
        _ backup: String, to home: RelayHome, now: Milliseconds, progress: (Int, Int) -> Void = { _, _ in }
    ) throws -> (next: SequenceNumber, problems: [String]) {
        _ = try Self.backup(RelayHome(path: backup), to: home.path, progress: progress)
        let next = try RelayBackup.adopt(home.path, at: now)
        return (next, try RelayDoctor.problems(in: home))
    }

    /// Fills a directory beside `target` and gives it that name when it is whole.
    private static func making<R>(_ target: String, _ fill: (String) throws -> R) throws -> R {
        let manager = FileManager.default
        guard !manager.fileExists(atPath: target) else {
            throw StorageError.alreadyExists("\(target)")
        }
        let partial = target + ".partial"
        try? manager.removeItem(atPath: partial)
        try manager.createDirectory(
            atPath: partial, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        do {
            let result = try fill(partial)
            try manager.moveItem(atPath: partial, toPath: target)
            return result
        } catch {
            try? manager.removeItem(atPath: partial)
            throw error
        }
    }
}
