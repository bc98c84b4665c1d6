import LessonModel
import Storage
import TerminalUI
import Testing
import Wire

@testable import LessonsCommand

@Suite struct PostReferenceTests {
    private let id = "01a20b55-efe8-76d2-80dc-c7182967b035"

    @Test func `a post is named by number by id or by the beginning of its id`() throws {
        #expect(try PostReference("12") == .sequence(12))
        #expect(try PostReference("#12") == .sequence(12))
        #expect(try PostReference("#1234567890123") == .sequence(1_234_567_890_123))
        #expect(try PostReference(id) == .id(try #require(PostID(text: id))))
        #expect(try PostReference(id.uppercased()) == .id(try #require(PostID(text: id))))
        #expect(try PostReference("01a20b") == .prefix("01a20b"))
        #expect(try PostReference("01A20B55-ef") == .prefix("01a20b55-ef"))
        #expect(try PostReference("0120955") == .prefix("0120955"))
    }

    @Test(arguments: [
        "", "#", "0", "#0", "01a20", "x1a20b55", "01a20b55e", "-12", "#abcdef", "99999999999999999999",
        "01a20b55-efe8-76d2-80dc-c7182967b0355",
    ])
    func `what names no post is refused with what to write`(text: String) {
        let error = #expect(throws: CommandFailure.self) { try PostReference(text) }
        #expect(error?.status == .usage)
        #expect(error?.hint != nil)
    }
}

@Suite struct StartPointTests {
    @Test func `a subscription begins where it is told`() throws {
        func read(_ text: String?) throws -> StartPoint { try StartPoint(text, now: 1_000_000, zoneSeconds: 0) }
        #expect(try read(nil) == .unset)
        #expect(try read("beginning") == .after(0))
        #expect(try read("now") == .now)
        #expect(try read("12") == .after(11))
        #expect(try read("#1") == .after(0))
        #expect(try read("1970-01-01Z") == .since(0))
        #expect(try read("10s") == .since(990_000))
        #expect(throws: CommandFailure.self) { try read("soon") }
        #expect(throws: CommandFailure.self) { try read("99999999999999999999") }
    }
}

/// Posts that need no keys.
enum MadePosts {
    static func lesson(
        _ number: Int64, title: String = "Title", actionBody: String? = nil, dueDate: String? = nil
    ) throws -> ShownPost {
        let id = PostID(UUIDValue(high: 7, low: UInt64(number)))
        return try shown(
            number, id: id, thread: id,
            .lesson(
                Lesson(
                    title: title, observation: "Observed.", recommendation: "Do it.", actionBody: actionBody,
                    dueDate: dueDate)))
    }

    static func report(
        _ number: Int64, _ status: ApplicationReport.Status, in thread: PostID, of organisation: String
    ) throws -> ShownPost {
        try shown(
            number, id: PostID(UUIDValue(high: 7, low: UInt64(number))), thread: thread,
            .applicationReport(ApplicationReport(status: status, outcome: "Tried.")), organisation: organisation)
    }

    static func reply(_ number: Int64, to parent: PostID, in thread: PostID, text: String = "Reply") throws -> ShownPost
    {
        try shown(
            number, id: PostID(UUIDValue(high: 7, low: UInt64(number))), thread: thread,
            .comment(Comment(parent: parent, text: text)))
    }

    private static func shown(
        _ number: Int64, id: PostID, thread: PostID, _ body: Post.Body, organisation: String = "al-ombudsman"
    ) throws -> ShownPost {
        let post = Post(
            id: id, salt: [UInt8](repeating: 0, count: 16), author: MemberID(UUIDValue(high: 1, low: 1)),
            organisation: try #require(OrganisationSlug(organisation)), createdAt: 0,
            topic: try #require(Topic("corruption")), thread: thread, marking: .amberStrict,
            audience: Audience(organisations: [try #require(OrganisationSlug("si-police"))]), language: "en", body: body
        )
        let signed = SignedPost(content: post.encodedContent(), signature: [], certificateFingerprint: [])
        return ShownPost(
            stored: StoredPost(sequence: number, receivedAt: 0, post: signed), post: post,
            signature: .verified("Arta Ali"))
    }
}

@Suite struct ReplyTreeTests {
    @Test func `each reply stands after what it answers`() throws {
        let lesson = try MadePosts.lesson(1)
        let thread = lesson.post.id
        let two = try MadePosts.reply(2, to: thread, in: thread)
        let three = try MadePosts.reply(3, to: thread, in: thread)
        let four = try MadePosts.reply(4, to: two.post.id, in: thread)
        let five = try MadePosts.reply(5, to: two.post.id, in: thread)
        let tree = ReplyTree(thread: thread, posts: [five, three, lesson, four, two])
        #expect(tree.lesson == lesson)
        #expect(tree.replies.map(\.post.stored.sequence) == [2, 4, 5, 3])
        #expect(tree.replies.map(\.depth) == [1, 2, 2, 1])
        #expect(tree.replies.map(\.answers) == [nil, nil, 2, nil])
    }

    @Test func `replies without their parent and replies in a circle are shown all the same`() throws {
        let lesson = try MadePosts.lesson(1)
        let thread = lesson.post.id
        let unknown = PostID(UUIDValue(high: 8, low: 8))
        let orphan = try MadePosts.reply(2, to: unknown, in: thread)
        let six = PostID(UUIDValue(high: 7, low: 6))
        let five = try MadePosts.reply(5, to: six, in: thread)
        let circle = try MadePosts.reply(6, to: five.post.id, in: thread)
        let tree = ReplyTree(thread: thread, posts: [lesson, orphan, five, circle])
        #expect(Set(tree.replies.map(\.post.stored.sequence)) == [2, 5, 6])
        #expect(tree.replies.count == 3)
        #expect(ReplyTree(thread: unknown, posts: [orphan]).lesson == nil)
    }

    @Test func `a chain of ten thousand replies is no problem`() throws {
        let lesson = try MadePosts.lesson(1)
        var posts = [lesson]
        for number in 2...10_001 {
            posts.append(try MadePosts.reply(Int64(number), to: posts[number - 2].post.id, in: lesson.post.id))
        }
        let text = ThreadText(thread: lesson.post.id, posts: posts, state: nil, width: 60)
        #expect(ReplyTree(thread: lesson.post.id, posts: posts).replies.last?.depth == 10_000)
        #expect(text.lines.allSatisfy { $0.plainText.count < 120 })
    }
}

@Suite struct ThreadTextTests {
    @Test func `a thread shows the marking its audience the sections and who signed`() throws {
        let lesson = try MadePosts.lesson(12, title: "A title\u{1B}[31m")
        let reply = try MadePosts.reply(13, to: lesson.post.id, in: lesson.post.id, text: "We tried it.")
        let text = ThreadText(thread: lesson.post.id, posts: [lesson, reply], state: .observation, width: nil)
            .lines.map(\.plainText).joined(separator: "\n")
        for part in [
            "A title[31m", "#12", "TLP:AMBER+STRICT  for si-police, and al-ombudsman", "observation",
            "Arta Ali (al-ombudsman)",
            "verified, signed by Arta Ali", "OBSERVATION\nObserved.", "RECOMMENDATION\nDo it.", "1 REPLY", "#13",
            "We tried it.",
        ] {
            #expect(text.contains(part), "\(part) in\n\(text)")
        }
        #expect(!text.contains("\u{1B}"))
    }

    @Test func `a post that its author did not sign is never shown as theirs`() throws {
        var lesson = try MadePosts.lesson(12)
        lesson.signature = .failed("the signature does not fit the content")
        let thread = ThreadText(thread: lesson.post.id, posts: [lesson], state: nil).lines.map(\.plainText)
        #expect(thread.contains { $0.contains("NOT by its author") })
        #expect(!thread.contains { $0.contains("Arta Ali") })
        #expect(lesson.line { _ in nil }.plainText.hasPrefix("[NOT by its author"))
        #expect(lesson.json.line.contains("\"verified\":false"))
    }

    @Test func `a post in JSON has the documented fields in their order`() throws {
        let lesson = try MadePosts.lesson(12)
        let names = lesson.json.line.matches(of: /"([a-z_]+)":/).map { String($0.1) }
        #expect(
            names == [
                "sequence", "id", "thread", "kind", "topic", "marking", "audience", "language", "organisation",
                "author",
                "author_name", "created_at", "received_at", "verified", "attachments", "title", "observation",
                "discussion",
                "conclusion",
                "recommendation", "evidence", "event_date", "country", "tags", "action_body", "due_date", "references",
            ])
    }
}
