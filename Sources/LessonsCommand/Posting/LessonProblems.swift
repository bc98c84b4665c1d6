import LessonModel
import TerminalUI

/// What is wrong with a lesson's text, by the lines of the file that the person has before them.
struct LessonProblems: Error {
    struct Problem: Equatable {
        /// `file:line`, or the option that the value came from.
        var place: String
        var field: String
        var message: String
        /// Nil where the value came from an option.
        var line: Int?
    }

    let problems: [Problem]

    init(
        _ found: LessonDocumentProblems, file: String, overrides: FrontMatterOverrides,
        applied: FrontMatterOverrides.Result
    ) {
        let options: [String: Bool] = [
            "title": overrides.title != nil, "topic": overrides.topic != nil, "language": overrides.language != nil,
            "marking": overrides.marking != nil, "audience": !overrides.audience.isEmpty,
        ]
        problems = found.problems.map { problem in
            let line = applied.originalLine(problem.line)
            let isOption = options[problem.field] == true
            return Problem(
                place: isOption ? "--\(problem.field)" : "\(file):\(line)", field: problem.field,
                message: problem.message, line: isOption ? nil : line)
        }
    }

    /// `file:line: problem`.
    var lines: [StyledText] {
        problems.map { problem in
            StyledText(problem.place, .bold) + StyledText(": \(problem.field): \(problem.message)").onOneLine
        }
    }

    /// The failure for `--json`, with all problems in it.
    var json: JSONNode {
        .object([
            (
                "error",
                .object([
                    ("code", .string("BAD_LESSON")),
                    ("message", .string("the lesson has \(problems.count) problem\(problems.count == 1 ? "" : "s")")),
                    (
                        "problems",
                        .array(
                            problems.map { problem in
                                .object([
                                    ("place", .string(problem.place)),
                                    ("line", problem.line.map { .count($0) } ?? .null),
                                    ("field", .string(problem.field)), ("message", .string(problem.message)),
                                ])
                            })
                    ),
                ])
            )
        ])
    }
}

extension LessonDocument {
    /// Reads a lesson with values of the command line put in.
    /// - Parameter file: names the text in problems.
    static func parse(
        _ bytes: [UInt8], file: String, overrides: FrontMatterOverrides
    ) throws(LessonProblems) -> LessonDocument {
        var applied = FrontMatterOverrides.Result(text: "", addedLines: 0, firstLineAfter: .max)
        do throws(LessonDocumentProblems) {
            // Bytes that are no text are told of by line, without the overrides.
            guard let text = String(validating: bytes, as: UTF8.self), bytes.count <= maxBytes else {
                return try parse(utf8: bytes)
            }
            applied = overrides.applied(to: text)
            return try parse(applied.text)
        } catch {
            throw LessonProblems(error, file: file, overrides: overrides, applied: applied)
        }
    }
}
