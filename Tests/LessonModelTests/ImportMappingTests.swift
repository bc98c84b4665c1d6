import Foundation
import LessonModel
import Testing

@Suite struct ImportMappingTests {
    private var llis: ImportMapping {
        var mapping = ImportMapping.llis
        mapping.topic = Topic("environment")
        mapping.marking = .clear
        return mapping
    }

    private func record(_ members: [String: JSONValue]) -> JSONValue {
        .object(
            ["id": .integer(7), "title": .string("T"), "recommendation": .string("R"), "driving_event": .string("D")]
                .merging(members) { _, new in new })
    }

    private func lesson(_ members: [String: JSONValue]) throws -> ImportedLesson {
        try #require(try llis.lesson(of: record(members)))
    }

    @Test func `each field fills its part of the lesson`() throws {
        let line = """
            {"id": 12, "title": " A\\ntitle ", "abstract": "Abs", "driving_event": "Event\\r\\nmore", "lesson": "Les",
             "recommendation": "Rec", "evidence": null, "organization": "JPL", "date_occurred": "1991-04-09T10:00:00Z",
             "topics": ["Flight Operations", "flight operations", "ab", "Risk"]}
            """
        let imported = try #require(try llis.lesson(ofLine: Array(line.utf8)))
        #expect(imported.key == "12")
        #expect(
            imported.document.lesson
                == Lesson(
                    title: "A title", observation: "Event\nmore", discussion: "Abs", conclusion: "Les",
                    recommendation: "Rec", eventDate: "1991-04-09", tags: ["flight operations", "risk"]))
        #expect(imported.document.marking == .clear)
        #expect(imported.document.language == "en")
        #expect(imported.notes.isEmpty)
    }

    @Test func `a missing required text falls back in order, and is not repeated elsewhere`() throws {
        let first = try lesson(["driving_event": .null, "abstract": .string("A"), "lesson": .string("L")])
        #expect(first.document.lesson.observation == "A")
        #expect(first.document.lesson.discussion == "")
        #expect(first.document.lesson.conclusion == "L")
        #expect(first.notes.count == 1)

        let second = try lesson(["driving_event": .string(" \n"), "abstract": .null, "lesson": .string("L")])
        #expect(second.document.lesson.observation == "L")
        #expect(second.document.lesson.conclusion == "")

        let third = try lesson(["recommendation": .null, "lesson": .string("L")])
        #expect(third.document.lesson.recommendation == "L")
        #expect(third.document.lesson.conclusion == "")

        let fourth = try lesson(["recommendation": .null])
        #expect(fourth.document.lesson.recommendation == ImportMapping.llis.defaults[.recommendation])
    }

    @Test func `a record without any observation is refused with its key and what to do`() {
        #expect {
            try llis.lesson(of: record(["driving_event": .null]))
        } throws: { error in
            let problem = error as? ImportProblem
            return problem?.key == "7" && problem?.problem.contains("driving_event, abstract, lesson") == true
        }
    }

    @Test func `a long title is cut at a character, and kept in full before the observation`() throws {
        let family = "👨‍👩‍👧‍👦"
        let title = "ab" + String(repeating: family, count: 30)
        let lesson = try lesson(["title": .string(title)]).document.lesson
        #expect(lesson.title.utf8.count <= Lesson.maxTitleBytes)
        #expect(lesson.title == "ab" + String(repeating: family, count: 11) + "…")
        #expect(lesson.observation == title + "\n\nD")

        let fitting = String(repeating: "é", count: Lesson.maxTitleBytes / 2)
        #expect(try self.lesson(["title": .string(fitting)]).document.lesson.title == fitting)
    }

    @Test func `tags are normalised and bounded`() throws {
        let many = (0..<40).map { JSONValue.string("Tag \($0)") }
        let lesson = try lesson([
            "topics": .array([.string("xy"), .string(String(repeating: "z", count: 61)), .null] + many)
        ])
        #expect(lesson.document.lesson.tags == (0..<32).map { "tag \($0)" })
        #expect(lesson.notes.count == 1)
        #expect(
            try self.lesson(["topics": .string("One; TWO ,one\nthree")]).document.lesson.tags == [
                "one", "two", "three",
            ])
    }

    @Test func `a date that cannot be read is left out with a note`() throws {
        let lesson = try lesson(["date_occurred": .string("spring 1991")])
        #expect(lesson.document.lesson.eventDate == nil)
        #expect(lesson.notes.count == 1)
    }

    @Test func `what cannot be a lesson is a problem and no crash`() {
        let bad: [JSONValue] = [
            .null, .array([]), .string("x"), .object([:]), record(["id": .null]), record(["id": .array([])]),
            record(["title": .null]), record(["id": .string(String(repeating: "k", count: 300))]),
            record(["driving_event": .string(String(repeating: "x", count: Lesson.maxSectionBytes + 1))]),
        ]
        for value in bad {
            #expect(throws: ImportProblem.self) { try llis.lesson(of: value) }
        }
        for line in ["", "{", "nonsense", String(repeating: "[", count: 100_000), "{\"a\":\"\u{FFFD}", "\u{0}"] {
            #expect(throws: ImportProblem.self) { try llis.lesson(ofLine: Array(line.utf8)) }
        }
        #expect(throws: ImportProblem.self) { try llis.lesson(ofLine: [0xFF, 0xFE]) }
    }

    @Test func `a mapping without topic or marking maps nothing`() {
        #expect(throws: ImportProblem.self) { try ImportMapping.llis.lesson(of: record([:])) }
        var mapping = llis
        mapping.marking = .green
        mapping.audience = Audience(organisations: Set([OrganisationSlug("abc")].compactMap { $0 }))
        #expect(throws: ImportProblem.self) { try mapping.lesson(of: record([:])) }
    }

    @Test func `filters leave records out`() throws {
        var mapping = llis
        mapping.filters = ["organization": ["JPL", "KSC"]]
        #expect(try mapping.lesson(of: record(["organization": .string("JPL")])) != nil)
        #expect(try mapping.lesson(of: record(["organization": .string("HQ")])) == nil)
        #expect(try mapping.lesson(of: record([:])) == nil)
    }

    @Test func `a mapping file is read`() throws {
        let mapping = try ImportMapping(
            parsing: """
                fields:
                  key: number
                  title: name
                  observation: [what, more.what]
                  recommendation: then
                  country: land
                constants:
                  topic: borders
                  language: no
                  marking: AMBER
                  audience: [first-org, second-org]
                defaults:
                  recommendation: NO
                filters:
                  public: true
                """)
        let imported = try #require(
            try mapping.lesson(
                ofLine: Array(
                    #"{"number":1.5,"name":"N","more":{"what":"W"},"public":true,"land":"turkey"}"#.utf8)))
        #expect(imported.key == "1.5")
        #expect(imported.document.lesson.observation == "W")
        #expect(imported.document.lesson.recommendation == "NO")
        #expect(imported.document.lesson.country == "TR")
        #expect(imported.document.language == "no")
        #expect(imported.document.audience.organisations.count == 2)
    }

    @Test func `a mapping file's problems are told with their lines`() {
        func lines(_ text: String) -> [Int] {
            do throws(ImportMappingProblems) {
                _ = try ImportMapping(parsing: text)
                return []
            } catch {
                return error.problems.map(\.line)
            }
        }
        #expect(lines("fields:\n  titel: x\nconstant:\n  a: b\n") == [2, 3])
        #expect(lines("constants:\n  topic: A B\n  marking: X\n  language: ?!\n  color: red\n") == [2, 3, 4, 5])
        #expect(lines("fields:\n  key: id\n  title: t\n  observation: o\n") == [1])
        #expect(lines("") == [1, 1, 1, 1])
        #expect(lines("fields: [a]\n") == [1])
        #expect(lines("a: &x [b]\nc: *x\n") == [2])
        #expect(lines(String(repeating: "# \n", count: 30_000)) == [1])
        #expect(
            lines("fields:\n  key: id\n  title: t\n  observation: o\n  recommendation: r\nfilters:\n  a: [b, [c]]\n")
                == [7])
    }

    @Test(
        .enabled(
            if: FileManager.default.isReadableFile(atPath: Self.corpus.path),
            "nasa-llis.jsonl is absent; set LESSONS_DATA to its folder"))
    func `all of the LLIS becomes valid lessons that survive their document`() throws {
        let bytes = try Data(contentsOf: Self.corpus)
        var keys: Set<String> = []
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            let imported = try #require(try llis.lesson(ofLine: line))
            try imported.document.lesson.validate()
            #expect(keys.insert(imported.key).inserted)
            #expect(imported.document.normalised() == imported.document)
            let read = try LessonDocument.parse(imported.document.render())
            #expect(read == imported.document, "record \(imported.key)")
        }
        #expect(keys.count == 1_410)
    }

    private static var corpus: URL {
        let folder =
            ProcessInfo.processInfo.environment["LESSONS_DATA"].map { URL(fileURLWithPath: $0) }
            ?? URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../../../shared/data")
        return folder.standardizedFileURL.appending(path: "nasa-llis.jsonl")
    }
}
