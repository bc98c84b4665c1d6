import ArgumentParser
import Foundation
import LessonModel
import PKI
import RelayClient
import Storage

struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Post the records of another system as lessons.",
        discussion: """
            FILE holds one JSON object a line. The mapping says which field of a record becomes which part of the lesson; llis \
            is built in, others are YAML files. An import that was interrupted is taken up where it ended by the same \
            command, and no record is posted twice.
            """)

    @OptionGroup var options: CommandOptions

    @Argument(
        help: "The file with the records; - is standard input.",
        completion: .file(extensions: ["jsonl", "ndjson", "json"]))
    var file: String

    @Option(help: "llis, or a mapping file.", completion: .file(extensions: ["yaml", "yml"]))
    var mapping: String

    @Option(help: "The lessons' topic, in place of the mapping's.", completion: .topics)
    var topic: Topic?

    @Option(help: "The lessons' marking, in place of the mapping's.")
    var marking: Marking?

    @Option(help: "Whom the marking names: organisations or, for RED, members' ids; with commas, or repeated.")
    var audience: [String] = []

    @Option(help: "The lessons' language, in place of the mapping's.")
    var language: String?

    @Option(help: "Take only records whose field has this value, as FIELD=VALUE; may be repeated.")
    var only: [String] = []

    @Option(
        help: "Names where the records come from, by which a repeated import knows them; without, the mapping's name.")
    var source: String?

    @Flag(help: "Say what would be posted; send nothing.")
    var dryRun = false

    func run() async throws {
        try await options.perform { context in
            let identity = try context.identity()
            let mapping = try completeMapping()
            let file = file
            let name = source ?? mappingName
            let isDryRun = dryRun
            let ended = try await SignalStream.ending {
                var run = try ImportRun(
                    context: context, identity: identity, mapping: mapping, source: name,
                    total: try ImportRun.lineCount(file), isDryRun: isDryRun)
                var lines = try RecordLines(path: file)
                try await run.take(&lines)
                try run.summarise(isInterrupted: Task.isCancelled)
                if let status = run.exitStatus, !Task.isCancelled { throw ExitCodeRequest(status) }
            }
            if let ended { throw ExitCodeRequest(ended) }
        }
    }

    private var mappingName: String {
        ImportMapping.builtIn[mapping] != nil
            ? mapping : URL(fileURLWithPath: mapping).deletingPathExtension().lastPathComponent
    }

    private func completeMapping() throws -> ImportMapping {
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
