import LessonModel
import TestSupport

/// Valid documents of every shape, with the texts that are most likely to break a reader.
enum RandomLessons {
    private static let fragments = [
        "# Title", "## Observation", "## Recommendation", "##", "#", "#tag", "### Deeper", "\\# escaped",
        "\\\\## twice",
        "   ## indented", "    ## code", "---", "...", "```", "````", "```swift", "~~~", "~~~~ text", "\\```",
        "``` a`b",
        "<!-- help: no help -->", "<!-- help: open", "\\<!-- help: x -->", "<!-- other -->", "", " ", "\t", "  ", "\\",
        "key: value",
        "- item", "* item", "*star", "&anchor", "*anchor", "!tag", "| bar", "> quote", "\"double\"", "'single'",
        "it's: \"both\"",
        "# comment", "a # comment", "👩‍👩‍👧‍👦 🇦🇱", "مرحبا بالعالم", "שלום", "\u{202E}reversed", "e\u{301}", "\u{301}lone",
        "\u{A0}", "\u{2028}",
        "\u{85}", "\u{FEFF}", "\u{FFFE}", "%YAML 1.1", "[a, b]", "{a: b}", "NO", "null", "~", "2026-11-24", "0x10",
        "1e3", "yes",
        "Türkiye", "trailing  ", "\ttab", "@at", "`back`", "a: b: c", ":", "?", "-", ",", "x\r\ny", "\u{1B}[31m",
        "\u{7}", "\u{9B}2J",
    ]

    static func text(_ random: inout SeededRandom, maxLines: Int = 8) -> String {
        let lines = (0..<Int.random(in: 1...maxLines, using: &random)).map { _ in
            (0..<Int.random(in: 1...2, using: &random)).map { _ in random.pick(fragments) }.joined(separator: " ")
        }
        return lines.joined(separator: "\n")
    }

    static func line(_ random: inout SeededRandom) -> String {
        SafeText.line(text(&random, maxLines: 1))
    }

    /// May be invalid; ask `Lesson.validate` of its normalised form.
    static func document(_ random: inout SeededRandom) -> LessonDocument {
        let marking = random.pick(Marking.allCases)
        var audience = Audience()
        switch marking {
        case .clear, .green: break
        case .amber, .amberStrict:
            let slugs = ["kosova-police", "no", "y", "null", "on", "osce-mission", "2026", "a1"]
            for _ in 0..<Int.random(in: 0...5, using: &random) {
                if let slug = OrganisationSlug(random.pick(slugs)) { audience.organisations.insert(slug) }
            }
        case .red:
            for _ in 0..<Int.random(in: 0...5, using: &random) {
                audience.members.insert(MemberID(UUIDValue(version7At: 1_700_000_000_000, using: &random)))
            }
        }
        var lesson = Lesson(
            title: random.chance(percent: 50) ? line(&random) : random.pick(fragments), observation: text(&random),
            recommendation: text(&random))
        if random.chance(percent: 50) { lesson.discussion = text(&random) }
        if random.chance(percent: 50) { lesson.conclusion = text(&random) }
        if random.chance(percent: 50) { lesson.evidence = text(&random) }
        if random.chance(percent: 50) { lesson.country = random.pick(["NO", "AL", "ON"]) }
        if random.chance(percent: 50) { lesson.eventDate = random.pick(["2026-11-24", "2026-11", "2026"]) }
        if random.chance(percent: 50) { lesson.dueDate = "2024-02-29" }
        if random.chance(percent: 50) { lesson.actionBody = text(&random, maxLines: 2) }
        lesson.tags = (0..<Int.random(in: 0...4, using: &random)).map { _ in text(&random, maxLines: 1) }
        lesson.references = (0..<Int.random(in: 0...4, using: &random)).map { _ in text(&random, maxLines: 2) }
        let topics = ["policing/community", "no", "null", "2026", "on/off"].compactMap { Topic($0) }
        return LessonDocument(
            lesson: lesson, topic: random.pick(topics), language: random.pick(["en", "no", "sr-Latn", "pt-BR"]),
            marking: marking, audience: audience)
    }
}
