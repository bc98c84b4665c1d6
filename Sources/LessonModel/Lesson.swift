/// The post that opens a thread, in NATO's ODCR form: observation, discussion, conclusion, recommendation.
package struct Lesson: Hashable, Sendable {
    package static let maxTitleBytes = 300
    package static let maxSectionBytes = 128 * 1024
    package static let maxTags = 32
    package static let maxTagBytes = 60
    package static let maxReferences = 64
    package static let maxReferenceBytes = 2_000

    package var title: String
    /// What happened.
    package var observation: String
    /// Why it matters. May be empty.
    package var discussion: String
    /// The root cause. May be empty.
    package var conclusion: String
    /// What to change, and who should.
    package var recommendation: String
    /// Where it happened: ISO 3166-1 alpha-2; nil where it concerns no single country.
    package var country: String?
    /// `2026-11-24`, `2026-11` or `2026`; nil where it has no date.
    package var eventDate: String?
    package var tags: [String]
    /// Who should act.
    package var actionBody: String?
    /// `2026-11-24`.
    package var dueDate: String?
    package var evidence: String?
    package var references: [String]

    package init(
        title: String, observation: String, discussion: String = "", conclusion: String = "", recommendation: String,
        country: String? = nil, eventDate: String? = nil, tags: [String] = [], actionBody: String? = nil,
        dueDate: String? = nil, evidence: String? = nil, references: [String] = []
    ) {
        self.title = title
        self.observation = observation
        self.discussion = discussion
        self.conclusion = conclusion
        self.recommendation = recommendation
        self.country = country
        self.eventDate = eventDate
        self.tags = tags
        self.actionBody = actionBody
        self.dueDate = dueDate
        self.evidence = evidence
        self.references = references
    }

    /// - Throws: the first rule that the lesson breaks, with the field at fault.
    package func validate() throws(PostRuleError) {
        if let problem = problems().first { throw problem }
    }

    /// Every rule that the lesson breaks, with the field at fault; empty when it is valid.
    package func problems() -> [PostRuleError] {
        var found: [PostRuleError] = []
        func check(_ isKept: Bool, _ field: String, _ problem: @autoclosure () -> String) {
            if !isKept { found.append(PostRuleError(field: field, problem: problem())) }
        }
        func limit(_ text: String, _ field: String, maxBytes: Int) {
            check(
                text.utf8.count <= maxBytes, field,
                "the \(field.replacing("_", with: " ")) is longer than \(maxBytes) bytes; shorten it")
        }
        func require(_ text: String, _ field: String, maxBytes: Int) {
            check(text.contains { !$0.isWhitespace }, field, "the \(field.replacing("_", with: " ")) is missing")
            limit(text, field, maxBytes: maxBytes)
        }
        require(title, "title", maxBytes: Lesson.maxTitleBytes)
        check(!title.contains(where: \.isNewline), "title", "the title must be one line")
        require(observation, "observation", maxBytes: Lesson.maxSectionBytes)
        require(recommendation, "recommendation", maxBytes: Lesson.maxSectionBytes)
        for (name, text) in [("discussion", discussion), ("conclusion", conclusion), ("evidence", evidence ?? "")] {
            limit(text, name, maxBytes: Lesson.maxSectionBytes)
        }
        limit(actionBody ?? "", "action_body", maxBytes: Lesson.maxTitleBytes)
        check(
            country.map(CountryCode.isWellFormed) ?? true, "country",
            "the country must be two capital letters of ISO 3166-1, such as AL")
        check(
            eventDate.map { CalendarDate.isValid($0, mayBePartial: true) } ?? true, "event_date",
            "the event date must be written 2026-11-24, 2026-11 or 2026")
        check(
            dueDate.map { CalendarDate.isValid($0, mayBePartial: false) } ?? true, "due_date",
            "the due date must be written 2026-11-24")
        check(tags.count <= Lesson.maxTags, "tags", "a lesson has at most \(Lesson.maxTags) tags")
        for tag in tags.prefix(Lesson.maxTags) { require(tag, "tags", maxBytes: Lesson.maxTagBytes) }
        check(
            references.count <= Lesson.maxReferences, "references",
            "a lesson has at most \(Lesson.maxReferences) references")
        for reference in references.prefix(Lesson.maxReferences) {
            require(reference, "references", maxBytes: Lesson.maxReferenceBytes)
        }
        return found
    }
}

/// Two capital letters.
package enum CountryCode {
    package static func isWellFormed(_ code: String) -> Bool {
        code.utf8.count == 2 && code.utf8.allSatisfy { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }
    }
}

/// A date without a time, as text of ISO 8601.
package enum CalendarDate {
    /// True for `2026-11-24` when that day exists; with `mayBePartial` for `2026-11` and `2026` too.
    package static func isValid(_ text: String, mayBePartial: Bool) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard mayBePartial ? (1...3).contains(parts.count) : parts.count == 3 else { return false }
        var numbers: [Int] = []
        for (part, digits) in zip(parts, [4, 2, 2]) {
            guard part.count == digits, part.allSatisfy({ (48...57).contains($0) }) else { return false }
            numbers.append(part.reduce(0) { $0 * 10 + Int($1) - 48 })
        }
        if numbers.count > 1, !(1...12).contains(numbers[1]) { return false }
        guard numbers.count == 3 else { return true }
        let isLeap = numbers[0] % 4 == 0 && (numbers[0] % 100 != 0 || numbers[0] % 400 == 0)
        let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        return (1...days[numbers[1] - 1]).contains(numbers[2])
    }
}
