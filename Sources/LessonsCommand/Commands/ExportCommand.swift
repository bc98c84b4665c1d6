import ArgumentParser
import Foundation
import LessonModel
import TerminalUI

struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write threads to files: Markdown, JSON, mbox, Atom or HTML.",
        discussion: """
            One thread by a post of it, or all threads of a topic, or all:

                lessons export 12 > lesson.md
                lessons export 12 -o lesson.html                  to read and to print
                lessons export --topic 'policing/#' -o all.mbox   for a mail reader
                lessons export --all --format markdown -o folder  one file a thread
                lessons export --all -o feed.atom                 CLEAR only, to publish

            Markdown and JSON lose nothing and come back with: lessons import. The schema of the JSON: lessons export --schema

            Every export says the marking of each post, and whether its author's signature was verified. Keep to the marking \
            when you pass a file on: GREEN stays within the community, AMBER within your organisation and its clients, \
            AMBER+STRICT within your organisation. RED is for the persons it names: no file is made of it without --up-to RED. \
            A feed takes only what is CLEAR, whatever is asked for. How many posts were left out is said here and not in the file.

            What is redacted later goes from the relay and from members' machines, not from files: export again, and delete \
            the old ones.
            """)

    @OptionGroup var options: CommandOptions
    @OptionGroup var source: SourceOptions
    @OptionGroup var narrowing: NarrowingOptions

    @Argument(
        help: "A post of the thread: its number such as 12, its id, or the beginning of the id; several for several.")
    var posts: [String] = []

    @Flag(help: "All threads that are for you.")
    var all = false

    @Option(name: .customLong("topic"), help: "All threads of these topics; may be repeated.", completion: .topics)
    var topics: [String] = []

    @Option(help: "Only lessons of this organisation.")
    var organisation: OrganisationSlug?

    @Option(name: .shortAndLong, help: "At most this many threads, those with the newest posts.")
    var limit = 100_000

    @Option(help: "How to write it; else by the file's ending, else markdown.")
    var format: ExportFormat?

    @Option(help: "Leave out what is marked stricter; without, only what is RED.", completion: .markings)
    var upTo: Marking?

    @Option(
        name: .shortAndLong,
        help: "The file, or for several threads as markdown or html the folder; - is standard output.",
        completion: .file(extensions: ["md", "json", "mbox", "atom", "html"]))
    var outputFile = "-"

    @Flag(help: "Replace files that are there.")
    var overwrite = false

    @Flag(help: "Write the JSON Schema of the format json, and end.")
    var schema = false

    func validate() throws {
        guard (1...100_000).contains(limit) else { throw ValidationError("--limit is 1 to 100000") }
        guard !schema else { return }
        let isListing = all || !topics.isEmpty || organisation != nil || !narrowing.isEmpty
        guard posts.isEmpty == isListing else {
            throw ValidationError(
                posts.isEmpty
                    ? "name a post, such as 12, or a topic with --topic, or --all"
                    : "name posts, or what narrows a listing, but not both")
        }
    }

    func run() async throws {
        try await options.perform { context in
            guard !schema else {
                try context.output.document(ThreadSchema.text + "\n")
                return
            }
            let run = try plan(context)
            // Told before the relay is asked for anything.
            try ExportWriter.check(run.target, isReplacing: overwrite)
            let source = source
            let ended = try await SignalStream.ending {
                let result = try await source.read(context, showsResult: true) { connection, identity in
                    let mirror = try context.mirror(identity)
                    return try await run.run(
                        ThreadReader(mirror: mirror, identity: identity, connection: connection), identity, context)
                } local: { identity in
                    let mirror = try context.mirror(identity)
                    return try await run.run(
                        ThreadReader(mirror: mirror, identity: identity, connection: nil), identity, context)
                }
                try run.tell(result, context.output)
            }
            if let ended { throw ExitCodeRequest(ended) }
        }
    }

    private func plan(_ context: CommandContext) throws -> ExportRun {
        let format = format ?? ExportFormat(fileName: outputFile) ?? (options.json ? .json : .markdown)
        let selection: ExportSelection =
            posts.isEmpty
            ? .listing(
                ThreadListing(
                    filter: try narrowing.filter(topics: topics), organisation: organisation, limit: limit))
            : .posts(try posts.map { text throws(CommandFailure) in try PostReference(text) })
        let target: ExportTarget
        if outputFile == "-" {
            guard posts.count == 1 || !format.isOneThreadAFile else {
                throw CommandFailure(
                    .usage, "INVALID", "a file holds one thread as \(format.rawValue): name a folder with -o",
                    hint: "or write all to one file with: --format json, or mbox")
            }
            target = .output
        } else {
            try context.checkNotOwn(outputFile)
            let isFolder = posts.count != 1 && format.isOneThreadAFile
            if isFolder, ExportFormat(fileName: outputFile) != nil {
                throw CommandFailure(
                    .usage, "INVALID",
                    "a file holds one thread as \(format.rawValue), and \(outputFile) looks like a file",
                    hint: "name a folder with -o, and say --format \(format.rawValue)")
            }
            target = isFolder ? .folder(outputFile) : .file(outputFile)
        }
        return ExportRun(
            selection: selection, format: format, target: target, isReplacing: overwrite,
            limit: ExportLimit(upTo: upTo, format: format))
    }
}

extension ExportRun {
    /// Says what came of it: on stderr, and as JSON on stdout where the export itself went to a file.
    func tell(_ result: Result, _ output: Output) throws {
        if output.isJSON, target != .output {
            try output.json(
                .object([
                    ("format", .string(format.rawValue)), ("threads", .count(result.threads)),
                    ("posts", .count(result.posts)), ("left_out", .count(result.heldPosts)),
                ]))
            return
        }
        let count =
            "\(result.posts) post\(result.posts == 1 ? "" : "s") of \(result.threads) thread\(result.threads == 1 ? "" : "s")"
        switch target {
        case .output: if result.threads > 1 { output.message(StyledText("wrote \(count)")) }
        case .file(let path): output.message(StyledText("wrote \(count) to \(path)"))
        case .folder(let path): output.message(StyledText("wrote \(count) to files in \(path)"))
        }
        if result.heldPosts > 0 {
            let reason =
                limit.isPublic
                ? "only what is CLEAR and verified goes into a feed" : "marked stricter than \(limit.upTo.label)"
            output.message(
                StyledText("left out \(result.heldPosts) post\(result.heldPosts == 1 ? "" : "s"): \(reason)", .yellow))
        }
        if result.headless > 0 {
            output.message(
                StyledText("left out \(result.headless) threads whose lesson is not here; try: lessons sync", .yellow))
        }
    }
}
