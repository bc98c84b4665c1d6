extension LessonDocument {
    /// The document as text that `parse` reads back as `normalised()`, ending in one line feed.
    ///
    /// - Parameter style: whose names the headings bear.
    package func render(_ style: LessonSection.Style = .odcr) -> String {
        let document = normalised()
        return "---\n" + document.frontMatter.render() + "---\n" + document.sections(style)
    }

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
    private var entries: [(key: String, values: [String], isList: Bool)] = []

    mutating func add(_ key: String, _ value: String?) {
        if let value { entries.append((key, [value], false)) }
    }

    mutating func add(_ key: String, _ values: [String]) {
        if !values.isEmpty { entries.append((key, values, true)) }
    }

    /// Lines that end in a line feed, without the lines `---`.
    func render() -> String {
        let escapesAliases = entries.contains { $0.values.contains { $0.utf8.contains(UInt8(ascii: "&")) } }
        var text = ""
        for (key, values, isList) in entries {
            let scalars = values.map { StrictYAML.renderedScalar($0, escapesAliases: escapesAliases) }
            if !isList {
                text += "\(key): \(scalars[0])\n"
            } else if scalars.reduce(key.utf8.count, { $0 + $1.utf8.count + 2 }) <= 100 {
                text += "\(key): [\(scalars.joined(separator: ", "))]\n"
            } else {
                text += "\(key):\n" + scalars.map { "  - \($0)\n" }.joined()
            }
        }
        return text
    }
}
