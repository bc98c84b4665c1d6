extension LessonDocumentParser {
    /// The document of what was read; nil, with a problem said, where it cannot be made.
    mutating func build() -> LessonDocument? {
        let title = titleText()
        let topicText = text(.topic)
        let languageText = text(.language)
        let markingText = text(.marking)
        require(title, .title, "write in one line what was learned")
        require(topicText, .topic, "write where the lesson belongs, such as policing/community")
        require(languageText, .language, "write the language of the lesson, such as en, fr, de, it, ru or es")
        require(
            markingText, .marking,
            "write who may receive the lesson: CLEAR, GREEN, AMBER, AMBER+STRICT or RED; it is never guessed")

        var lesson = Lesson(title: title ?? "", observation: "", recommendation: "")
        lesson.country = readCountry()
        lesson.eventDate = text(.eventDate)
        lesson.tags = list(.tags, mayHoldComma: false).map(\.text)
        lesson.actionBody = text(.actionBody)
        lesson.dueDate = text(.dueDate)
        lesson.references = list(.references, mayHoldComma: true).map(\.text)
        for section in LessonSection.allCases { lesson[section] = sections[section]?.text ?? "" }
        if hasBody { checkRequiredSections() }
        checkRules(of: lesson)

        let topic = readTopic(topicText)
        if let languageText, !LanguageTag.isValid(languageText) {
            addValue(
                .language, "\"\(languageText.prefix(40))\" is no BCP 47 language tag; write en, fr, de, it, ru, es, …")
        }
        let marking = readMarking(markingText)
        guard let marking else { return nil }
        let audience = readAudience(for: marking)
        guard let topic, let languageText else { return nil }
        return LessonDocument(
            lesson: lesson, topic: topic, language: languageText, marking: marking, audience: audience)
    }

    private mutating func titleText() -> String? {
        guard let title, !title.text.isEmpty else { return text(.title) }
        guard text(.title) == nil, !hasProblem("title") else {
            add(title.line, "title", "the title is written twice; delete the line # or the key title")
            return title.text
        }
        return CleanText.trimmed(title.text)
    }

    private mutating func require(_ value: String?, _ key: LessonDocumentKey, _ advice: String) {
        guard value == nil, frontMatter.isReadable, !hasProblem(key.rawValue) else { return }
        addValue(key, "the \(key.rawValue) is missing: \(advice)")
    }

    private mutating func addValue(_ key: LessonDocumentKey, _ message: String) {
        add(frontMatter.line(of: key), key.rawValue, message)
    }

    private mutating func checkRequiredSections() {
        for section in LessonSection.allCases where section.isRequired {
            guard sections[section]?.text.isEmpty ?? true, !hasProblem(section.rawValue) else { continue }
            add(
                sections[section]?.line ?? lines.count, section.rawValue,
                "the \(section.rawValue) is missing: answer below a heading ## \(section.heading(.odcr)): \(section.help)"
            )
        }
    }

    private mutating func checkRules(of lesson: Lesson) {
        for problem in lesson.problems() {
            let field = problem.field.replacing("_", with: "-")
            guard !hasProblem(field) else { continue }
            if let key = LessonDocumentKey(rawValue: field) {
                guard frontMatter.values[key] != nil || key == .title && title != nil else { continue }
                let line = key == .title ? title?.line : nil
                add(line ?? frontMatter.line(of: key), field, problem.problem)
            } else if let section = LessonSection(rawValue: field), let line = sections[section]?.line {
                add(line, field, problem.problem)
            }
        }
    }

    private mutating func readTopic(_ text: String?) -> Topic? {
        guard let text else { return nil }
        if let topic = Topic(text) { return topic }
        addValue(
            .topic,
            "\"\(text.prefix(80))\" is no topic; write levels of a-z, 0-9 and hyphen joined by /, such as policing/community"
        )
        return nil
    }

    private mutating func readMarking(_ text: String?) -> Marking? {
        guard let text else { return nil }
        if let marking = Marking(label: text) { return marking }
        let question =
            text.uppercased().hasSuffix("WHITE")
            ? "; TLP 2.0 calls it CLEAR"
            : Suggestion.question(for: text, among: Marking.allCases.map(\.label))
        addValue(
            .marking,
            "\"\(text.prefix(40))\" is no marking; write CLEAR, GREEN, AMBER, AMBER+STRICT or RED\(question)")
        return nil
    }

    private mutating func readCountry() -> String? {
        guard let text = text(.country) else { return nil }
        if CountryCode.isWellFormed(text) { return text }
        let code =
            CountryCode.isWellFormed(text.uppercased()) ? text.uppercased() : ParticipatingState.code(named: text)
        let advice = code.map { "write \($0)" } ?? "write two capital letters of ISO 3166-1, such as AL"
        addValue(.country, "\"\(text.prefix(60))\" is no country code; \(advice)")
        return nil
    }

    private mutating func readAudience(for marking: Marking) -> Audience {
        var audience = Audience()
        for (line, text) in list(.audience, mayHoldComma: false) {
            let member = MemberID(text: text)
            switch marking {
            case .clear, .green:
                add(line, "audience", "\(AudienceError.notAllowed(marking))")
                return Audience()
            case .amber, .amberStrict:
                if member != nil {
                    add(line, "audience", "\(AudienceError.membersNotAllowed(marking))")
                } else if let slug = OrganisationSlug(text) {
                    audience.organisations.insert(slug)
                } else {
                    add(
                        line, "audience", "\"\(text.prefix(60))\" is no organisation's short name (a-z, 0-9 and hyphen)"
                    )
                }
            case .red:
                if let member {
                    audience.members.insert(member)
                } else {
                    add(
                        line, "audience",
                        "\"\(text.prefix(60))\" is no member's id; a post marked RED names members by id")
                }
            }
        }
        do { try audience.validate(for: marking) } catch { addValue(.audience, "\(error)") }
        return audience
    }

    /// The value of `key` without white space at its ends; nil where it is absent, empty or no text.
    private mutating func text(_ key: LessonDocumentKey) -> String? {
        guard let node = frontMatter.values[key] else { return nil }
        guard case .text(let text) = node.value else {
            if !hasProblem(key.rawValue) {
                add(frontMatter.line(of: node), key.rawValue, "write one value after \(key.rawValue):, and no list")
            }
            return nil
        }
        return checked(text, node, key)
    }

    private mutating func list(_ key: LessonDocumentKey, mayHoldComma: Bool) -> [(line: Int, text: String)] {
        guard let node = frontMatter.values[key] else { return [] }
        let example = "\(key.rawValue): [one, two]"
        switch node.value {
        case .mapping:
            add(frontMatter.line(of: node), key.rawValue, "write a list: \(example)")
            return []
        case .text(let text):
            guard let text = checked(text, node, key) else { return [] }
            guard mayHoldComma || !text.contains(",") else {
                add(frontMatter.line(of: node), key.rawValue, "write a list, in brackets: \(example)")
                return []
            }
            return [(frontMatter.line(of: node), text)]
        case .list(let nodes):
            var result: [(line: Int, text: String)] = []
            for node in nodes {
                guard case .text(let text) = node.value else {
                    add(
                        frontMatter.line(of: node), key.rawValue,
                        "an entry of this list must be one text; put it in double quotes if it holds : or [")
                    continue
                }
                if let text = checked(text, node, key) {
                    result.append((frontMatter.line(of: node), text))
                } else if !hasProblem(key.rawValue) {
                    add(frontMatter.line(of: node), key.rawValue, "an entry of this list is empty; delete it")
                }
            }
            return result
        }
    }

    private mutating func checked(_ text: String, _ node: StrictYAML, _ key: LessonDocumentKey) -> String? {
        guard text.utf8.allSatisfy(CleanText.isAllowed) else {
            if !hasProblem(key.rawValue) {
                add(frontMatter.line(of: node), key.rawValue, "the value has a control character; delete it")
            }
            return nil
        }
        let trimmed = CleanText.trimmed(text)
        return trimmed.isEmpty ? nil : trimmed
    }
}
