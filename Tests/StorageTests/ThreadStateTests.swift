import Foundation
import LessonModel
import PKI
import Synchronization
import TestSupport
import Testing

@testable import Storage

@Suite struct ThreadStateTests {
    /// Posts by what stands for their content.
    private final class Contents: Sendable {
        private let posts = Mutex<[[UInt8]: Post]>([:])

        func keep(_ request: AppendRequest) { posts.withLock { $0[request.signed.content] = request.post } }
        var decode: @Sendable ([UInt8]) -> Post? { { content in self.posts.withLock { $0[content] } } }
    }

    @Test func `the check of a thread reads its own posts and no others`() throws {
        let fixture = try Fixture()
        let plan = try fixture.store.read { db in
            try db.all("EXPLAIN QUERY PLAN \(ThreadStateCheck.posts)", [.integer(1)]) { $0.text(3) }
        }
        #expect(plan.contains { $0.contains("posts_of_thread") } && !plan.contains { $0.hasPrefix("SCAN") }, "\(plan)")
        withExtendedLifetime(fixture) {}
    }

    @Test func `whatever is posted, what is stored of the threads is what their posts come to`() throws {
        var random = SeededRandom(for: "threads")
        let fixture = try Fixture(seed: random.seed)
        let contents = Contents()
        let members = try ["police-al", "media-de", "ministry-ge"].map { try fixture.member(of: $0) }
        var lessons: [Post] = []
        var posts: [(post: Post, hash: [UInt8])] = []
        var outcomes: [String: Int] = [:]
        var mirrored: [MirroredPost] = []
        for _ in 0..<600 {
            let author = random.pick(members)
            let post: Post
            if lessons.isEmpty || random.chance(percent: 8) {
                post = fixture.lesson(by: author, marking: random.pick([.clear, .green]))
            } else {
                let lesson = random.pick(lessons)
                let others = posts.filter { $0.post.thread == lesson.id }
                post = fixture.post(
                    body(on: lesson, others, &random), by: author, on: lesson,
                    marking: random.chance(percent: 90) ? lesson.marking : .amberStrict)
            }
            let request = fixture.request(
                post, rights: ThreadRights(isCurator: random.chance(percent: 70), isOrganisationAdministrator: false))
            contents.keep(request)
            let outcome = try fixture.store.append(
                [request], receivedAt: fixture.tick(), decode: contents.decode)[0]
            outcomes["\(post.body.kind.name) \(outcome.name)", default: 0] += 1
            guard let logged = outcome.logged else { continue }
            if case .lesson = post.body { lessons.append(post) }
            mirrored.append(
                MirroredPost(
                    stored: StoredPost(sequence: logged.stored.sequence, receivedAt: 1, post: request.signed),
                    post: post,
                    verification: .verified))
            posts.append((post, request.contentHash))
            if random.chance(percent: 20) { try fixture.store.indexForSearch(decode: contents.decode) }
        }
        #expect(try fixture.store.threadStateProblems(decode: contents.decode) == [], "seed \(random.seed)")
        #expect(try fixture.store.integrityProblems() == [], "seed \(random.seed)")
        for kind in PostKind.allCases {
            #expect(outcomes["\(kind.name) appended", default: 0] > 0, "seed \(random.seed): no \(kind.name)")
        }
        // The mirror of somebody who receives only some of the posts for all members still lists what they come to.
        let mirror = try ClientMirror(directory: fixture.directory.path, relayID: "relay-1")
        while !mirrored.isEmpty {
            let count = min(mirrored.count, Int.random(in: 1...20, using: &random))
            try mirror.store(Array(mirrored.prefix(count)))
            mirrored.removeFirst(count)
        }
        let listed = try mirror.threads(MirrorQuery(limit: 1_000))
        for summary in try fixture.store.threads(ThreadQuery(limit: 500), viewer: members[0])
        where !summary.reception.isRedacted {
            let thread = try #require(listed.first { $0.id == summary.id }, "seed \(random.seed)")
            #expect(thread.state == summary.state, "seed \(random.seed)")
            #expect(thread.title == summary.title, "seed \(random.seed)")
        }
        try fixture.store.indexForSearch(decode: contents.decode)
        try fixture.store.purgeErasedWords()
        try fixture.reopen()
        #expect(try fixture.store.threadStateProblems(decode: contents.decode) == [], "seed \(random.seed)")
    }

    private func body(
        on lesson: Post, _ others: [(post: Post, hash: [UInt8])], _ random: inout SeededRandom
    ) -> Post.Body {
        func text(_ title: String) -> Lesson {
            Lesson(title: title, observation: "It happened.", recommendation: "Do better.")
        }
        let target = random.pick(others)
        let texts = others.filter { $0.post.body.kind == .revision }.map(\.post.id) + [lesson.id]
        switch Int.random(in: 0..<13, using: &random) {
        case 0, 1: return .revision(Revision(base: random.pick(texts), lesson: text("Revised")))
        case 2, 3: return .endorsement(Endorsement(isWithdrawal: random.chance(percent: 30)))
        case 4, 5, 6:
            return .applicationReport(
                ApplicationReport(
                    status: random.pick(ApplicationReport.Status.allCases), outcome: "Done.",
                    evidence: random.chance(percent: 60) ? "Figures." : nil))
        case 7, 8, 9:
            let from = random.pick(ThreadState.allCases)
            let to = random.pick(from.next)
            let reports = others.filter { $0.post.body.kind == .applicationReport }.map(\.post.id)
            return .stateChange(
                StateChange(
                    from: from, to: to, reason: "So it is.", evidence: Array(reports.suffix(1)),
                    supersededBy: to == .superseded ? target.post.thread : nil))
        case 10:
            return .translation(
                Translation(
                    source: random.pick(texts), lesson: text("Traduction"), isByMachine: random.chance(percent: 50)))
        case 11: return .comment(Comment(parent: lesson.id, text: "We tried it."))
        default: return .redaction(Redaction(target: target.post.id, targetHash: target.hash, reason: "A name."))
        }
    }

    @Test func `what is redacted is in no file and found by no search, and the log still verifies`() throws {
        let fixture = try Fixture()
        let contents = Contents()
        let author = try fixture.member()
        let reader = try fixture.member(of: "media-de")
        let secret = "Xylophonistically spoken"
        let lesson = fixture.lesson(by: author, title: secret)
        var request = fixture.request(lesson)
        request.signed.content = Array("the title is \(secret)".utf8)
        request.contentHash = SHA256.digest(request.signed.content)
        contents.keep(request)
        let other = fixture.request(fixture.lesson(by: author, title: "Another lesson"))
        contents.keep(other)
        _ = try fixture.store.append([request, other], receivedAt: fixture.tick(), decode: contents.decode)
        try fixture.store.indexForSearch(decode: contents.decode)
        func found(_ text: String) throws -> Int {
            try fixture.store.search(
                SearchQuery(text), in: SearchScope(), viewer: reader, limit: 10, decode: contents.decode
            ).threadCount
        }
        func files() throws -> String {
            try FileManager.default.contentsOfDirectory(atPath: fixture.directory.path).filter { $0.contains("sqlite") }
                .map {
                    String(decoding: try fileBytes(fixture.directory.path + "/" + $0), as: UTF8.self)
                }.joined()
        }
        #expect(try found("xylophonistically") == 1)
        try fixture.store.checkpoint()
        #expect(try files().contains("Xylophonist"))
        #expect(try files().contains("xylophonist"), "the index has its words")
        let redaction = fixture.request(
            fixture.post(
                .redaction(Redaction(target: lesson.id, targetHash: request.contentHash, reason: "A name.")),
                by: author,
                on: lesson))
        contents.keep(redaction)
        let outcome = try fixture.store.append([redaction], receivedAt: fixture.tick(), decode: contents.decode)[0]
        #expect(outcome.name == "appended")
        #expect(try found("xylophonistically") == 0)
        #expect(try fixture.store.posts(ids: [lesson.id], viewer: author).isEmpty)
        let summary = try #require(try fixture.store.thread(lesson.id, viewer: author, limit: 10)?.thread)
        #expect(summary.title.isEmpty && summary.reception.isRedacted)
        try fixture.store.purgeErasedWords()
        #expect(try !files().lowercased().contains("xylophonist"))
        #expect(try fixture.store.integrityProblems() == [])
        #expect(try fixture.store.threadStateProblems(decode: contents.decode) == [])
        #expect(try found("another") == 1)
    }

    @Test func `a listing counts what became of a lesson by each organisation's last report that the viewer may see`()
        throws
    {
        let fixture = try Fixture()
        let author = try fixture.member()
        let media = try fixture.member(of: "media-de")
        let ministry = try fixture.member(of: "ministry-ge")
        let lesson = fixture.lesson(by: author)
        func report(_ status: ApplicationReport.Status) -> Post.Body {
            .applicationReport(ApplicationReport(status: status, outcome: "Done.", evidence: "Figures."))
        }
        try fixture.append(
            lesson, fixture.post(.endorsement(Endorsement()), by: media, on: lesson),
            fixture.post(report(.considering), by: media, on: lesson),
            fixture.post(report(.adopted), by: media, on: lesson),
            fixture.post(report(.triedAndFailed), by: ministry, on: lesson, marking: .amberStrict),
            fixture.post(
                .translation(
                    Translation(
                        source: lesson.id, lesson: Lesson(title: "t", observation: "o", recommendation: "r"),
                        isByMachine: false)), by: media, on: lesson, language: "fr"))
        func reception(_ viewer: Viewer) throws -> ThreadReception {
            try #require(try fixture.store.threads(ThreadQuery(), viewer: viewer).first).reception
        }
        #expect(try reception(author).applications == [.adopted: 1])
        #expect(try reception(ministry).applications == [.adopted: 1, .triedAndFailed: 1])
        #expect(try reception(author).endorsements == 1)
        #expect(try reception(author).translations == ["fr"])
    }
}
