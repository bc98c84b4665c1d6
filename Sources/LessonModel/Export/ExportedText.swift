/// What exports say of each kind of post. A further kind is given its words here, and its fields in `PostJSON`.
extension Post.Body {
    /// The post's words as Markdown.
    package var exportedText: String {
        switch self {
        case .lesson(let lesson): lesson.readingText
        case .revision(let revision): revision.lesson.readingText(after: text)
        case .translation(let translation): translation.lesson.readingText(after: text)
        case .comment, .endorsement, .applicationReport, .stateChange, .redaction: text
        }
    }

    /// The post that this one answers, where it answers one; what is about the lesson as a whole answers none.
    package var parent: PostID? {
        switch self {
        case .comment(let comment): comment.parent
        case .lesson, .revision, .endorsement, .applicationReport, .stateChange, .translation, .redaction: nil
        }
    }
}

extension Lesson {
    fileprivate func readingText(after introduction: String) -> String { introduction + "\n\n" + readingText }

    /// The whole lesson as running text: the title and the sections, each under a heading that no section has inside it.
    package var readingText: String {
        var parts = ["### \(SafeText.line(title))"]
        for section in LessonSection.allCases where !self[section].isEmpty {
            parts.append("#### \(section.heading(.odcr))\n\n\(self[section])")
        }
        return parts.joined(separator: "\n\n")
    }
}
