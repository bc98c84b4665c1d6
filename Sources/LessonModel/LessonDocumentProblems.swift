/// One thing to put right in a lesson's document.
package struct LessonDocumentProblem: Hashable, Sendable, CustomStringConvertible {
    /// From 1; of the front matter's end or the text's end for something that is not there.
    package let line: Int
    /// A key of the front matter, the name of a section in lower case, `front matter`, `section` or `text`.
    package let field: String
    /// One sentence that says what to do.
    package let message: String

    package init(line: Int, field: String, message: String) {
        self.line = line
        self.field = field
        self.message = message
    }

    package var description: String { "line \(line): \(field): \(message)" }
}

/// Everything that is wrong with a lesson's document, by line. Never empty.
package struct LessonDocumentProblems: Error, Hashable, Sendable, CustomStringConvertible {
    /// More than these are not told at once.
    package static let maxProblems = 100

    package let problems: [LessonDocumentProblem]

    package init(_ problems: [LessonDocumentProblem]) {
        precondition(!problems.isEmpty, "a document without problems is not refused")
        self.problems = problems
    }

    /// One line a problem.
    package var description: String { problems.map(\.description).joined(separator: "\n") }
}
