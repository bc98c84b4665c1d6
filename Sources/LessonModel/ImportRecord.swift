extension ImportMapping {
    package static let maxKeyBytes = 200
    private static let minTagCharacters = 3
    private static let ellipsis = "…"

    /// The lesson of one line of JSON; nil when the filters leave the record out.
    package func lesson(ofLine line: some Collection<UInt8>) throws(ImportProblem) -> ImportedLesson? {
        let record: JSONValue
        do { record = try JSONValue(parsing: line) } catch { throw ImportProblem(key: nil, problem: "\(error)") }
        return try lesson(of: record)
    }

    /// The lesson of `record`; nil when the filters leave it out.
    ///
    /// - A text that an optional section would repeat because a required one fell back to its field is left out there.
    /// - A title of more than `Lesson.maxTitleBytes` ends in an ellipsis, and stands in full before the observation.
    /// - Tags are in lower case, without repetition; those of less than 3 characters or more than `Lesson.maxTagBytes`
    ///   are left out, and those past `Lesson.maxTags`.
    /// - A date or a country that cannot be read is left out, with a note.
    /// - Throws: what the record or the mapping lacks; a lesson is never returned that breaks a rule.
    package func lesson(of record: JSONValue) throws(ImportProblem) -> ImportedLesson? {
        guard case .object = record else {
            throw ImportProblem(key: nil, problem: "the record is no JSON object; write one object a line")
        }
        guard filters.allSatisfy({ field, values in record[field]?.text.map(values.contains) ?? false }) else {
            return nil
        }
        let key = try key(of: record)
        guard let topic, let language, let marking else {
            throw ImportProblem(
                key: key, problem: "the mapping must name a topic, a language and a marking for all records")
        }
        var notes: [String] = []
        var lesson = Lesson(title: "", observation: "", recommendation: "")
        try fillSections(of: &lesson, from: record, key: key, notes: &notes)
        try fillTitle(of: &lesson, from: record, key: key, notes: &notes)
        lesson.eventDate = date(in: record, notes: &notes)
        lesson.country = country(in: record, notes: &notes)
        lesson.tags = tags(in: record, notes: &notes)

        let document = LessonDocument(
            lesson: lesson.normalised(), topic: topic, language: language, marking: marking, audience: audience)
        do {
            try document.lesson.validate()
        } catch {
            throw ImportProblem(key: key, problem: error.problem)
        }
        guard LanguageTag.isValid(language) else {
            throw ImportProblem(key: key, problem: "the mapping's language must be a BCP 47 tag such as en")
        }
        do { try audience.validate(for: marking) } catch { throw ImportProblem(key: key, problem: "\(error)") }
        return ImportedLesson(key: key, document: document, notes: notes)
    }

    private func key(of record: JSONValue) throws(ImportProblem) -> String {
        guard let key = firstText(for: .key, in: record)?.text else {
            let names = fields[.key, default: []].joined(separator: " or ")
            throw ImportProblem(
                key: nil,
                problem: names.isEmpty
                    ? "the mapping must name the field that identifies a record: fields, key"
                    : "the record has no \(names), which must identify it")
        }
        let line = SafeText.line(key)
        guard line.utf8.count <= Self.maxKeyBytes else {
            throw ImportProblem(key: nil, problem: "the record's key is longer than \(Self.maxKeyBytes) bytes")
        }
        return line
    }

    /// The first of the target's fields that holds text, and whether it is a fallback.
    private func firstText(
        for target: Target, in record: JSONValue, except used: Set<String> = []
    ) -> (field: String, text: String, isFallback: Bool)? {
        for (index, field) in fields[target, default: []].enumerated() where !used.contains(field) {
            if let text = record[field]?.text.map(CleanText.section), text.contains(where: { !$0.isWhitespace }) {
                return (field, text, index > 0)
            }
        }
        return nil
    }

    private func fillSections(
        of lesson: inout Lesson, from record: JSONValue, key: String, notes: inout [String]
    ) throws(ImportProblem) {
        var fallbacks: Set<String> = []
        for (section, target) in [(LessonSection.observation, Target.observation), (.recommendation, .recommendation)] {
            if let found = firstText(for: target, in: record) {
                lesson[section] = found.text
                guard found.isFallback else { continue }
                fallbacks.insert(found.field)
                notes.append("the \(section.rawValue) is the record's \(found.field)")
            } else if let text = defaults[target] {
                lesson[section] = text
                notes.append("the \(section.rawValue) is the mapping's default")
            } else {
                let names = fields[target, default: []].joined(separator: ", ")
                throw ImportProblem(
                    key: key,
                    problem:
                        "no field gives the \(section.rawValue) (\(names.isEmpty ? "none is named" : "looked at \(names)")); "
                        + "add a fallback field or a default to the mapping")
            }
        }
        let optional: [(LessonSection, Target)] = [
            (.discussion, .discussion), (.conclusion, .conclusion), (.evidence, .evidence),
        ]
        for (section, target) in optional {
            lesson[section] = firstText(for: target, in: record, except: fallbacks)?.text ?? defaults[target] ?? ""
        }
    }

    private func fillTitle(
        of lesson: inout Lesson, from record: JSONValue, key: String, notes: inout [String]
    ) throws(ImportProblem) {
        guard let text = firstText(for: .title, in: record)?.text ?? defaults[.title] else {
            throw ImportProblem(
                key: key, problem: "no field gives the title; add a fallback field or a default to the mapping")
        }
        let title = SafeText.line(text)
        guard title.utf8.count > Lesson.maxTitleBytes else {
            lesson.title = title
            return
        }
        lesson.title = Self.shortened(title, maxBytes: Lesson.maxTitleBytes)
        lesson.observation = "\(title)\n\n\(lesson.observation)"
        notes.append("the title is shortened; it stands in full before the observation")
    }

    /// The longest beginning of `text` that, with an ellipsis, takes at most `maxBytes`; no character is cut.
    private static func shortened(_ text: String, maxBytes: Int) -> String {
        var bytes = ellipsis.utf8.count
        let head = text.prefix { character in
            bytes += character.utf8.count
            return bytes <= maxBytes
        }
        return CleanText.trimmed(String(head)) + ellipsis
    }

    private func date(in record: JSONValue, notes: inout [String]) -> String? {
        guard let text = firstText(for: .eventDate, in: record)?.text ?? defaults[.eventDate] else { return nil }
        let value = CleanText.trimmed(text)
        // A moment (RFC 3339) begins with its date.
        for candidate in [value, String(value.prefix(10))] where CalendarDate.isValid(candidate, mayBePartial: true) {
            return candidate
        }
        notes.append("the event date \"\(SafeText.line(value).prefix(40))\" is left out; it is not written 2026-11-24")
        return nil
    }

    private func country(in record: JSONValue, notes: inout [String]) -> String? {
        guard let text = firstText(for: .country, in: record)?.text ?? defaults[.country] else { return nil }
        let value = SafeText.line(text)
        if let code = ParticipatingState.code(named: value) { return code }
        if CountryCode.isWellFormed(value.uppercased()) { return value.uppercased() }
        notes.append("the country \"\(value.prefix(40))\" is left out; it is no ISO 3166-1 code and no State's name")
        return nil
    }

    private func tags(in record: JSONValue, notes: inout [String]) -> [String] {
        var texts: [String] = []
        for field in fields[.tags, default: []] where texts.isEmpty {
            switch record[field] {
            case .array(let values): texts = values.compactMap(\.text)
            case .string(let text): texts = text.split { ",;\n".contains($0) }.map(String.init)
            default: continue
            }
        }
        if texts.isEmpty, let text = defaults[.tags] { texts = text.split(separator: ",").map(String.init) }
        var tags: [String] = []
        var seen: Set<String> = []
        var leftOut = 0
        for text in texts {
            let tag = SafeText.line(text).lowercased()
            guard tag.count >= Self.minTagCharacters, seen.insert(tag).inserted else { continue }
            guard tag.utf8.count <= Lesson.maxTagBytes, tags.count < Lesson.maxTags else {
                leftOut += 1
                continue
            }
            tags.append(tag)
        }
        if leftOut > 0 { notes.append("\(leftOut) tags are left out, being too long or too many") }
        return tags
    }
}
