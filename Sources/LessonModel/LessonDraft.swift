/// A lesson as far as it is written: what a form shows, what an editor's file and a kept draft hold, whatever is missing in
/// it or wrong.
package struct LessonDraft: Hashable, Sendable {
    /// Keys of the front matter that hold a list.
    package static let listKeys: Set<String> = ["audience", "tags", "references"]

    /// By the key of the front matter; a list's entries each.
    package var values: [String: [String]] = [:]
    package var sections: [LessonSection: String] = [:]

    package init() {}

    package init(_ document: LessonDocument) {
        let lesson = document.lesson
        let texts: [(LessonDocumentKey, String?)] = [
            (.title, lesson.title), (.topic, document.topic.path), (.language, document.language),
            (.marking, document.marking.label), (.eventDate, lesson.eventDate), (.country, lesson.country),
            (.actionBody, lesson.actionBody), (.dueDate, lesson.dueDate),
        ]
        for (key, value) in texts { values[key.rawValue] = value.map { [$0] } }
        values["audience"] =
            document.audience.organisations.sorted().map(\.text)
            + document.audience.members.sorted().map(\.description)
        values["tags"] = lesson.tags
        values["references"] = lesson.references
        for section in LessonSection.allCases { sections[section] = lesson[section] }
    }

    /// Reads what can be read of a document, for somebody who goes on writing it.
    /// - Returns: nil when its front matter cannot be read at all, so that going on from here would lose something.
    package init?(text: String) {
        var parser = LessonDocumentParser(Array(text.utf8))
        guard parser.readParts() else { return nil }
        for (key, node) in parser.frontMatter.values {
            switch node.value {
            case .text(let value): values[key.rawValue] = [CleanText.value(value)]
            case .list(let nodes):
                values[key.rawValue] = nodes.compactMap { node in
                    if case .text(let value) = node.value { CleanText.value(value) } else { nil }
                }
            case .mapping: return nil
            }
        }
        for (section, read) in parser.sections { sections[section] = read.text }
        if let title = parser.title?.text, values["title"] == nil { values["title"] = [title] }
    }

    /// The value of a key, a list's entries with commas between; empty where there is none.
    package subscript(key: String) -> String {
        get { values[key, default: []].joined(separator: ", ") }
        set {
            guard Self.listKeys.contains(key) else {
                values[key] = [newValue]
                return
            }
            values[key] = newValue.split(separator: ",").map { CleanText.value(String($0)) }.filter { !$0.isEmpty }
        }
    }

    /// As a document's text, with what is missing left empty and a line of help below each empty section.
    package func render() -> String {
        var frontMatter = FrontMatterText()
        var empty = ""
        for key in LessonDocumentKey.names {
            let entries = values[key, default: []].map(CleanText.value).filter { !$0.isEmpty }
            if Self.listKeys.contains(key) {
                frontMatter.add(key, entries)
            } else if let entry = entries.first {
                frontMatter.add(key, entry)
            } else {
                empty += "\(key):\n"
            }
        }
        var text = "---\n" + frontMatter.render() + empty + "---\n"
        for section in LessonSection.allCases {
            text += "\n## \(section.heading(.odcr))\n\n"
            let written = CleanText.section(sections[section] ?? "")
            text +=
                written.isEmpty
                ? "<!-- help: \(section.help) -->\n" : MarkdownStructure.escaped(written) + "\n"
        }
        return text
    }

    /// The lesson, where nothing is missing or wrong.
    /// - Throws: every problem, by the lines of `render()` and with the key or section at fault.
    package func document() throws(LessonDocumentProblems) -> LessonDocument { try LessonDocument.parse(render()) }
}
