import ArgumentParser
import LessonModel
import RelayClient
import Storage
import TerminalUI

/// Files that go with a post.
struct AttachmentOptions: ParsableArguments {
    @Option(
        name: .customLong("attach"),
        help: "A file that goes with it; repeat for more. It is for whom the post is for, and is sent before it.",
        completion: .file())
    var files: [String] = []

    /// Copies the files, so that the post can be sent later as it was written.
    func attachments(_ context: CommandContext) throws -> [Attachment] {
        guard !files.isEmpty else { return [] }
        return try AttachedFiles.take(files, into: try context.profile.openAttachments())
    }
}

/// Takes files from where a person has them.
enum AttachedFiles {
    /// Of one file; a relay may take less.
    static let maxBytes: Int64 = 1 << 40

    /// - Throws: a failure that names the file which cannot be attached; nothing of it is kept then.
    static func take(_ paths: [String], into store: BlobFiles) throws(CommandFailure) -> [Attachment] {
        guard paths.count <= Attachment.maxPerPost else {
            throw CommandFailure(
                .usage, "INVALID", "a post has at most \(Attachment.maxPerPost) attachments", field: "attachments")
        }
        var taken: [Attachment] = []
        for path in paths {
            let name = path.split(separator: "/").last.map(String.init) ?? ""
            if let problem = Attachment.problem(ofName: name) {
                throw CommandFailure(.badData, "INVALID", problem, field: "attachments")
            }
            guard !taken.contains(where: { $0.name == name }) else {
                throw CommandFailure(
                    .badData, "INVALID", "two files have the name \"\(name)\"; rename one", field: "attachments")
            }
            do throws(StorageError) {
                let (digest, size) = try store.take(path, maxBytes: maxBytes)
                taken.append(
                    Attachment(name: name, mediaType: MediaType.guess(of: name), size: size, digest: digest))
            } catch .notFound(let what) {
                throw CommandFailure(.missingInput, "NOT_FOUND", "there is no \(what)", field: "attachments")
            } catch .limit(let sentence) {
                throw CommandFailure(.badData, "INVALID", sentence, field: "attachments")
            } catch {
                throw CommandFailure(.cannotWrite, "STORAGE_FAILED", error.description)
            }
        }
        return taken
    }
}

/// What a file is, by the end of its name, for whoever opens it later.
enum MediaType {
    private static let known = [
        "pdf": "application/pdf", "txt": "text/plain", "md": "text/markdown", "csv": "text/csv", "html": "text/html",
        "json": "application/json", "xml": "application/xml", "zip": "application/zip", "gz": "application/gzip",
        "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif", "svg": "image/svg+xml",
        "webp": "image/webp", "tif": "image/tiff", "tiff": "image/tiff", "heic": "image/heic",
        "mp3": "audio/mpeg", "ogg": "audio/ogg", "wav": "audio/x-wav", "mp4": "video/mp4", "webm": "video/webm",
        "mov": "video/quicktime",
        "doc": "application/msword", "xls": "application/vnd.ms-excel", "ppt": "application/vnd.ms-powerpoint",
        "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "odt": "application/vnd.oasis.opendocument.text", "ods": "application/vnd.oasis.opendocument.spreadsheet",
        "odp": "application/vnd.oasis.opendocument.presentation", "rtf": "application/rtf",
        "geojson": "application/geo+json", "kml": "application/vnd.google-earth.kml+xml",
    ]

    /// As the IANA registry names it; `application/octet-stream` where the name tells nothing.
    static func guess(of name: String) -> String {
        guard let dot = name.lastIndex(of: ".") else { return "application/octet-stream" }
        return known[name[name.index(after: dot)...].lowercased()] ?? "application/octet-stream"
    }
}
