import LessonModel
import Storage
import TerminalUI
import Testing

@testable import LessonsCommand

@Suite struct DigestTests {
    private static let day: Milliseconds = 86_400_000

    private func shown(
        _ body: Post.Body, _ number: Int64, in thread: Int64, by slug: String = "al-ombudsman",
        topic: String = "corruption", marking: Marking = .green, at day: Int64,
        signature: ShownPost.Signature = .verified("Arta Ali")
    ) throws -> ShownPost {
        func id(_ number: Int64) -> PostID { PostID(UUIDValue(high: 2, low: UInt64(number))) }
        let post = Post(
            id: id(number), salt: [UInt8](repeating: 0, count: 16), author: MemberID(UUIDValue(high: 1, low: 1)),
            organisation: try #require(OrganisationSlug(slug)), createdAt: 0, topic: try #require(Topic(topic)),
            thread: id(thread), marking: marking, audience: .everybody, language: "en", body: body)
        return ShownPost(
            stored: StoredPost(
                sequence: number, receivedAt: day * Self.day,
                post: SignedPost(content: [], signature: [], certificateFingerprint: [])), post: post,
            signature: signature)
    }

    private func lesson(_ title: String, _ recommendation: String = "Change it.") -> Post.Body {
        .lesson(Lesson(title: title, observation: "It happened.", recommendation: recommendation))
    }

    private func digest(_ posts: [ShownPost], markings: Set<Marking> = [.clear, .green], maxItems: Int = 30) -> Digest {
        let threads = Dictionary(grouping: posts, by: \.post.thread).map { (id: $0.key, posts: $0.value) }
        return Digest(
            threads: threads, since: 10 * Self.day, until: 20 * Self.day, markings: markings, maxItems: maxItems)
    }

    @Test func `new lessons come first, then what became of known ones, then replies`() throws {
        let report = ApplicationReport(status: .adopted, outcome: "Done.", evidence: "Figures.")
        let found = digest([
            try shown(lesson("Old, talked about"), 1, in: 1, at: 1),
            try shown(.comment(Comment(parent: PostID(UUIDValue(high: 2, low: 1)), text: "Yes.")), 5, in: 1, at: 11),
            try shown(.comment(Comment(parent: PostID(UUIDValue(high: 2, low: 1)), text: "No.")), 6, in: 1, at: 12),
            try shown(lesson("Old, applied"), 2, in: 2, at: 2),
            try shown(.applicationReport(report), 7, in: 2, by: "ge-police", at: 12),
            try shown(lesson("New"), 8, in: 8, at: 13), try shown(lesson("Old, quiet"), 3, in: 3, at: 3),
        ])
        #expect(found.items.map(\.title) == ["New", "Old, applied", "Old, talked about"])
        #expect(found.items.map(\.news) == [[], ["adopted: ge-police"], ["2 replies"]])
        #expect(found.items.map(\.isNew) == [true, false, false])
    }

    @Test func `it is bounded, and says how much is left`() throws {
        let posts = try (1...50).map {
            try shown(lesson("Lesson \($0)", String(repeating: "long ", count: 500)), $0, in: $0, at: 12)
        }
        let found = digest(posts, maxItems: 5)
        #expect(found.items.map(\.sequence) == [50, 49, 48, 47, 46])
        #expect(found.left == 45)
        let text = DigestRendering(digest: found).render(.text)
        #expect(text.utf8.count < 4_000)
        #expect(text.contains("45 more threads with news"))
    }

    @Test func `what may not be mailed is counted and not told, and neither is what proves no author`() throws {
        let posts = [
            try shown(lesson("Strictly for two"), 1, in: 1, marking: .amberStrict, at: 12),
            try shown(lesson("Forged"), 2, in: 2, at: 12, signature: .failed(nil)),
        ]
        let closed = digest(posts)
        #expect(closed.items.isEmpty && closed.withheld == 1 && closed.unproved == 1)
        for format in DigestRendering.Format.allCases {
            let text = DigestRendering(digest: closed).render(format)
            #expect(!text.contains("Strictly") && !text.contains("Forged"))
        }
        let open = digest(posts, markings: [.clear, .green, .amberStrict])
        #expect(open.items.map(\.title) == ["Strictly for two"])
        for format in DigestRendering.Format.allCases {
            #expect(DigestRendering(digest: open).render(format).contains("TLP:AMBER+STRICT"))
        }
    }

    @Test func `text of others can do nothing in a terminal, in Markdown or in HTML`() throws {
        let found = digest([
            try shown(lesson("<script>alert(1)</script> *bold* \u{1B}[2J", "a & b <i>"), 1, in: 1, at: 12)
        ])
        let html = DigestRendering(digest: found).render(.html)
        #expect(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && html.contains("a &amp; b &lt;i&gt;"))
        #expect(!html.contains("<script") && !html.contains("\u{1B}"))
        let markdown = DigestRendering(digest: found).render(.markdown)
        #expect(markdown.contains("\\<script\\>") && markdown.contains("\\*bold\\*"))
        #expect(!DigestRendering(digest: found).render(.text).contains("\u{1B}"))
    }
}
