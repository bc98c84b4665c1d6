import LessonModel
import PKI
import Testing

@testable import LessonsCommand

@Suite struct FrontMatterOverridesTests {
    private static let lesson = """
        ---
        title: Old
        topic: policing/community
        audience:
          - al-ombudsman
          - si-police
        marking: AMBER
        language: en
        ---

        ## Observation

        Text.

        ## Recommendation

        More.
        """

    private func parse(_ text: String, _ overrides: FrontMatterOverrides) throws -> LessonDocument {
        try LessonDocument.parse(Array(text.utf8), file: "f.md", overrides: overrides)
    }

    @Test func `an option takes the place of the file's value`() throws {
        let overrides = FrontMatterOverrides(
            title: "New: \"quoted\" # no comment", topic: "corruption", language: "fr", marking: "AMBER+STRICT",
            audience: ["no-police"])
        let document = try parse(Self.lesson, overrides)
        #expect(document.lesson.title == "New: \"quoted\" # no comment")
        #expect(document.topic.path == "corruption")
        #expect(document.language == "fr")
        #expect(document.marking == .amberStrict)
        #expect(document.audience.organisations.map(\.text) == ["no-police"])
        #expect(document.lesson.observation == "Text.")
    }

    @Test func `options alone can be the front matter`() throws {
        let overrides = FrontMatterOverrides(title: "T", topic: "corruption", language: "en", marking: "GREEN")
        let document = try parse("# Other title\n\n## Observation\nA\n## Recommendation\nB\n", overrides)
        #expect(document.lesson.title == "T")
        #expect(document.marking == .green)
    }

    @Test func `without options nothing is touched`() {
        let result = FrontMatterOverrides().applied(to: Self.lesson)
        #expect(result.text == Self.lesson)
        #expect(result.originalLine(7) == 7)
    }

    @Test func `problems keep the lines of the file whatever the options add`() {
        let broken = Self.lesson.replacing("## Recommendation", with: "## Recomendation")
        let line = 15
        for overrides in [
            FrontMatterOverrides(), FrontMatterOverrides(topic: "corruption"),
            FrontMatterOverrides(title: "T", audience: ["no-police", "se-police"]),
        ] {
            let error = #expect(throws: LessonProblems.self) { try parse(broken, overrides) }
            #expect(error?.problems.contains { $0.place == "f.md:\(line)" } == true, "\(overrides)")
        }
        // Two keys are added before the closing line.
        let sparse = "---\ntitle: T\ntopic: corruption\n---\n## Observation\nA\n## Recomendation\nB"
        let error = #expect(throws: LessonProblems.self) {
            try parse(sparse, FrontMatterOverrides(language: "en", marking: "GREEN"))
        }
        #expect(error?.problems.map(\.place).contains("f.md:7") == true)
    }

    @Test func `a problem in an option names the option and all problems are told`() {
        let broken = Self.lesson.replacing("More.", with: "").replacing("title: Old", with: "titel: Old")
        let error = #expect(throws: LessonProblems.self) { try parse(broken, FrontMatterOverrides(marking: "PINK")) }
        let places = error?.problems.map(\.place) ?? []
        #expect(places.contains("--marking"))
        #expect(places.contains("f.md:2"))
        #expect(error?.problems.contains { $0.field == "recommendation" } == true)
    }

    @Test func `bytes that are no text are told of by line`() {
        let error = #expect(throws: LessonProblems.self) {
            try LessonDocument.parse(
                Array("---\ntitle: T\n".utf8) + [0xFF, 0x0A], file: "-", overrides: FrontMatterOverrides(topic: "a"))
        }
        #expect(error?.problems.contains { $0.place == "-:3" } == true)
    }

    @Test func `a mark at the start and CR LF do not hinder`() throws {
        let text = "\u{FEFF}" + Self.lesson.replacing("\n", with: "\r\n")
        #expect(try parse(text, FrontMatterOverrides(marking: "AMBER+STRICT")).marking == .amberStrict)
    }
}

@Suite struct ReplyHandlingTests {
    private let author = MemberID(UUIDValue(high: 1, low: 1))
    private let reader = MemberID(UUIDValue(high: 2, low: 2))
    private let other = MemberID(UUIDValue(high: 3, low: 3))

    private func slug(_ text: String) throws -> OrganisationSlug { try #require(OrganisationSlug(text)) }

    private func lesson(_ marking: Marking, _ audience: Audience) throws -> Post {
        let id = PostID(UUIDValue(high: 9, low: 9))
        return Post(
            id: id, salt: [], author: author, organisation: try slug("al-ombudsman"), createdAt: 0,
            topic: try #require(Topic("corruption")), thread: id, marking: marking, audience: audience, language: "en",
            body: .lesson(Lesson(title: "T", observation: "O", recommendation: "R")))
    }

    @Test func `those who may read a thread may read a reply as it is made by default`() throws {
        let home = try slug("si-police")
        let viewer = Viewer(member: reader, organisation: home)
        let organisations = try Set([slug("si-police"), slug("no-police")])
        let cases: [(Marking, Audience)] = [
            (.clear, .everybody), (.green, .everybody), (.amber, Audience(organisations: organisations)),
            (.amberStrict, Audience(organisations: organisations)), (.red, Audience(members: [reader, other])),
        ]
        let readers: [Viewer] = [
            Viewer(member: author, organisation: try slug("al-ombudsman")), viewer,
            Viewer(member: other, organisation: try slug("no-police")),
            Viewer(member: MemberID(UUIDValue(high: 4, low: 4)), organisation: try slug("se-police")),
        ]
        for (marking, audience) in cases {
            let lesson = try lesson(marking, audience)
            let handling = try ReplyHandling(to: lesson, from: viewer, marking: nil, audience: [])
            let seen = Visibility(
                marking: marking, audience: audience, author: author, organisation: lesson.organisation)
            let reply = Visibility(
                marking: handling.marking, audience: handling.audience, author: reader, organisation: home)
            for person in readers {
                #expect(
                    seen.allows(person, clients: { _ in [] }) == reply.allows(person, clients: { _ in [] }),
                    "\(marking) \(person)")
            }
            let homes: [MemberID: OrganisationSlug] = Dictionary(
                uniqueKeysWithValues: readers.map { ($0.member, $0.organisation) })
            #expect(seen.admits(reply: reply, clients: { _ in [] }, organisationOf: { homes[$0] }), "\(marking)")
        }
    }

    @Test func `an audience that does not fit the marking is refused before anything is sent`() throws {
        let viewer = Viewer(member: reader, organisation: try slug("si-police"))
        let lesson = try lesson(.green, .everybody)
        #expect(throws: CommandFailure.self) {
            try ReplyHandling(to: lesson, from: viewer, marking: .green, audience: ["no-police"])
        }
        #expect(throws: CommandFailure.self) {
            try ReplyHandling(to: lesson, from: viewer, marking: .amber, audience: ["Not A Slug"])
        }
    }
}

@Suite struct ReplyTemplateTests {
    @Test func `only what stands above the line is sent`() {
        let text = "\n\n  First.\n\nSecond.  \n\n\(ReplyTemplate.cut)\nquoted"
        #expect(ReplyTemplate.reply(in: text) == "  First.\n\nSecond.  ")
        #expect(ReplyTemplate.reply(in: "\n \n\(ReplyTemplate.cut)\nquoted") == "")
        #expect(ReplyTemplate.reply(in: "whole\ntext") == "whole\ntext")
    }
}

@Suite struct RecordLinesTests {
    private func lines(_ pieces: [[UInt8]]) throws -> [RecordLines.Line] {
        var rest = pieces[...]
        var reader = RecordLines { rest.popFirst() ?? [] }
        var result: [RecordLines.Line] = []
        while let line = try reader.next() { result.append(line) }
        return result
    }

    @Test func `lines are the same wherever the pieces are cut`() throws {
        let text = Array("one\ntwo\r\n\nfour".utf8)
        let expected = ["one", "two", "", "four"].map { RecordLines.Line.bytes(Array($0.utf8)) }
        for size in 1...text.count {
            let pieces = stride(from: 0, to: text.count, by: size).map { Array(text[$0..<min(text.count, $0 + size)]) }
            #expect(try lines(pieces) == expected)
        }
    }

    @Test func `a line that is too long is told of and the next one is read`() throws {
        let long = [UInt8](repeating: 65, count: RecordLines.maxLineBytes + 1)
        let text = long + Array("\nnext\n".utf8)
        let pieces = stride(from: 0, to: text.count, by: 65_536).map { Array(text[$0..<min(text.count, $0 + 65_536)]) }
        #expect(try lines(pieces) == [.tooLong, .bytes(Array("next".utf8))])
    }

    @Test func `no input has no lines and an end of line begins none`() throws {
        #expect(try lines([]) == [])
        #expect(try lines([Array("a\n".utf8)]) == [.bytes([97])])
    }
}

@Suite struct ImportIdentityTests {
    @Test func `a record has the same id whenever a member imports it and another for others`() throws {
        let one = MemberID(UUIDValue(high: 1, low: 1))
        let two = MemberID(UUIDValue(high: 1, low: 2))
        let id = try #require(ImportRun.postID(member: one, source: "llis", key: "27701"))
        #expect(id == ImportRun.postID(member: one, source: "llis", key: "27701"))
        #expect(id.uuid.high >> 12 & 15 == 8)
        let others = [
            ImportRun.postID(member: two, source: "llis", key: "27701"),
            ImportRun.postID(member: one, source: "llis2", key: "7701"),
            ImportRun.postID(member: one, source: "llis", key: "27702"),
        ]
        #expect(!others.contains(id))
    }
}

@Suite struct TopicSuggestionTests {
    private let topics = [
        "policing", "policing/community", "policing/reform", "cyber/e-evidence", "hate-crime/victims",
    ]

    @Test(arguments: [
        ("policing/comunity", "policing/community"), ("policing/refrom", "policing/reform"),
        ("comunity", "policing/community"),
        ("cybr/e-evidence", "cyber/e-evidence"), ("police/community", "policing/community"),
    ])
    func `a mistyped topic suggests the one that was meant`(typed: String, meant: String) {
        #expect(TopicSuggestion.nearest(to: typed, among: topics) == meant)
    }

    @Test func `nothing is suggested for something else`() {
        #expect(TopicSuggestion.nearest(to: "zzzzqqqq", among: topics) == nil)
    }
}
