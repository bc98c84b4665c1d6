import ArgumentParser
import Foundation
import LessonModel
import PKI
import RelayClient
import Storage
import TerminalUI

struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Post lessons from files: exported threads, Markdown, records of another system.",
        discussion: """
            Of what `lessons export` has written as Markdown or JSON, each lesson becomes a new lesson of yours, with every \
            field as it was; its marking and audience stay, and can only be made narrower. Replies are other people's words \
            and are not posted. A thread that is on this relay is left out. A folder stands for the .md files in it.

                lessons import lessons.json
                lessons import folder

            Records of another system, as one JSON object a line or as CSV with a header, need a mapping: it says which field \
            of a record becomes which part of the lesson. llis is built in, others are YAML files.

                lessons import records.csv --separator ';' --mapping mapping.yaml

            An import that was interrupted is taken up where it ended by the same command, and no record is posted twice.
            """)

    enum Format: String, CaseIterable, ExpressibleByArgument {
        case json, markdown, records, csv
    }

    @OptionGroup var options: CommandOptions

    @Argument(
        help: "The file; - is standard input. For Markdown, files and folders.",
        completion: .file(extensions: ["json", "jsonl", "ndjson", "csv", "tsv", "md", "markdown"]))
    var files: [String]

    @Option(
        help:
            "What the file holds: json (exported threads), markdown, records (JSON lines) or csv; else by the file's ending and --mapping."
    )
    var format: Format?

    @Option(help: "For records and csv: llis, or a mapping file.", completion: .file(extensions: ["yaml", "yml"]))
    var mapping: String?

    @Option(help: "For csv: what stands between the fields, such as ';' or tab; else a comma.")
    var separator: String?

    @Option(help: "The lessons' topic, in place of the mapping's or their own.", completion: .topics)
    var topic: Topic?

    @Option(help: "The lessons' marking, in place of the mapping's or their own.")
    var marking: Marking?

    @Option(help: "Whom the marking names: organisations or, for RED, members' ids; with commas, or repeated.")
    var audience: [String] = []

    @Option(help: "The lessons' language, in place of the mapping's or their own.")
    var language: String?

    @Option(help: "Take only records whose field has this value, as FIELD=VALUE; may be repeated.")
    var only: [String] = []

    @Option(
        help: "Names where the records come from, by which a repeated import knows them; without, the mapping's name.")
    var source: String?

    @Flag(help: "Say what would be posted; send nothing.")
    var dryRun = false

    func validate() throws {
        guard !files.isEmpty else { throw ValidationError("name a file, or - for standard input") }
        guard files.count == 1 || chosenFormat == .markdown else {
            throw ValidationError("several files or folders can be imported as markdown only")
        }
        let needsMapping = chosenFormat == .csv || chosenFormat == .records
        guard needsMapping == (mapping != nil) else {
            throw ValidationError(
                needsMapping
                    ? "records of another system need --mapping: llis, or a mapping file"
                    : "--mapping is for records and csv; add --format to say what the file holds")
        }
        guard needsMapping || only.isEmpty else { throw ValidationError("--only is for records and csv") }
        guard separator == nil || chosenFormat == .csv else { throw ValidationError("--separator is for csv") }
        if let language, !LanguageTag.isValid(language) {
            throw ValidationError("\"\(language)\" is no language tag of BCP 47; write en, fr, sr-Latn, …")
        }
    }

    func run() async throws {
        try await options.perform { context in
            let identity = try context.identity()
            let (format, files, isDryRun) = (chosenFormat, files, dryRun)
            let mapping = try mapping.map(completeMapping)
            let changes = ImportChanges(
                topic: topic, language: language, marking: marking,
                audience: try Audience(names: audience.splitAtCommas))
            let separator = try separatorByte()
            let name = source ?? self.mapping.map(Self.name(ofMapping:)) ?? "lessons-relay"
            let ended = try await SignalStream.ending {
                let total: Int? =
                    switch format {
                    case .json, .records: try ImportRun.lineCount(files[0])
                    case .csv, .markdown: nil
                    }
                var run = try ImportRun(
                    context: context, identity: identity, topic: mapping?.topic ?? changes.topic, source: name,
                    total: total, isDryRun: isDryRun)
                switch (format, mapping) {
                case (.csv, let mapping?):
                    let reader = CSVReader(separator: separator, read: try RecordLines.pieces(files[0]))
                    var source = CSVSource(mapping: mapping, table: CSVTable(reader))
                    try await run.take(&source)
                case (_, let mapping?):
                    var source = JSONLinesSource(mapping: mapping, lines: try RecordLines(path: files[0]))
                    try await run.take(&source)
                case (.markdown, nil):
                    var source = try MarkdownSource(changes: changes, paths: files)
                    try await run.take(&source)
                    Self.tellReplies(source.withReplies > 0, context.output)
                case (_, nil):
                    var source = ThreadJSONSource(
                        changes: changes,
                        lines: try RecordLines(path: files[0], maxLineBytes: ThreadJSONSource.maxLineBytes))
                    try await run.take(&source)
                    Self.tellReplies(source.replies > 0, context.output)
                }
                try run.summarise(isInterrupted: Task.isCancelled)
                if let status = run.exitStatus, !Task.isCancelled { throw ExitCodeRequest(status) }
            }
            if let ended { throw ExitCodeRequest(ended) }
        }
    }

    private static func tellReplies(_ hasReplies: Bool, _ output: Output) {
        guard hasReplies else { return }
        output.message("replies were not posted: they are other people's words, and stay in the file")
    }

    private var chosenFormat: Format {
        if let format { return format }
        let name = files[0].lowercased()
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: files[0], isDirectory: &isFolder), isFolder.boolValue {
            return .markdown
        }
        if name.hasSuffix(".md") || name.hasSuffix(".markdown") { return .markdown }
        if name.hasSuffix(".csv") || name.hasSuffix(".tsv") { return .csv }
        return mapping == nil ? .json : .records
    }

    private func separatorByte() throws(CommandFailure) -> UInt8 {
        guard let separator else {
            return files[0].lowercased().hasSuffix(".tsv") ? UInt8(ascii: "\t") : UInt8(ascii: ",")
        }
        if separator == "tab" || separator == "\\t" { return UInt8(ascii: "\t") }
        guard separator.utf8.count == 1, let byte = separator.utf8.first, byte >= 0x20 || byte == UInt8(ascii: "\t"),
            byte != UInt8(ascii: "\"")
        else {
            throw CommandFailure(.usage, "INVALID", "--separator is one character such as ';', or tab")
        }
        return byte
    }

    private static func name(ofMapping mapping: String) -> String {
        ImportMapping.builtIn[mapping] != nil
            ? mapping : URL(fileURLWithPath: mapping).deletingPathExtension().lastPathComponent
    }

    private func completeMapping(_ mapping: String) throws -> ImportMapping {
        var result: ImportMapping
        if let builtIn = ImportMapping.builtIn[mapping] {
            result = builtIn
        } else {
            let text = try InputText.read(mapping, maxBytes: ImportMapping.maxFileBytes)
            do { result = try ImportMapping(parsing: text) } catch {
                let lines = error.problems.map { "\(mapping):\($0.line): \($0.message)" }.joined(separator: "\n")
                throw CommandFailure(.badData, "BAD_MAPPING", lines)
            }
        }
        if let topic { result.topic = topic }
        if let marking {
            result.marking = marking
            if audience.isEmpty { result.audience = .everybody }
        }
        if let language { result.language = language }
        if !audience.isEmpty { result.audience = try Audience(names: audience.splitAtCommas) }
        for pair in only {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty else {
                throw CommandFailure(
                    .usage, "INVALID", "--only is FIELD=VALUE, such as organization=JPL, not \"\(pair)\"")
            }
            result.filters[String(parts[0]), default: []].insert(String(parts[1]))
        }
        guard let marking = result.marking, result.topic != nil, result.language != nil else {
            let missing = [
                result.topic == nil ? "--topic" : nil, result.marking == nil ? "--marking" : nil,
                result.language == nil ? "--language" : nil,
            ].compactMap(\.self)
            throw CommandFailure(
                .usage, "INVALID",
                "the mapping does not say it for all lessons: add \(missing.joined(separator: " and "))")
        }
        do { try result.audience.validate(for: marking) } catch {
            throw CommandFailure(.usage, "INVALID", error.description, field: "audience")
        }
        return result
    }
}
