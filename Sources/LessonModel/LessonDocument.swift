/// A lesson as its author writes and exchanges it: Markdown with a YAML front matter and one heading a section.
///
///     ---
///     title: Neighbourhood patrols in pairs
///     topic: policing/community
///     language: en
///     marking: GREEN
///     ---
///
///     ## Observation
///
///     Two officers, one of them from the neighbourhood, were spoken to more often than one.
///
///     ## Recommendation
///
///     Plan patrols in pairs.
///
/// `title`, `topic`, `language`, `marking`, Observation and Recommendation are required. A line `# Title` before the
/// first section may stand for the key `title`. Sections may bear SARA's names too: Scanning (observation), Analysis
/// (discussion), Response (recommendation), Assessment (evidence). Headings of level 3 and deeper are text.
///
/// For every document `x` whose normalised form is valid, `parse(x.render()) == x.normalised()`. Valid means: the rules of
/// `Lesson`, `LanguageTag` and `Audience`, and no organisation's slug that looks like a member's id.
package struct LessonDocument: Hashable, Sendable {
    /// Enough for every valid lesson, escapes included.
    package static let maxBytes = 2 * 1024 * 1024
    /// Enough for every valid lesson: 64 references of 2,000 bytes and an audience of 256, escapes included.
    package static let maxFrontMatterBytes = 512 * 1024

    package var lesson: Lesson
    package var topic: Topic
    /// BCP 47.
    package var language: String
    package var marking: Marking
    package var audience: Audience

    package init(lesson: Lesson, topic: Topic, language: String, marking: Marking, audience: Audience) {
        self.lesson = lesson
        self.topic = topic
        self.language = language
        self.marking = marking
        self.audience = audience
    }

    /// The same document with its white space as `parse` gives it:
    ///
    /// - In every text, CR LF becomes LF, and the other C0 controls but tab, and DEL, are left out.
    /// - In a section, lines of nothing but spaces and tabs are left out at the start and the end; all else stays, a first
    ///   line's indentation and spaces at the ends of lines included.
    /// - In title, action body, tags and references, white space and byte order marks are left out at both ends.
    /// - An empty optional text is nil; an empty discussion or conclusion is "".
    package func normalised() -> LessonDocument {
        var document = self
        document.lesson = lesson.normalised()
        return document
    }
}

extension Lesson {
    /// As `LessonDocument.normalised`.
    package func normalised() -> Lesson {
        var lesson = self
        lesson.title = CleanText.value(title)
        lesson.observation = CleanText.section(observation)
        lesson.discussion = CleanText.section(discussion)
        lesson.conclusion = CleanText.section(conclusion)
        lesson.recommendation = CleanText.section(recommendation)
        lesson.evidence = evidence.map(CleanText.section).flatMap { $0.isEmpty ? nil : $0 }
        lesson.actionBody = actionBody.map(CleanText.value).flatMap { $0.isEmpty ? nil : $0 }
        lesson.tags = tags.map(CleanText.value)
        lesson.references = references.map(CleanText.value)
        return lesson
    }
}

/// Text with the white space of a lesson's document.
enum CleanText {
    static func section(_ text: String) -> String {
        let lines = MarkdownStructure.lines(of: withoutControls(text))
        guard let first = lines.firstIndex(where: { !MarkdownStructure.isBlank($0) }),
            let last = lines.lastIndex(where: { !MarkdownStructure.isBlank($0) })
        else { return "" }
        return String(decoding: Array(lines[first...last].joined(separator: [UInt8(ascii: "\n")])), as: UTF8.self)
    }

    static func value(_ text: String) -> String { trimmed(withoutControls(text)) }

    /// Without white space and byte order marks at both ends. Foundation, which the YAML reader uses, drops such a mark
    /// at the start of a text by itself.
    static func trimmed(_ text: String) -> String {
        let scalars = text.unicodeScalars
        let isKept = { (scalar: Unicode.Scalar) in !scalar.properties.isWhitespace && scalar != "\u{FEFF}" }
        guard let first = scalars.firstIndex(where: isKept), let last = scalars.lastIndex(where: isKept)
        else { return "" }
        return String(scalars[first...last])
    }

    /// False for the C0 controls but line feed and tab, and for DEL.
    static func isAllowed(_ byte: UInt8) -> Bool {
        byte >= 0x20 ? byte != 0x7F : byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\t")
    }

    private static func withoutControls(_ text: String) -> String {
        if text.utf8.allSatisfy(isAllowed) { return text }
        return String(decoding: text.utf8.filter(isAllowed), as: UTF8.self)
    }
}
