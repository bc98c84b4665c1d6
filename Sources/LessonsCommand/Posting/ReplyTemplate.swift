import LessonModel
import TerminalUI

/// What the editor shows for a reply: room to write, and below a line what is answered.
enum ReplyTemplate {
    /// It and everything below are left out of the reply.
    static let cut = "------------------------ >8 ------------------------"

    static func text(answering parent: ShownPost) -> String {
        var body = parent.post.body.text
        if let lesson = parent.post.body.lesson {
            body =
                "# \(lesson.title)\n\n## Observation\n\n\(lesson.observation)\n\n## Recommendation\n\n\(lesson.recommendation)"
        }
        return "\n\n\(cut)\nWrite above this line. What follows is what you answer, and is not sent.\n\n"
            + "\(SafeText.line(parent.byline)) wrote:\n\n\(SafeText.terminal(body))\n"
    }

    /// The text above the line, without empty lines at its ends.
    static func reply(in text: String) -> String {
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        let written = lines.prefix { $0 != cut }
        guard let first = written.firstIndex(where: { $0.contains { !$0.isWhitespace } }),
            let last = written.lastIndex(where: { $0.contains { !$0.isWhitespace } })
        else { return "" }
        return written[first...last].joined(separator: "\n")
    }
}
