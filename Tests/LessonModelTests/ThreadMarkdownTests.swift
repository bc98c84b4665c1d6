import LessonModel
import Testing

@Suite struct ThreadMarkdownTests {
    private static let moment: Milliseconds = 1_795_514_709_123

    private func id(_ number: UInt64) -> PostID { PostID(UUIDValue(high: 0, low: number)) }

    private func entry(_ number: UInt64, author: String? = "Ana", body: Post.Body) throws -> ThreadMarkdown.Entry {
        let post = Post(
            id: id(number), salt: [], author: MemberID(UUIDValue(high: 1, low: number)),
            organisation: try #require(OrganisationSlug("kosova-police")), createdAt: 0,
            topic: try #require(Topic("policing/community")), thread: id(1), marking: .green, audience: .everybody,
            language: "en", body: body)
        return ThreadMarkdown.Entry(
            post: post, sequence: Int64(number), receivedAt: Self.moment, authorName: author)
    }

    private func comment(_ number: UInt64, to parent: UInt64, _ text: String, author: String? = "Ana") throws
        -> ThreadMarkdown.Entry
    {
        try entry(number, author: author, body: .comment(Comment(parent: id(parent), text: text)))
    }

    private func lesson(_ title: String = "T", _ observation: String = "O") throws -> ThreadMarkdown.Entry {
        try entry(1, body: .lesson(Lesson(title: title, observation: observation, recommendation: "R")))
    }

    @Test func `a thread is shown with its replies below what they answer`() throws {
        let text = ThreadMarkdown.render(
            lesson: try lesson(), state: .lessonIdentified,
            replies: [
                try comment(4, to: 1, "last"), try comment(3, to: 2, "deeper\n\nline", author: nil),
                try comment(2, to: 1, "first"),
            ])
        #expect(
            text == """
                ---
                title: T
                topic: policing/community
                language: en
                marking: GREEN
                thread: "00000000-0000-0000-0000-000000000001"
                author: Ana
                organisation: kosova-police
                received: "2026-11-24 10:05:09Z"
                sequence: "1"
                state: lesson-identified
                ---

                # T

                ## Observation

                O

                ## Recommendation

                R

                ## 3 replies

                > **Ana** (kosova-police, 2026-11-24 10:05:09Z, GREEN, #2)
                >
                > first

                > > **unknown author** (kosova-police, 2026-11-24 10:05:09Z, GREEN, #3)
                > >
                > > deeper
                > >
                > > line

                > **Ana** (kosova-police, 2026-11-24 10:05:09Z, GREEN, #4)
                >
                > last

                """)
    }

    @Test func `a thread without replies says nothing of them`() throws {
        #expect(!ThreadMarkdown.render(lesson: try lesson(), replies: []).contains("repl"))
    }

    @Test func `no text of others leaves its place`() throws {
        let text = ThreadMarkdown.render(
            lesson: try lesson("a # *b* [c](d)", "## Evidence\n```\n---"),
            replies: [try comment(2, to: 1, "```\n## Recommendation\n---\r\n> x", author: "Eve\n# Boss **x**")])
        #expect(text.contains("# a \\# \\*b\\* \\[c\\](d)\n"))
        #expect(text.contains("\\## Evidence\n\\```\n---\n"))
        #expect(text.contains("> **Eve \\# Boss \\*\\*x\\*\\***"))
        let replies = try #require(text.split(separator: "## 1 reply\n").last)
        #expect(replies.split(separator: "\n").allSatisfy { $0.hasPrefix(">") })
    }

    @Test func `replies to what is not shown, and circles, are shown once at the end`() throws {
        let text = ThreadMarkdown.render(
            lesson: try lesson(),
            replies: [
                try comment(2, to: 99, "orphan"), try comment(3, to: 4, "circle"), try comment(4, to: 3, "ring"),
                try comment(5, to: 1, "plain"), try comment(6, to: 2, "below"), try comment(7, to: 7, "self"),
            ])
        let order = ["plain", "orphan", "below", "circle", "ring", "self"].compactMap {
            text.firstRange(of: $0)?.lowerBound
        }
        #expect(order.count == 6)
        #expect(order == order.sorted())
        #expect(text.contains("#2, answers a post that is not shown)"))
        #expect(text.contains("> > below"))
        #expect(text.contains("6 replies"))
    }

    @Test func `a very long chain of replies is shown to a bounded depth`() throws {
        let replies = try (2..<20_000).map { try comment(UInt64($0), to: UInt64($0) - 1, "x") }
        let text = ThreadMarkdown.render(lesson: try lesson(), replies: replies)
        #expect(text.contains("#10, answers #9)"))
        #expect(!text.contains(String(repeating: "> ", count: ThreadMarkdown.maxDepth + 1)))
        #expect(text.utf8.count < 3_000_000)
    }
}
