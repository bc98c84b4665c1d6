import LessonModel
import TestSupport
import Testing

@Suite struct LessonDocumentRoundTripTests {
    @Test func `what is rendered is read back as it was, whatever the texts are`() throws {
        var random = SeededRandom(for: "lesson round trip")
        var valid = 0
        for turn in 0..<1_500 {
            let document = RandomLessons.document(&random)
            guard document.normalised().lesson.problems().isEmpty else { continue }
            valid += 1
            for style in [LessonSection.Style.odcr, .sara] {
                let text = document.render(style)
                let read: LessonDocument
                do throws(LessonDocumentProblems) {
                    read = try LessonDocument.parse(text)
                } catch {
                    Issue.record("seed \(random.seed), turn \(turn): \(error)\n\(text)")
                    return
                }
                guard bytes(of: read) == bytes(of: document.normalised()) else {
                    Issue.record("seed \(random.seed), turn \(turn): not the same\n\(text)")
                    return
                }
                guard read.render(style) == text else {
                    Issue.record("seed \(random.seed), turn \(turn): rendered differently the second time\n\(text)")
                    return
                }
            }
        }
        #expect(valid > 300)
    }

    @Test func `the same with CR LF line ends and a byte order mark`() throws {
        var random = SeededRandom(for: "CR LF")
        for _ in 0..<500 {
            let document = RandomLessons.document(&random).normalised()
            guard document.lesson.problems().isEmpty else { continue }
            let text =
                "\u{FEFF}"
                + document.render().split(separator: "\n", omittingEmptySubsequences: false)
                .joined(separator: "\r\n")
            #expect(
                throws: Never.self, "seed \(random.seed)",
                performing: { try #require(LessonDocument.parse(text) == document) })
        }
    }

    @Test func `normalising twice changes nothing more`() {
        var random = SeededRandom(for: "normalisation")
        for _ in 0..<1_000 {
            let once = RandomLessons.document(&random).normalised()
            #expect(bytes(of: once.normalised()) == bytes(of: once), "seed \(random.seed)")
        }
    }

    @Test func `the largest valid lesson fits`() throws {
        let section = String(repeating: "#\n", count: Lesson.maxSectionBytes / 2 - 1) + "ab"
        let lesson = Lesson(
            title: String(repeating: "\"", count: Lesson.maxTitleBytes), observation: section, discussion: section,
            conclusion: section, recommendation: section,
            tags: (0..<Lesson.maxTags).map { _ in String(repeating: "\u{85}", count: Lesson.maxTagBytes / 2 - 1) + "ab"
            },
            evidence: section,
            references: (0..<Lesson.maxReferences).map { _ in "&" + String(repeating: "*", count: 1_999) })
        let members = (0..<Audience.maxEntries).map { MemberID(UUIDValue(high: 1, low: UInt64($0))) }
        let document = LessonDocument(
            lesson: lesson, topic: try #require(Topic("a")), language: "en", marking: .red,
            audience: Audience(members: Set(members)))
        try lesson.validate()
        #expect(try LessonDocument.parse(document.render()) == document.normalised())
    }

    @Test func `normalisation does what it says and nothing else`() throws {
        let lesson = Lesson(
            title: "  A\u{7}\t ", observation: "\n \t\n  first\r\nsecond  \n\n\nthird\u{1B}\n\n", recommendation: "r",
            tags: [" tag "], actionBody: " \n", evidence: " \n\t\n")
        let normal = lesson.normalised()
        #expect(normal.title == "A")
        #expect(normal.observation == "  first\nsecond  \n\n\nthird")
        #expect(normal.tags == ["tag"])
        #expect(normal.actionBody == nil)
        #expect(normal.evidence == nil)
    }

    /// Swift compares strings by canonical equivalence; a round trip must keep the bytes.
    private func bytes(of document: LessonDocument) -> [[UInt8]] {
        let lesson = document.lesson
        let texts =
            LessonSection.allCases.map { lesson[$0] } + [
                lesson.title, lesson.actionBody ?? "-", lesson.evidence ?? "-",
            ]
            + [
                lesson.country ?? "-", lesson.eventDate ?? "-", lesson.dueDate ?? "-", document.language,
                document.topic.path,
            ]
            + [document.marking.label] + document.audience.organisations.sorted().map(\.text)
            + document.audience.members.sorted().map(\.description) + ["tags"] + lesson.tags + ["references"]
            + lesson.references
        return texts.map { Array($0.utf8) }
    }
}
