extension LessonDocument {
    /// The document as text that `parse` reads back as `normalised()`, ending in one line feed.
    ///
    /// - Parameter style: whose names the headings bear.
    package func render(_ style: LessonSection.Style = .odcr) -> String {
        let document = normalised()
        return "---\n" + document.frontMatter.render() + "---\n" + document.sections(style)
    }

    /// The sections with their headings, as `render` writes them.
    package var sectionsText: String { normalised().sections(.odcr) }

    /// The sections with their headings, each after an empty line. Of a normalised document.
    func sections(_ style: LessonSection.Style) -> String {
        var text = ""
        for section in LessonSection.allCases where !lesson[section].isEmpty || section.isRequired {
            text += "\n## \(section.heading(style))\n\n"
            if !lesson[section].isEmpty { text += MarkdownStructure.escaped(lesson[section]) + "\n" }
        }
        return text
    }

    var frontMatter: FrontMatterText {
        var text = FrontMatterText()
        text.add(LessonDocumentKey.title.rawValue, lesson.title)
        text.add(LessonDocumentKey.topic.rawValue, topic.path)
        text.add(LessonDocumentKey.language.rawValue, language)
        text.add(LessonDocumentKey.marking.rawValue, marking.label)
        text.add(
            LessonDocumentKey.audience.rawValue,
            audience.organisations.sorted().map(\.text) + audience.members.sorted().map(\.description))
        text.add(LessonDocumentKey.eventDate.rawValue, lesson.eventDate)
        text.add(LessonDocumentKey.country.rawValue, lesson.country)
        text.add(LessonDocumentKey.tags.rawValue, lesson.tags)
        text.add(LessonDocumentKey.actionBody.rawValue, lesson.actionBody)
        text.add(LessonDocumentKey.dueDate.rawValue, lesson.dueDate)
        text.add(LessonDocumentKey.references.rawValue, lesson.references)
        return text
    }
}

/// Front matter in the making: keys with texts and lists, empty ones left out.
struct FrontMatterText {
    private enum Value {
        case text(String)
        case list([String])
        case nested(FrontMatterText)
    }

    private var entries: [(key: String, value: Value)] = []

    mutating func add(_ key: String, _ value: String?) {
        if let value { entries.append((key, .text(value))) }
    }

    mutating func add(_ key: String, _ values: [String]) {
        if !values.isEmpty { entries.append((key, .list(values))) }
    }

    mutating func add(_ key: String, _ values: FrontMatterText) {
        if !values.entries.isEmpty { entries.append((key, .nested(values))) }
    }

    /// Lines that end in a line feed, without the lines `---`.
    func render() -> String { render(margin: "", escapesAliases: holdsAmpersand) }

    private var holdsAmpersand: Bool {
        let ampersand = UInt8(ascii: "&")
        return entries.contains { entry in
            switch entry.value {
            case .text(let value): value.utf8.contains(ampersand)
            case .list(let values): values.contains { $0.utf8.contains(ampersand) }
            case .nested(let values): values.holdsAmpersand
            }
        }
    }

    private func render(margin: String, escapesAliases: Bool) -> String {
        func scalar(_ text: String) -> String { StrictYAML.renderedScalar(text, escapesAliases: escapesAliases) }
        var text = ""
        for (key, value) in entries {
            switch value {
            case .text(let value): text += "\(margin)\(key): \(scalar(value))\n"
            case .list(let values):
                let scalars = values.map(scalar)
                if scalars.reduce(key.utf8.count, { $0 + $1.utf8.count + 2 }) <= 100 {
                    text += "\(margin)\(key): [\(scalars.joined(separator: ", "))]\n"
                } else {
                    text += "\(margin)\(key):\n" + scalars.map { "\(margin)  - \($0)\n" }.joined()
                }
            case .nested(let values):
                text += "\(margin)\(key):\n" + values.render(margin: margin + "  ", escapesAliases: escapesAliases)
            }
        }
        return text
    }
}
