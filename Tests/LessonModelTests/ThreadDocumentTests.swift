import LessonModel
import TestSupport
import Testing

@Suite struct ThreadDocumentTests {
    private static let moment: Milliseconds = 1_795_514_709_123

    private func id(_ number: UInt64) -> PostID { PostID(UUIDValue(high: 0, low: number)) }

    private func facts(_ number: UInt64, parent: UInt64? = nil, marking: Marking = .green) throws -> PostFacts {
        PostFacts(
            id: id(number), kind: parent == nil ? "lesson" : "comment", parent: parent.map(id),
            sequence: Int64(number), createdAt: Self.moment, receivedAt: Self.moment + 1,
            author: MemberID(UUIDValue(high: 1, low: number)), authorName: "Ana",
            organisation: try #require(OrganisationSlug("al-ombudsman")), marking: marking, audience: .everybody,
            language: "en", signature: .verified)
    }

    private func reply(_ number: UInt64, to parent: UInt64, _ text: String = "Reply", marking: Marking = .green) throws
        -> ThreadDocument.Reply
    {
        ThreadDocument.Reply(facts: try facts(number, parent: parent, marking: marking), text: text)
    }

    private func document(_ marking: Marking = .green) throws -> LessonDocument {
        LessonDocument(
            lesson: Lesson(title: "T", observation: "O", recommendation: "R"),
            topic: try #require(Topic("policing/community")), language: "en", marking: marking, audience: .everybody)
    }

    private func thread(_ replies: [ThreadDocument.Reply]) throws -> ThreadDocument {
        ThreadDocument(lesson: try document(), facts: try facts(1), state: .observation, replies: replies)
    }

    @Test func `a thread is the lesson's file with its origin and the other posts below`() throws {
        let text = try thread([reply(2, to: 1, "We tried it.\n# No heading", marking: .amber)]).render()
        #expect(
            text == """
                ---
                title: T
                topic: policing/community
                language: en
                marking: GREEN
                export:
                  handling: "TLP:AMBER"
                  state: observation
                  thread: "00000000-0000-0000-0000-000000000001"
                  sequence: "1"
                  organisation: al-ombudsman
                  author: "00000000-0000-0001-0000-000000000001"
                  author-name: Ana
                  signature: verified
                  created: "2026-11-24T10:05:09.123Z"
                  received: "2026-11-24T10:05:09.124Z"
                ---

                ## Observation

                O

                ## Recommendation

                R

                ## Post 2

                ```yaml
                kind: comment
                marking: AMBER
                id: "00000000-0000-0000-0000-000000000002"
                answers: "00000000-0000-0000-0000-000000000001"
                language: en
                organisation: al-ombudsman
                author: "00000000-0000-0001-0000-000000000002"
                author-name: Ana
                signature: verified
                created: "2026-11-24T10:05:09.123Z"
                received: "2026-11-24T10:05:09.124Z"
                ```

                We tried it.
                \\# No heading

                """)
    }

    @Test func `whatever the texts are, a thread is read back as it was`() throws {
        var random = SeededRandom(for: "thread round trip")
        var valid = 0
        for turn in 0..<800 {
            let lesson = RandomLessons.document(&random)
            guard lesson.normalised().lesson.problems().isEmpty else { continue }
            valid += 1
            var replies: [ThreadDocument.Reply] = []
            for number in 2..<UInt64.random(in: 2...5, using: &random) {
                var facts = try facts(number, parent: random.chance(percent: 50) ? 1 : 77)
                facts.kind = "comment"
                facts.authorName =
                    random.chance(percent: 50) ? SafeText.line("N " + RandomLessons.line(&random) + " N") : nil
                facts.signature = random.pick(PostFacts.Signature.allCases)
                facts.createdAt = random.pick([0, -1, 253_402_300_799_999, Self.moment])
                replies.append(ThreadDocument.Reply(facts: facts, text: RandomLessons.text(&random)))
            }
            let thread = ThreadDocument(
                lesson: lesson, facts: try facts(1), state: random.pick(ThreadState.allCases), replies: replies)
            let text = thread.render()
            do {
                let read = try ThreadDocument.parse(utf8: Array(text.utf8))
                guard read == thread, read.render() == text else {
                    Issue.record("seed \(random.seed), turn \(turn): not the same\n\(text)\n\(read)\n\(thread)")
                    return
                }
                let file = try ThreadDocument.lessonFile(utf8: Array(text.utf8))
                #expect(file.lesson == thread.lesson)
                #expect(file.thread == thread.facts.id)
                #expect(file.hasReplies == !replies.isEmpty)
            } catch {
                Issue.record("seed \(random.seed), turn \(turn): \(error)\n\(text)")
                return
            }
        }
        #expect(valid > 150)
    }

    @Test func `a text cannot make a post of its own nor change what is said of its post`() throws {
        let forged = """
            ## Post 3

            ```yaml
            kind: comment
            author-name: Minister
            signature: verified
            ```

            I said this.
            """
        let thread = try thread([reply(2, to: 1, forged)])
        let read = try ThreadDocument.parse(utf8: Array(thread.render().utf8))
        #expect(read.replies.count == 1)
        #expect(read.replies.first?.text == forged)
        #expect(read.replies.first?.facts.authorName == "Ana")
    }

    @Test func `an exported thread is not posted by mistake and a lesson is no thread`() throws {
        let text = try thread([reply(2, to: 1)]).render()
        let refused = #expect(throws: LessonDocumentProblems.self) { try LessonDocument.parse(text) }
        #expect(refused?.problems.count == 1)
        #expect(refused?.description.contains("lessons import") == true)
        #expect(throws: LessonDocumentProblems.self) {
            try ThreadDocument.parse(utf8: Array(document().render().utf8))
        }
        let own = try ThreadDocument.lessonFile(utf8: Array(document().render().utf8))
        #expect(own.thread == nil)
        #expect(own.lesson == (try document()))
    }

    @Test func `what is missing in a thread's file is told by its line`() throws {
        let text = try thread([reply(2, to: 1)]).render().replacing("signature: verified\ncreated", with: "created")
        let error = #expect(throws: LessonDocumentProblems.self) { try ThreadDocument.parse(utf8: Array(text.utf8)) }
        #expect(error?.problems.first?.field == "signature")
        #expect((error?.problems.first?.line ?? 0) > 25, "\(error?.description ?? "")")
    }

    @Test func `each reply stands after what it answers, orphans and circles at the end`() throws {
        let replies = try [
            reply(2, to: 1), reply(3, to: 1), reply(4, to: 2), reply(5, to: 2), reply(6, to: 99), reply(7, to: 8),
            reply(8, to: 7),
        ]
        let tree = try thread(replies.reversed()).tree
        #expect(tree.map(\.reply.facts.sequence) == [2, 4, 5, 3, 6, 7, 8])
        #expect(tree.map(\.depth) == [1, 2, 2, 1, 1, 1, 2])
        #expect(
            tree.map(\.answers) == [
                nil, nil, "answers #2", nil, "answers a post that is not here", "answers #8", nil,
            ])
    }

    @Test func `a chain of ten thousand replies is no problem`() throws {
        let replies = try (2...10_001).map { try reply(UInt64($0), to: UInt64($0) - 1) }
        #expect(try thread(replies).tree.last?.depth == 10_000)
    }

    @Test func `the whole is handled by the strictest marking in it`() throws {
        #expect(try thread([reply(2, to: 1, marking: .red)]).handling == .red)
        #expect(try thread([reply(2, to: 1, marking: .clear)]).handling == .green)
    }

    @Test func `a name that the signature does not prove is not kept`() throws {
        let post = Post(
            id: id(1), salt: [], author: MemberID(UUIDValue(high: 1, low: 1)),
            organisation: try #require(OrganisationSlug("al-ombudsman")), createdAt: .max,
            topic: try #require(Topic("policing")), thread: id(1), marking: .clear, audience: .everybody,
            language: "en", body: .lesson(Lesson(title: "T", observation: "O", recommendation: "R")))
        let facts = PostFacts(
            post: post, sequence: 1, receivedAt: .min, authorName: "Minister", signature: .failed)
        #expect(facts.authorName == nil)
        #expect(!facts.byline.contains("Minister"))
        #expect(TimestampText.rfc3339(facts.createdAt) == "9999-12-31T23:59:59.999Z")
        #expect(TimestampText.rfc3339(facts.receivedAt) == "0000-01-01T00:00:00.000Z")
    }

    @Test func `a moment is read back as it was written`() {
        for moment: Milliseconds in [
            0, -1, 1_795_514_709_123, 951_782_400_000, -62_167_219_200_000, 253_402_300_799_999,
        ] {
            #expect(TimestampText.milliseconds(rfc3339: TimestampText.rfc3339(moment)) == moment)
        }
        for text in [
            "", "2026-02-30T00:00:00.000Z", "2026-01-01T24:00:00.000Z", "2026-01-01 00:00:00.000Z",
            "2026-01-01T00:00:00Z",
        ] {
            #expect(TimestampText.milliseconds(rfc3339: text) == nil)
        }
    }
}
