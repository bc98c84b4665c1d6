import LessonModel
import Testing

@Suite struct PostRuleTests {
    private let sound = Lesson(title: "T", observation: "O", recommendation: "R")

    private func fields(_ change: (inout Lesson) -> Void) -> [String] {
        var lesson = sound
        change(&lesson)
        return lesson.problems().map(\.field)
    }

    @Test func `a sound lesson has no problem`() throws {
        #expect(sound.problems().isEmpty)
        try sound.validate()
    }

    @Test func `every broken rule names its field`() {
        #expect(fields { $0.title = " \n" } == ["title", "title"])
        #expect(fields { $0.title = "a\u{2028}b" } == ["title"])
        #expect(fields { $0.title = String(repeating: "é", count: 151) } == ["title"])
        #expect(fields { $0.observation = "\t" } == ["observation"])
        #expect(fields { $0.recommendation = "" } == ["recommendation"])
        #expect(fields { $0.evidence = String(repeating: "x", count: Lesson.maxSectionBytes + 1) } == ["evidence"])
        #expect(fields { $0.country = "al" } == ["country"])
        #expect(fields { $0.eventDate = "2026-02-30" } == ["event_date"])
        #expect(fields { $0.dueDate = "2026" } == ["due_date"])
        #expect(fields { $0.tags = ["ok", " "] } == ["tags"])
        #expect(fields { $0.tags = Array(repeating: "t", count: 33) } == ["tags"])
        #expect(fields { $0.references = Array(repeating: "r", count: 65) } == ["references"])
        #expect(fields { $0.actionBody = String(repeating: "x", count: 301) } == ["action_body"])
        #expect(fields { ($0.title, $0.country) = ("", "x") } == ["title", "country"])
    }

    @Test func `validation throws the first problem`() {
        var lesson = sound
        (lesson.observation, lesson.country) = ("", "x")
        #expect(throws: PostRuleError(field: "observation", problem: "the observation is missing")) {
            try lesson.validate()
        }
    }

    private func post(_ body: Post.Body, change: (inout Post) -> Void = { _ in }) throws -> String? {
        let id = PostID(UUIDValue(high: 0, low: 1))
        var post = Post(
            id: id, salt: [UInt8](repeating: 0, count: Post.saltBytes), author: MemberID(UUIDValue(high: 0, low: 2)),
            organisation: try #require(OrganisationSlug("org")), createdAt: 0, topic: try #require(Topic("a")),
            thread: id,
            marking: .green, audience: .everybody, language: "en", body: body)
        change(&post)
        do throws(PostRuleError) {
            try post.validate()
            return nil
        } catch {
            return error.field
        }
    }

    @Test func `a post's own rules name their field`() throws {
        let other = PostID(UUIDValue(high: 0, low: 9))
        let comment = Post.Body.comment(Comment(parent: other, text: "c"))
        #expect(try post(.lesson(sound)) == nil)
        #expect(try post(.lesson(sound)) { $0.salt = [] } == "salt")
        #expect(try post(.lesson(sound)) { $0.language = "x" } == "language")
        #expect(try post(.lesson(sound)) { $0.thread = other } == "thread_id")
        #expect(try post(.lesson(sound)) { $0.audience.members = [$0.author] } == "audience")
        #expect(try post(comment) == "thread_id")
        #expect(try post(comment) { $0.thread = other } == nil)
        #expect(try post(.comment(Comment(parent: other, text: " \n"))) { $0.thread = other } == "text")
        let long = String(repeating: "x", count: Comment.maxTextBytes + 1)
        #expect(try post(.comment(Comment(parent: other, text: long))) { $0.thread = other } == "text")
    }

    @Test func `an audience fits its marking or is refused`() throws {
        let organisations = Audience(organisations: [try #require(OrganisationSlug("org"))])
        let members = Audience(members: [MemberID(UUIDValue(high: 0, low: 1))])
        func accepts(_ audience: Audience) -> [Marking] {
            Marking.allCases.filter { (try? audience.validate(for: $0)) != nil }
        }
        #expect(accepts(.everybody) == Marking.allCases)
        #expect(accepts(organisations) == [.amber, .amberStrict])
        #expect(accepts(members) == [.red])
        let many = Set((0...Audience.maxEntries).map { MemberID(UUIDValue(high: 0, low: UInt64($0))) })
        #expect(throws: AudienceError.tooMany) { try Audience(members: many).validate(for: .red) }
    }
}
