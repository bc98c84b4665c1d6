import Foundation
import LessonModel
import RelayClient
import TerminalUI

/// Saves the files of a post where a person looks for them: the folder Downloads of the home folder, or that itself.
struct FileSaving {
    let context: CommandContext
    let connection: RelayConnection

    /// - Returns: where they are, in a sentence.
    /// - Throws: what stopped it; what came of a file is kept, and the next time goes on there.
    func save(
        filesOf id: PostID, in thread: [ShownPost], progress: (TransferState) -> Void
    ) async throws -> String {
        guard let shown = thread.first(where: { $0.post.id == id }), shown.isVerified else {
            throw CommandFailure(.badData, "BAD_SIGNATURE", Texts.Why.notSigned)
        }
        let folder = folder()
        for file in shown.post.attachments {
            var percent: Int64 = -1
            try await AttachmentDownload(connection: connection).fetch(
                file, of: id, to: folder + "/" + file.name
            ) { bytes in
                let now = bytes * 100 / max(1, file.size)
                guard now != percent else { return }
                percent = now
                progress(TransferState(name: file.name, bytes: bytes, size: file.size))
            }
        }
        let names = shown.post.attachments.map { SafeText.line($0.name) }.joined(separator: ", ")
        return Texts.Work.saved(in: folder, shown.post.marking.label, names)
    }

    private func folder() -> String {
        let home = context.environment["HOME"] ?? "."
        var isFolder: ObjCBool = false
        let downloads = home + "/Downloads"
        return FileManager.default.fileExists(atPath: downloads, isDirectory: &isFolder) && isFolder.boolValue
            ? downloads : home
    }
}
