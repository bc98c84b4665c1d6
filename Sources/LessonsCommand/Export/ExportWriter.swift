import Foundation
import LessonModel

/// Where an export goes.
enum ExportTarget: Equatable, Sendable {
    case output
    case file(String)
    /// One file a thread.
    case folder(String)
}

/// Writes threads one after the other, so that memory does not grow with their number; but for a feed, which is written whole.
///
/// A file appears under its name when it is complete. It is for this account's eyes until its owner says otherwise.
struct ExportWriter {
    private let format: ExportFormat
    private let target: ExportTarget
    private let isReplacing: Bool
    private let output: Output
    private var feed: AtomFeed
    private var index = ThreadIndexPage()
    /// What is not complete yet, and where it stands.
    private var file: (handle: FileHandle, path: String)?
    private(set) var threads = 0
    private(set) var posts = 0

    /// - Throws: before anything is written, when something stands where the export would go.
    init(format: ExportFormat, target: ExportTarget, isReplacing: Bool, output: Output, feed: AtomFeed) throws {
        self.format = format
        self.target = target
        self.isReplacing = isReplacing
        self.output = output
        self.feed = feed
        umask(0o077)
        try Self.check(target, isReplacing: isReplacing)
        switch target {
        case .output: break
        case .file(let path):
            var random = SystemRandomNumberGenerator()
            let partial = "\(path).\(String(random.next(), radix: 16)).partial"
            guard FileManager.default.createFile(atPath: partial, contents: nil),
                let handle = FileHandle(forWritingAtPath: partial)
            else { throw Self.failure(path, "its folder is missing, or you may not write there") }
            file = (handle, partial)
        case .folder(let path):
            do { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) } catch {
                throw Self.failure(path, error.localizedDescription)
            }
        }
    }

    /// - Throws: EXISTS when a file would be replaced that nobody said to replace.
    static func check(_ target: ExportTarget, isReplacing: Bool) throws(CommandFailure) {
        switch target {
        case .output: return
        case .file(let path):
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return }
            guard isReplacing, !isFolder.boolValue else {
                throw CommandFailure(
                    .cannotWrite, "EXISTS", "\(path) exists and was left as it is",
                    hint: isFolder.boolValue ? "name a file with: -o" : "replace it with: --overwrite")
            }
        case .folder(let path):
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return }
            guard isFolder.boolValue else {
                throw CommandFailure(.cannotWrite, "EXISTS", "\(path) is a file; several threads need a folder")
            }
            let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
            guard isReplacing || names.isEmpty else {
                throw CommandFailure(
                    .cannotWrite, "EXISTS", "\(path) is not empty and was left as it is",
                    hint: "replace files of the same names with: --overwrite")
            }
        }
    }

    /// - Throws: `OutputClosed` when nobody reads any more.
    mutating func add(_ thread: ShownThread) throws {
        guard let document = thread.document else { return }
        threads += 1
        posts += thread.posts.count
        switch format {
        case .markdown: try put(document.render(), of: document)
        case .html:
            try put(ThreadPage(thread: document).html, of: document)
            index.add(document, file: Self.fileName(of: document, format))
        case .json: try put(ThreadJSON.node(thread).line + "\n", of: document)
        case .mbox: try put(MailMessage.mailbox(document), of: document)
        case .atom: feed.add(document)
        }
    }

    /// Makes the file stand under its name. A folder of pages gets one that leads to them.
    mutating func finish() throws {
        if format == .atom { try put(feed.xml, of: nil) }
        if format == .html, case .folder(let folder) = target { try write(index.html, to: "\(folder)/index.html") }
        guard case .file(let path) = target, let (handle, partial) = file else { return }
        do {
            try handle.close()
            guard isReplacing else {
                try FileManager.default.moveItem(atPath: partial, toPath: path)
                file = nil
                return
            }
            guard rename(partial, path) == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
            file = nil
        } catch {
            throw Self.failure(path, error.localizedDescription)
        }
    }

    /// Leaves nothing of a file that is not complete.
    mutating func abandon() {
        guard let (handle, partial) = file else { return }
        try? handle.close()
        try? FileManager.default.removeItem(atPath: partial)
        file = nil
    }

    private func put(_ text: String, of document: ThreadDocument?) throws {
        switch target {
        case .output: try output.document(text)
        case .file(let path):
            do { try file?.handle.write(contentsOf: Data(text.utf8)) } catch {
                throw Self.failure(path, error.localizedDescription)
            }
        case .folder(let folder):
            let name = document.map { Self.fileName(of: $0, format) } ?? "export.\(format.ending)"
            try write(text, to: "\(folder)/\(name)")
        }
    }

    private func write(_ text: String, to path: String) throws {
        do { try Data(text.utf8).write(to: URL(filePath: path), options: .atomic) } catch {
            throw Self.failure(path, error.localizedDescription)
        }
    }

    /// `000012-complaints-rise.md`: the same for a thread whenever it is exported.
    static func fileName(of thread: ThreadDocument, _ format: ExportFormat) -> String {
        let number = String(thread.facts.sequence)
        let words = SearchFolding.fold(thread.lesson.lesson.title)
            .split { !($0.isLetter || $0.isASCII && $0.isNumber) }.joined(separator: "-")
        var bytes = 0
        var slug = words.prefix { character in
            bytes += character.utf8.count
            return bytes <= 60
        }
        if slug.hasSuffix("-") { slug.removeLast() }
        let zeros = String(repeating: "0", count: max(0, 6 - number.count))
        return "\(zeros)\(number)\(slug.isEmpty ? "" : "-\(slug)").\(format.ending)"
    }

    private static func failure(_ path: String, _ reason: String) -> CommandFailure {
        CommandFailure(.cannotWrite, "CANNOT_WRITE", "\(path) cannot be written: \(reason)")
    }
}
