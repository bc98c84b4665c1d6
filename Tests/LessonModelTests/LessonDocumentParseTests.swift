import LessonModel
import TestSupport
import Testing

@Suite struct LessonDocumentParseTests {
    private static let sound = """
        ---
        title: Patrols in pairs
        topic: policing/community
        language: en
        marking: GREEN
        ---

        ## Observation

        It worked.

        ## Recommendation

        Do it.
        """

    private func problems(_ text: String) -> [LessonDocumentProblem] {
        do throws(LessonDocumentProblems) {
            _ = try LessonDocument.parse(text)
            return []
        } catch {
            return error.problems
        }
    }

    /// The problems as `line field`.
    private func places(_ text: String) -> [String] { problems(text).map { "\($0.line) \($0.field)" } }

    private func document(frontMatter: String = "", body: String) -> String {
        "---\ntitle: T\ntopic: a/b\nlanguage: en\nmarking: GREEN\n\(frontMatter)---\n\(body)"
    }

    private let body = "## Observation\no\n## Recommendation\nr\n"

    @Test func `a sound document gives its lesson`() throws {
        let document = try LessonDocument.parse(Self.sound)
        #expect(
            document.lesson == Lesson(title: "Patrols in pairs", observation: "It worked.", recommendation: "Do it."))
        #expect(document.topic.path == "policing/community")
        #expect(document.language == "en")
        #expect(document.marking == .green)
        #expect(document.audience == .everybody)
    }

    @Test func `every key and section is read`() throws {
        let text = """
            ---
            topic: policing/community
            language: sq
            marking: TLP:AMBER+STRICT
            audience: [kosova-police, osce-mission]
            event-date: 2026-11
            country: NO
            tags:
              - patrols
              - 2026
            action-body: "Ministry: interior"
            due-date: 2027-01-31
            references: [https://example.org/a#b]
            ---
            # Yes: a title, with "marks"

            ## observation
            o
            ## DISCUSSION ##
            d
            ## Conclusion
            c
            ## Recommendation
            r
            ## Evidence
            e
            """
        let document = try LessonDocument.parse(text)
        #expect(
            document.lesson
                == Lesson(
                    title: "Yes: a title, with \"marks\"", observation: "o", discussion: "d", conclusion: "c",
                    recommendation: "r", country: "NO", eventDate: "2026-11", tags: ["patrols", "2026"],
                    actionBody: "Ministry: interior", dueDate: "2027-01-31", evidence: "e",
                    references: ["https://example.org/a#b"]))
        #expect(document.audience.organisations.map(\.text).sorted() == ["kosova-police", "osce-mission"])
        #expect(document.marking == .amberStrict)
    }

    @Test func `SARA's headings name the same fields`() throws {
        let text = document(body: "## Scanning\no\n## analysis\nd\n## Response\nr\n## Assessment\ne\n")
        let lesson = try LessonDocument.parse(text).lesson
        #expect(
            [lesson.observation, lesson.discussion, lesson.recommendation, lesson.evidence] == ["o", "d", "r", "e"])
    }

    @Test func `RED names members by id`() throws {
        let id = "0198c0de-0000-7000-8000-00000000000a"
        let text = document(body: body).replacing("GREEN", with: "RED\naudience: [\(id)]")
        #expect(try LessonDocument.parse(text).audience.members.map(\.description) == [id])
        #expect(places(text.replacing(id, with: "kosova-police")) == ["6 audience"])
        #expect(places(text.replacing("RED", with: "AMBER")) == ["6 audience"])
        #expect(places(text.replacing("RED", with: "GREEN")) == ["6 audience"])
    }

    @Test func `all problems are told at once, each with its line and field`() {
        let text = """
            ---
            title:
            topic: Policing/Community
            language: english language
            marking: YELLOW
            event-date: 24.11.2026
            country: Norway
            due-date: 2026-02-30
            titel: x
            ---
            stray
            ## Observations
            x
            ## Discussion
            ## Discussion
            y
            """
        #expect(
            places(text) == [
                "2 title", "3 topic", "4 language", "5 marking", "6 event-date", "7 country", "8 due-date",
                "9 front matter", "11 section", "12 section", "15 discussion", "16 observation", "16 recommendation",
            ])
        let messages = problems(text).map(\.message)
        #expect(messages.contains { $0.contains("did you mean title?") })
        #expect(messages.contains { $0.contains("did you mean Observation?") })
        #expect(messages.contains { $0.contains("write NO") })
    }

    @Test func `the marking is never guessed`() {
        let text = Self.sound.replacing("marking: GREEN\n", with: "")
        #expect(places(text) == ["5 marking"])
        #expect(problems(text).first?.message.contains("never guessed") == true)
        #expect(places(Self.sound.replacing("GREEN", with: "")) == ["5 marking"])
    }

    @Test func `a heading inside a code block is text`() throws {
        let code = "```\n## Recommendation\n# x\n```"
        let lesson = try LessonDocument.parse(document(body: "## Observation\n\(code)\n## Recommendation\nr")).lesson
        #expect(lesson.observation == code)
        let tildes = "~~~~ sh\n```\n~~~\n## Evidence\n~~~~~"
        #expect(try LessonDocument.parse(document(body: body + tildes)).lesson.recommendation == "r\n\(tildes)")
    }

    @Test func `a code block that nothing closes is told, and hides no section`() {
        #expect(places(document(body: "## Observation\n```\n## Recommendation\nr")) == ["8 section"])
    }

    @Test func `an escaped heading is text without its backslash`() throws {
        let lesson = try LessonDocument.parse(
            document(body: body + "\\## Evidence\n\\\\# y\n### deep\n#tag\n    ## code")
        ).lesson
        #expect(lesson.recommendation == "r\n## Evidence\n\\# y\n### deep\n#tag\n    ## code")
    }

    @Test func `a title is written once`() {
        #expect(places(document(body: "# T\n" + body)) == ["7 title"])
        #expect(places(document(body: body + "# T\n")) == ["11 section"])
    }

    @Test func `control characters are refused with their line`() {
        for control in ["\u{0}", "\u{1B}", "\u{7F}", "\u{8}", "a\rb"] {
            #expect(places(document(body: body + "x\(control)")) == ["11 text"])
            #expect(places(document(frontMatter: "country: \(control)\n", body: body)).first == "6 text")
        }
        #expect(places(document(frontMatter: "action-body: \"\\x07\"\n", body: body)) == ["6 action-body"])
        #expect(places(document(frontMatter: "action-body: \"\\0\"\n", body: body)) == ["6 action-body"])
    }

    @Test func `bytes that are no UTF-8 are refused with their line`() {
        #expect {
            try LessonDocument.parse(utf8: Array(document(body: body).utf8) + [0xFF])
        } throws: { error in
            (error as? LessonDocumentProblems)?.problems.map(\.line) == [11]
        }
    }

    @Test func `what is too large is refused before it is read`() {
        let long = String(repeating: "a", count: LessonDocument.maxBytes)
        #expect(places(document(body: long)) == ["1 text"])
        let wide = "action-body: " + String(repeating: "a", count: LessonDocument.maxFrontMatterBytes) + "\n"
        #expect(places(document(frontMatter: wide, body: body)) == ["2 front matter"])
        #expect(
            places(document(body: body + String(repeating: "x", count: Lesson.maxSectionBytes))) == ["9 recommendation"]
        )
    }

    @Test func `YAML cannot multiply, and its types stay text`() throws {
        let laughs = "tags: &a [x, x]\nreferences: [*a, *a]\n"
        #expect(places(document(frontMatter: laughs, body: body)) == ["7 front matter"])
        let key = "? &b [&a [x, x], *a]\n: y\n? [*b, *b]\n: y\n"
        #expect(places(document(frontMatter: key, body: body)).first?.hasSuffix("front matter") == true)
        #expect(places(document(frontMatter: "country: &a NO\n", body: body)) == ["6 front matter"])
        #expect(places(document(frontMatter: "country: *a\n", body: body)) == ["6 front matter"])
        #expect(places(document(frontMatter: "country: !!bool NO\n", body: body)) == ["6 front matter"])
        #expect(places(document(frontMatter: "tags: !x [a]\n", body: body)) == ["6 front matter"])
        for value in ["yes", "2026", "1e3", "~", "null", "0x1F", "=", "<<"] {
            let text = document(frontMatter: "action-body: \(value)\n", body: body)
            #expect(try LessonDocument.parse(text).lesson.actionBody == value)
        }
    }

    @Test func `hostile YAML is refused and nothing is lost of time or the process`() {
        let hostile = [
            String(repeating: "[", count: 200_000),
            String(repeating: "[", count: 900) + String(repeating: "a,", count: 200_000),
            String(repeating: "{a: ", count: 50_000),
            String(repeating: "? ", count: 100_000), String(repeating: "- ", count: 100_000),
            "%YAML 9.9\n", "a: b\na: c\n", "\"\\uD800\"\n", "!%FF x\n", "!%ED%A0%80 x\n", "\"unclosed\n", "'", "@",
            "`x",
            "- list\n", "just text\n", "key:\n\tvalue\n", "? [a]\n: b\n", "? {a: b}\n: c\n", "\u{FFFE}", "\u{9B}",
            "...\n", "a: |9999999999\n x",
        ]
        for (index, yaml) in hostile.enumerated() {
            #expect(!places("---\n\(yaml)\n---\n\(body)").isEmpty, "number \(index)")
        }
    }

    @Test func `front matter that is absent or has no end is told once`() {
        #expect(places(body) == ["1 front matter"])
        #expect(places("") == ["1 front matter", "1 observation", "1 recommendation"])
        #expect(places("---\ntitle: T\n## Observation\n") == ["1 front matter"])
        #expect(
            places("---\n---\n") == [
                "2 title", "2 topic", "2 language", "2 marking", "3 observation", "3 recommendation",
            ])
    }

    @Test func `values of the wrong shape are told`() {
        #expect(places(document(frontMatter: "tags: a, b\n", body: body)) == ["6 tags"])
        #expect(places(document(frontMatter: "tags: [a, [b]]\n", body: body)) == ["6 tags"])
        #expect(places(document(frontMatter: "tags:\n  - a\n  -\n", body: body)) == ["8 tags"])
        #expect(places(document(frontMatter: "tags: {a: b}\n", body: body)) == ["6 tags"])
        #expect(places(document(frontMatter: "country: [AL]\n", body: body)) == ["6 country"])
        #expect(places(document(frontMatter: "country: no\n", body: body)) == ["6 country"])
        #expect(places(document(body: body).replacing("title: T", with: "title: [T]")) == ["2 title"])
        #expect(places(document(body: body).replacing("title: T", with: "title: \"a\\nb\"")) == ["2 title"])
        #expect(places(document(frontMatter: "title: twice\n", body: body)) == ["2 front matter"])
    }

    @Test func `no more than the limit of problems is collected`() {
        let text = document(body: String(repeating: "\u{7}\n", count: 5_000))
        #expect(problems(text).count == LessonDocumentProblems.maxProblems)
    }

    @Test func `random damage is refused or read, and never ends the process`() {
        var random = SeededRandom(for: "damaged documents")
        for _ in 0..<1_500 {
            var bytes = Array(RandomLessons.document(&random).render().utf8)
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let place = Int.random(in: bytes.indices, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: place)
                default: bytes.insert(random.pick(Array("\n#-:&*!|>'\"`~[]{}\\".utf8)), at: place)
                }
            }
            if let document = try? LessonDocument.parse(utf8: bytes) {
                #expect(document.lesson.problems().isEmpty, "seed \(random.seed)")
            }
        }
    }

    @Test func `the template is refused as it stands, and accepted once filled in`() throws {
        let organisation = try #require(OrganisationSlug("kosova-police"))
        let template = LessonDocument.template(topic: Topic("borders"), language: "no", organisation: organisation)
        #expect(problems(template).map(\.field) == ["title", "marking", "observation", "recommendation"])
        let bare = LessonDocument.template(organisation: organisation, style: .sara)
        #expect(problems(bare).map(\.field) == ["title", "topic", "marking", "observation", "recommendation"])

        let filled = template.replacing("title:\n", with: "title: T\n").replacing(
            "marking:\n", with: "marking: CLEAR\n"
        )
        .replacing("## Observation\n", with: "## Observation\nSeen.\n")
        .replacing("## Recommendation\n", with: "## Recommendation\nDo.\n")
        let document = try LessonDocument.parse(filled)
        #expect(document.lesson == Lesson(title: "T", observation: "Seen.", recommendation: "Do."))
        #expect(document.language == "no")
    }

    @Test func `other HTML comments are text`() throws {
        let lesson = try LessonDocument.parse(document(body: body + "<!-- mine -->\n<!-- help: mine\n")).lesson
        #expect(lesson.recommendation == "r\n<!-- mine -->\n<!-- help: mine")
    }
}
