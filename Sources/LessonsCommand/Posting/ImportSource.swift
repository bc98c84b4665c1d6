import Foundation
import LessonModel
import PKI

/// What an import reads next.
enum ImportStep: Equatable {
    /// `origin` is the thread that the lesson was exported from.
    case lesson(ImportedLesson, origin: PostID? = nil)
    /// The mapping's filters leave it out.
    case filtered
    /// `place` says where in the input.
    case problem(place: String, String)
}

/// Lessons on their way in, one after the other, from a file of any size.
protocol ImportSource {
    /// Nil after the last one.
    mutating func next() throws -> ImportStep?
}

/// Records of another system, one JSON object a line.
struct JSONLinesSource: ImportSource {
    let mapping: ImportMapping
    var lines: RecordLines
    private var number = 0

    init(mapping: ImportMapping, lines: RecordLines) {
        self.mapping = mapping
        self.lines = lines
    }

    mutating func next() throws -> ImportStep? {
        while let line = try lines.next() {
            number += 1
            guard case .bytes(let bytes) = line else {
                return .problem(place: "line \(number)", "the line is longer than \(lines.maxLineBytes / 1_024) KiB")
            }
            if bytes.isBlank { continue }
            do throws(ImportProblem) {
                return try mapping.lesson(ofLine: bytes).map { .lesson($0) } ?? .filtered
            } catch {
                return .problem(place: "line \(number)", error.description)
            }
        }
        return nil
    }
}

/// Records of another system, as CSV with a header.
struct CSVSource: ImportSource {
    let mapping: ImportMapping
    var table: CSVTable

    mutating func next() throws -> ImportStep? {
        let found: (line: Int, record: JSONValue)?
        do { found = try table.next() } catch let problem as CSVProblem {
            guard table.hasHeader else {
                throw CommandFailure(.badData, "BAD_CSV", problem.description)
            }
            return .problem(
                place: "line \(problem.line)",
                "column \(problem.column)\(problem.name.map { " (\($0))" } ?? ""): \(problem.problem)")
        }
        guard let found else { return nil }
        do throws(ImportProblem) {
            return try mapping.lesson(of: found.record).map { .lesson($0) } ?? .filtered
        } catch {
            return .problem(place: "line \(found.line)", error.description)
        }
    }
}

/// Threads that `lessons export --format json` has written, one a line. Of each the lesson is taken.
struct ThreadJSONSource: ImportSource {
    /// A thread with all that was said about it.
    static let maxLineBytes = 64 << 20

    let changes: ImportChanges
    var lines: RecordLines
    private(set) var replies = 0
    private var number = 0
    private var isJSON = false

    init(changes: ImportChanges, lines: RecordLines) {
        self.changes = changes
        self.lines = lines
    }

    mutating func next() throws -> ImportStep? {
        while let line = try lines.next() {
            number += 1
            guard case .bytes(let bytes) = line else {
                return .problem(place: "line \(number)", "the line is longer than \(lines.maxLineBytes >> 20) MiB")
            }
            if bytes.isBlank { continue }
            let record: JSONValue
            do throws(JSONValueError) { record = try JSONValue(parsing: bytes) } catch {
                guard isJSON else {
                    throw CommandFailure(
                        .badData, "NOT_JSON", "the file holds no exported threads, one JSON object a line",
                        hint:
                            "of JSON over several lines make one with: jq -c . ; of another kind of file say --format or --mapping"
                    )
                }
                return .problem(place: "line \(number)", error.description)
            }
            isJSON = true
            do {
                let found = try ThreadJSON.lesson(of: record)
                replies += found.replies
                let document = try changes.applied(
                    to: found.lesson, organisation: found.organisation, author: found.author)
                return .lesson(
                    ImportedLesson(key: found.thread.description, document: document, notes: []), origin: found.thread)
            } catch {
                return .problem(place: "line \(number)", "\(error)")
            }
        }
        return nil
    }
}

/// Files that hold a lesson each: as their author wrote it, or as `lessons export --format markdown` has written its thread.
struct MarkdownSource: ImportSource {
    let changes: ImportChanges
    /// Names as they stand in problems are these paths.
    private var paths: ArraySlice<String>
    /// Files with posts after the lesson.
    private(set) var withReplies = 0

    /// - Parameter paths: files, or folders of files whose names end in `.md` or `.markdown`; `-` is standard input.
    init(changes: ImportChanges, paths: [String]) throws {
        self.changes = changes
        var files: [String] = []
        for path in paths {
            var isFolder: ObjCBool = false
            guard path != "-", FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue
            else {
                files.append(path)
                continue
            }
            let names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
                .filter { $0.hasSuffix(".md") || $0.hasSuffix(".markdown") }
            guard !names.isEmpty else {
                throw CommandFailure(.missingInput, "NO_INPUT", "\(path) has no file whose name ends in .md")
            }
            files += names.map { "\(path)/\($0)" }
        }
        self.paths = files[...]
    }

    var count: Int { paths.count }

    mutating func next() throws -> ImportStep? {
        guard let path = paths.popFirst() else { return nil }
        let bytes = try InputText.bytes(path, maxBytes: ThreadDocument.maxBytes)
        do throws(LessonDocumentProblems) {
            let file = try ThreadDocument.lessonFile(utf8: bytes)
            if file.hasReplies { withReplies += 1 }
            do {
                let document =
                    file.thread == nil
                    ? try changes.applied(to: file.lesson)
                    : try changes.applied(to: file.lesson, organisation: file.organisation, author: file.author)
                let key = file.thread?.description ?? Hex.text(of: SHA256.digest(bytes))
                return .lesson(ImportedLesson(key: key, document: document, notes: []), origin: file.thread)
            } catch {
                return .problem(place: path, "\(error)")
            }
        } catch {
            let more = error.problems.count > 1 ? ", and \(error.problems.count - 1) more" : ""
            return .problem(place: path, (error.problems.first?.description ?? "") + more)
        }
    }
}

extension [UInt8] {
    fileprivate var isBlank: Bool { allSatisfy { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") } }
}
