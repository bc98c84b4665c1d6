import ArgumentParser
import Foundation
import LessonModel

struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write a thread to a file, as Markdown or JSON.",
        discussion: "The file carries the thread's markings. Keep to them when you pass it on.")

    enum Format: String, CaseIterable, ExpressibleByArgument {
        case markdown, json
    }

    @OptionGroup var options: CommandOptions
    @OptionGroup var source: SourceOptions

    @Argument(help: "A post of the thread: its number such as 12, its id, or the beginning of the id.")
    var thread: String

    @Option(help: "How to write it; else by the file's ending, else markdown.")
    var format: Format?

    @Option(
        name: .shortAndLong, help: "The file; - is standard output.", completion: .file(extensions: ["md", "json"]))
    var outputFile = "-"

    @Flag(help: "Replace the file if there is one.")
    var overwrite = false

    func run() async throws {
        try await options.perform { context in
            let reference = try PostReference(thread)
            guard outputFile == "-" || overwrite || !FileManager.default.fileExists(atPath: outputFile) else {
                throw CommandFailure(
                    .cannotWrite, "EXISTS", "\(outputFile) exists and was left as it is",
                    hint: "replace it with: --overwrite")
            }
            let thread = try await source.readThread(context) { reader in try await reader.find(reference).thread }
            let chosen = format ?? (options.json || outputFile.hasSuffix(".json") ? .json : .markdown)
            let text = chosen == .json ? thread.json.line + "\n" : try thread.markdown()
            guard outputFile != "-" else {
                try context.output.document(text)
                return
            }
            do {
                // A marked text is for this account's eyes until its owner says otherwise.
                try Data(text.utf8).write(to: URL(fileURLWithPath: outputFile), options: .atomic)
                try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: outputFile)
            } catch {
                throw CommandFailure(
                    .cannotWrite, "CANNOT_WRITE", "\(outputFile) cannot be written: \(error.localizedDescription)")
            }
            context.output.message(StyledText("wrote \(thread.posts.count) posts to \(outputFile)"))
        }
    }
}

extension ShownThread {
    /// - Throws: when the lesson is not here.
    func markdown() throws(CommandFailure) -> String {
        guard let lesson else {
            throw CommandFailure(
                .missingInput, "NOT_FOUND", "the thread's lesson has not been received here",
                hint: "receive what is new with: lessons sync")
        }
        func entry(_ shown: ShownPost) -> ThreadMarkdown.Entry {
            ThreadMarkdown.Entry(
                post: shown.post, sequence: shown.stored.sequence, receivedAt: shown.stored.receivedAt,
                authorName: shown.authorName ?? (shown.isVerified ? nil : "not verified"))
        }
        return ThreadMarkdown.render(
            lesson: entry(lesson), state: state, replies: posts.filter { $0.post.id != id }.map(entry))
    }
}
