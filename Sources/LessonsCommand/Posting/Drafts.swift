import Foundation
import LessonModel
import PKI
import RelayClient

/// Texts that were written and not sent, each a file that only this account can read.
struct Drafts {
    let directory: String

    init(_ profile: Profile) throws {
        try profile.makeDirectories()
        directory = profile.draftsDirectory
    }

    /// Writes a new draft.
    /// - Parameter kind: begins the file's name.
    /// - Returns: its path.
    func save(_ text: String, kind: String, now: Milliseconds) throws(CommandFailure) -> String {
        let stamp = TimestampText.seconds(now).map { $0.isNumber ? $0 : "-" }
        let path = "\(directory)/\(kind)-\(String(stamp).dropLast())-\(Hex.text(of: SecureRandom.bytes(2))).md"
        do {
            try SecretFile.write(text, to: path, replacing: false)
        } catch {
            throw CommandFailure(.cannotWrite, "CANNOT_WRITE", "the draft cannot be kept: \(error)")
        }
        return path
    }

    /// True for a file that this made.
    func owns(_ path: String) -> Bool {
        let folder = URL(fileURLWithPath: path).standardizedFileURL.deletingLastPathComponent().path
        return folder == URL(fileURLWithPath: directory).standardizedFileURL.path
    }

    func remove(_ path: String) { try? FileManager.default.removeItem(atPath: path) }
}
