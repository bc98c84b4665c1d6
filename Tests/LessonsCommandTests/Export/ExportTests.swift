import Foundation
import LessonModel
import Storage
import TerminalUI
import TestSupport
import Testing
import Wire

@testable import LessonsCommand

@Suite struct ExportLimitTests {
    private func thread(_ lesson: Marking, _ replies: [Marking], signature: ShownPost.Signature = .verified("A")) throws
        -> ShownThread
    {
        var opening = try MadePosts.lesson(1)
        opening.post.marking = lesson
        opening.signature = signature
        var posts = [opening]
        for (index, marking) in replies.enumerated() {
            var reply = try MadePosts.reply(Int64(index) + 2, to: opening.post.id, in: opening.post.id)
            reply.post.marking = marking
            posts.append(reply)
        }
        return ShownThread(id: opening.post.id, posts: posts, state: nil)
    }

    @Test func `what is stricter than the limit does not leave, and RED only when it is asked for`() throws {
        let all = try thread(.clear, Marking.allCases)
        func markings(_ upTo: Marking?, _ format: ExportFormat) -> [Marking]? {
            ExportLimit(upTo: upTo, format: format).applied(to: all)?.posts.map(\.post.marking)
        }
        #expect(markings(nil, .json) == [.clear, .clear, .green, .amber, .amberStrict])
        #expect(markings(.red, .json) == [.clear, .clear, .green, .amber, .amberStrict, .red])
        #expect(markings(.green, .mbox) == [.clear, .clear, .green])
        for upTo in [nil, .red, .green] as [Marking?] { #expect(markings(upTo, .atom) == [.clear, .clear]) }
    }

    @Test func `a thread whose lesson may not leave does not leave at all`() throws {
        for format in ExportFormat.allCases {
            #expect(ExportLimit(upTo: nil, format: format).applied(to: try thread(.red, [.clear])) == nil)
        }
        #expect(ExportLimit(upTo: .red, format: .atom).applied(to: try thread(.green, [.clear])) == nil)
        #expect(ExportLimit(upTo: nil, format: .atom).applied(to: try thread(.clear, [], signature: .unchecked)) == nil)
        #expect(ExportLimit(upTo: nil, format: .json).applied(to: try thread(.clear, [], signature: .unchecked)) != nil)
    }
}

@Suite struct ExportLimitMentionTests {
    @Test func `a comment on what is held back does not mention it`() throws {
        let lesson = try MadePosts.lesson(1)
        var secret = try MadePosts.reply(2, to: lesson.post.id, in: lesson.post.id)
        secret.post.marking = .red
        let open = try MadePosts.reply(3, to: secret.post.id, in: lesson.post.id)
        let elsewhere = try MadePosts.reply(4, to: PostID(UUIDValue(high: 9, low: 9)), in: lesson.post.id)
        let thread = ShownThread(id: lesson.post.id, posts: [lesson, secret, open, elsewhere], state: nil)
        let limited = try #require(ExportLimit(upTo: nil, format: .json).applied(to: thread))
        #expect(limited.posts.map(\.post.body.parent) == [nil, lesson.post.id, elsewhere.post.body.parent])
        let document = try #require(limited.document)
        for text in [
            ThreadJSON.node(limited).line, document.render(), MailMessage.mailbox(document),
            ThreadPage(thread: document).html,
        ] {
            #expect(!text.contains(secret.post.id.description))
        }
    }
}

@Suite struct ThreadJSONTests {
    private func thread(_ document: LessonDocument) throws -> ShownThread {
        let id = PostID(UUIDValue(high: 7, low: 1))
        let post = Post(
            id: id, salt: [UInt8](repeating: 0, count: 16), author: MemberID(UUIDValue(high: 1, low: 1)),
            organisation: try #require(OrganisationSlug("al-ombudsman")), createdAt: 0, topic: document.topic,
            thread: id,
            marking: document.marking, audience: document.audience, language: document.language,
            body: .lesson(document.lesson))
        let signed = SignedPost(content: post.encodedContent(), signature: [], certificateFingerprint: [])
        let opening = ShownPost(
            stored: StoredPost(sequence: 1, receivedAt: 0, post: signed), post: post, signature: .failed(nil))
        return ShownThread(id: id, posts: [opening, try MadePosts.reply(2, to: id, in: id)], state: .observation)
    }

    @Test func `a lesson is read back as it was, byte by byte`() throws {
        let lesson = Lesson(
            title: "T \u{202E}\"", observation: " O\r\n\u{1B}\u{2028}", discussion: "", conclusion: "\\",
            recommendation: "🇦🇱",
            country: "AL", eventDate: "2026-11", tags: ["a", "b, c"], actionBody: "X", dueDate: "2026-01-01",
            evidence: "",
            references: ["r"])
        let document = LessonDocument(
            lesson: lesson, topic: try #require(Topic("policing")), language: "sq", marking: .amber,
            audience: Audience(organisations: [try #require(OrganisationSlug("si-police"))]))
        let line = ThreadJSON.node(try thread(document)).line
        #expect(!line.contains("\n"))
        let read = try ThreadJSON.lesson(of: JSONValue(parsing: Array(line.utf8)))
        #expect(read.lesson == document)
        #expect(Array(read.lesson.lesson.title.utf8) == Array(lesson.title.utf8))
        #expect(read.replies == 1)
        #expect(read.organisation?.text == "al-ombudsman")
        #expect(line.contains("\"handling\":\"TLP:AMBER+STRICT\""))
        #expect(line.contains("\"signature\":\"failed\""))
    }

    @Test func `what is no thread is refused with the field at fault`() throws {
        let document = LessonDocument(
            lesson: Lesson(title: "T", observation: "O", recommendation: "R"), topic: try #require(Topic("policing")),
            language: "en", marking: .green, audience: .everybody)
        let line = ThreadJSON.node(try thread(document)).line
        func field(_ old: String, _ new: String) throws -> String? {
            let changed = line.replacing(old, with: new)
            #expect(changed != line)
            do { _ = try ThreadJSON.lesson(of: JSONValue(parsing: Array(changed.utf8))) } catch let problem
                as ThreadJSONProblem
            {
                return problem.field
            }
            return nil
        }
        #expect(try field("lessons-relay/thread", "other") == "format")
        #expect(try field("\"version\":1", "\"version\":2") == "version")
        #expect(try field("\"marking\":\"GREEN\"", "\"marking\":\"WHITE\"") == "marking")
        #expect(
            try field("\"audience\":[],\"language\":\"en\"", "\"audience\":[\"si-police\"],\"language\":\"en\"")
                == "audience")
        #expect(try field("\"observation\":\"O\"", "\"observation\":\" \"") == "observation")
        #expect(try field("\"title\":\"T\",\"observation\"", "\"title\":7,\"observation\"") == "title")
        #expect(try field("\"kind\":\"lesson\"", "\"kind\":\"poem\"") == "posts")
    }

    @Test func `the schema has a rule for every kind of post`() {
        for kind in PostKind.allCases {
            #expect(ThreadSchema.text.contains("\"const\": \"\(kind.name)\""), "\(kind.name)")
        }
        #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(ThreadSchema.text.utf8)) }
    }
}

@Suite struct ExportWriterTests {
    private func write(_ target: ExportTarget, _ format: ExportFormat, isReplacing: Bool = false) throws {
        let output = Output(
            isJSON: false, isQuiet: true, stdoutIsTerminal: false, stderrIsTerminal: false, environment: [:]
        ) { _, _ in true }
        var writer = try ExportWriter(
            format: format, target: target, isReplacing: isReplacing, output: output,
            feed: AtomFeed(id: UUIDValue(high: 1, low: 1), now: 0))
        let lesson = try MadePosts.lesson(12, title: "Überfälle: was tun? / ../x")
        try writer.add(ShownThread(id: lesson.post.id, posts: [lesson], state: nil))
        try writer.finish()
    }

    @Test func `a file is whole, for this account only, and replaces nothing unasked`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/x.mbox"
        try write(.file(path), .mbox)
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
        let refused = #expect(throws: CommandFailure.self) { try write(.file(path), .mbox) }
        #expect(refused?.code == "EXISTS")
        try write(.file(path), .json, isReplacing: true)
        #expect(try String(contentsOfFile: path, encoding: .utf8).hasPrefix("{\"format\""))
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["x.mbox"])
    }

    @Test func `a folder gets one file a thread under a name that stays`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/new"
        try write(.folder(path), .markdown)
        #expect(try FileManager.default.contentsOfDirectory(atPath: path) == ["000012-uberfalle-was-tun-x.md"])
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o700)
        #expect(throws: CommandFailure.self) { try write(.folder(path), .markdown) }
        try write(.folder(path), .markdown, isReplacing: true)
        try write(.folder(path), .html, isReplacing: true)
        let index = try String(contentsOfFile: path + "/index.html", encoding: .utf8)
        #expect(index.contains("<a href=\"./000012-uberfalle-was-tun-x.html\">"))
        #expect(index.components(separatedBy: "<p class=\"tlp amber-strict\">TLP:AMBER+STRICT</p>").count == 3)
    }

    @Test func `an export that breaks off leaves nothing`() throws {
        let directory = try TemporaryDirectory()
        let output = Output(
            isJSON: false, isQuiet: true, stdoutIsTerminal: false, stderrIsTerminal: false, environment: [:]
        ) { _, _ in true }
        var writer = try ExportWriter(
            format: .mbox, target: .file(directory.path + "/x"), isReplacing: false, output: output,
            feed: AtomFeed(id: UUIDValue(high: 1, low: 1), now: 0))
        writer.abandon()
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty)
    }
}

@Suite struct ImportChangesTests {
    private func document(_ marking: Marking, _ audience: [String] = []) throws -> LessonDocument {
        LessonDocument(
            lesson: Lesson(title: "T", observation: "O", recommendation: "R"), topic: try #require(Topic("policing")),
            language: "en", marking: marking,
            audience: Audience(organisations: Set(try audience.map { try #require(OrganisationSlug($0)) })))
    }

    @Test func `an exported lesson can be marked narrower and never wider`() throws {
        let home = OrganisationSlug("al-ombudsman")
        func marked(_ from: LessonDocument, _ changes: ImportChanges) -> Marking? {
            try? changes.applied(to: from, organisation: home, author: nil).marking
        }
        let two = Audience(organisations: Set(["si-police", "ge-academy"].compactMap { OrganisationSlug($0) }))
        #expect(marked(try document(.clear), ImportChanges(marking: .green)) == .green)
        #expect(marked(try document(.green), ImportChanges(marking: .clear)) == nil)
        #expect(marked(try document(.amber, ["si-police"]), ImportChanges(marking: .green)) == nil)
        #expect(marked(try document(.amber, ["si-police"]), ImportChanges(marking: .amberStrict)) == .amberStrict)
        #expect(marked(try document(.amberStrict, ["si-police"]), ImportChanges(marking: .amber)) == nil)
        #expect(marked(try document(.amberStrict, ["si-police"]), ImportChanges(audience: two)) == nil)
        #expect(
            marked(try document(.amber, ["si-police", "ge-academy", "no-police"]), ImportChanges(audience: two))
                == .amber)
        // Its own author may say what they like.
        #expect(try ImportChanges(marking: .clear).applied(to: document(.green)).marking == .clear)
    }

    @Test func `topic and language are put in and the rest stays`() throws {
        let before = try document(.amber, ["si-police"])
        let after = try ImportChanges(topic: Topic("media"), language: "fr").applied(
            to: before, organisation: nil, author: nil)
        #expect(after.topic.path == "media")
        #expect(after.language == "fr")
        #expect(after.audience == before.audience)
        #expect(after.lesson == before.lesson)
    }
}
