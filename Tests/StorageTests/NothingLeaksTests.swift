import LessonModel
import PKI
import Synchronization
import TestSupport
import Testing

@testable import Storage

/// A store with everybody's posts answers each viewer as one that never had a post which is not for them.
@Suite struct NothingLeaksTests {
    /// Posts by what stands for their content.
    private final class Contents: Sendable {
        private let posts = Mutex<[[UInt8]: Post]>([:])

        func keep(_ request: AppendRequest) { posts.withLock { $0[request.signed.content] = request.post } }
        var decode: @Sendable ([UInt8]) -> Post? { { content in self.posts.withLock { $0[content] } } }
    }

    /// What a viewer can be told of a thread, without the sequence numbers, which have gaps.
    private struct Told: Equatable {
        var thread: PostID
        var title: String
        var state: ThreadState
        var posts: [PostID]
        var postCount: Int
        var reception: ThreadReception
    }

    private struct Answers: Equatable {
        var log: [PostID]
        var fetched: [PostID]
        var threads: [Told]
        var byActivity: [PostID]
        var topics: [String]
        var hits: [[PostID]]
        var hitCounts: [Int]
        var snippets: [[PostID]]
        /// Which posts carry which of the files, and which of them need not be sent.
        var carried: [[Bool]]
        var known: [Bool]
    }

    private static let files = (0..<5).map { [UInt8](repeating: $0, count: 10) }

    private static let words = ["radio", "camera", "court", "border", "victim", "force"]

    @Test(arguments: [UInt64.random(in: 0...UInt64.max), UInt64.random(in: 0...UInt64.max)])
    func `what is for others changes nothing of what somebody is told`(seed: UInt64) throws {
        var random = SeededRandom(seed: seed, for: "leaks")
        let fixture = try Fixture(seed: seed)
        let contents = Contents()
        var viewers: [Viewer] = []
        for slug in ["police-al", "media-de", "ngo-it", "ministry-ge"] {
            for _ in 0..<2 { viewers.append(try fixture.member(of: slug)) }
        }
        let clients: [OrganisationSlug: Set<OrganisationSlug>] = [
            viewers[0].organisation: [viewers[6].organisation], viewers[2].organisation: [viewers[4].organisation],
        ]
        for (slug, named) in clients { try fixture.store.setClients(of: slug, to: named, audit: fixture.audit()) }
        let homes = Dictionary(viewers.map { ($0.member, $0.organisation) }) { first, _ in first }
        var accepted: [AppendRequest] = []
        var kinds: [PostKind: Int] = [:]
        for _ in 0..<350 {
            let author = random.pick(viewers)
            let mine = accepted.filter { seen($0.post, author, accepted, clients) }
            var post = try post(by: author, among: mine, viewers, fixture, &random)
            if post.body.kind.takesAttachments, random.chance(percent: 40) {
                post.attachments = [try fixture.upload(random.pick(Self.files), by: author)]
            }
            let signed = post
            var request = fixture.request(post, rights: ThreadRights(isCurator: random.chance(percent: 60)))
            request.mayReply = { thread in
                guard thread.allows(author, clients: { clients[$0] ?? [] }) else { return .unseen }
                let isAdmitted = thread.admits(
                    reply: signed.visibility, clients: { clients[$0] ?? [] }, organisationOf: { homes[$0] })
                return isAdmitted ? .allowed : .wider
            }
            contents.keep(request)
            let outcome = try fixture.store.append([request], receivedAt: fixture.tick(), decode: contents.decode)[0]
            guard outcome.logged != nil else { continue }
            accepted.append(request)
            kinds[post.body.kind, default: 0] += 1
            if random.chance(percent: 10) { try fixture.store.indexForSearch(decode: contents.decode) }
        }
        for kind in PostKind.allCases { #expect(kinds[kind, default: 0] > 0, "no \(kind.name)") }
        for viewer in viewers {
            let alone = try Fixture(seed: seed)
            for _ in 0..<viewers.count { _ = alone.memberID() }
            for slug in Set(viewers.map(\.organisation)) {
                try alone.store.addOrganisation(
                    Organisation(slug: slug, name: slug.text, country: "AL", kind: .police), audit: alone.audit())
            }
            for (slug, named) in clients { try alone.store.setClients(of: slug, to: named, audit: alone.audit()) }
            for request in accepted where seen(request.post, viewer, accepted, clients) {
                for file in request.post.attachments {
                    let author = Viewer(member: request.post.author, organisation: request.post.organisation)
                    try alone.upload(Self.files.first { SHA256.digest($0) == file.digest } ?? [], by: author)
                }
                let outcome = try alone.store.append([request], receivedAt: alone.tick(), decode: contents.decode)[0]
                // A post that is only acceptable with one that the viewer may not see gives that one away.
                #expect(outcome.logged != nil, "\(request.post.body.kind.name) \(outcome.name), \(viewer.organisation)")
            }
            let ids = accepted.map(\.post.id)
            let all = try answers(fixture, viewer, ids, contents)
            let own = try answers(alone, viewer, ids, contents)
            #expect(all.log == own.log)
            #expect(all.fetched == own.fetched)
            #expect(all.threads == own.threads)
            #expect(all.byActivity == own.byActivity)
            #expect(all.topics == own.topics)
            #expect(all.hits == own.hits)
            #expect(all.hitCounts == own.hitCounts)
            #expect(all.snippets == own.snippets)
            #expect(all.carried == own.carried)
            #expect(all.known == own.known)
        }
    }

    private func seen(
        _ post: Post, _ viewer: Viewer, _ all: [AppendRequest], _ clients: [OrganisationSlug: Set<OrganisationSlug>]
    ) -> Bool {
        guard post.visibility.allows(viewer, clients: { clients[$0] ?? [] }) else { return false }
        guard post.thread != post.id, let lesson = all.first(where: { $0.post.id == post.thread }) else { return true }
        return lesson.post.visibility.allows(viewer, clients: { clients[$0] ?? [] })
    }

    // MARK: Posts

    private func post(
        by author: Viewer, among mine: [AppendRequest], _ viewers: [Viewer], _ fixture: Fixture,
        _ random: inout SeededRandom
    ) throws -> Post {
        func text() -> String { (0..<4).map { _ in random.pick(Self.words) }.joined(separator: " ") }
        let lessons = mine.filter { $0.post.body.kind == .lesson }.map(\.post)
        if lessons.isEmpty || random.chance(percent: 12) {
            let marking = random.pick(Marking.allCases)
            return fixture.lesson(
                by: author, topic: random.pick(Fixture.topics), marking: marking,
                audience: audience(marking, viewers, &random), title: text())
        }
        let lesson = random.pick(lessons)
        let others = mine.filter { $0.post.thread == lesson.id }
        let target = random.pick(others)
        let body = body(on: lesson, others, target, text(), &random)
        // The marking and audience that a client would give it, or any.
        var model = lesson
        if case .redaction = body { model = target.post }
        if case .comment(let comment) = body, let parent = others.first(where: { $0.post.id == comment.parent }) {
            model = parent.post
        }
        var marking = model.marking
        var audience = inherited(model, author)
        let mayBeNarrower = [.comment, .applicationReport].contains(body.kind)
        if random.chance(percent: mayBeNarrower ? 60 : 10) {
            marking = random.pick(Marking.allCases)
            audience = self.audience(marking, viewers, &random)
        }
        // Somebody's clients may see an AMBER answer and not what it answers: its opaque id is all that they learn.
        if case .comment(let comment) = body, comment.parent != lesson.id, marking == .amber { marking = .amberStrict }
        // Nor do they learn more of what is redacted: an AMBER redaction of another organisation's post names that one, whose
        // clients may not have had the post.
        if case .redaction = body, marking == .amber,
            model.marking != .amber || model.organisation != author.organisation
        {
            let comment = Comment(parent: lesson.id, text: "This should be redacted.")
            return fixture.post(
                .comment(comment), by: author, on: lesson, marking: lesson.marking,
                audience: inherited(lesson, author))
        }
        return fixture.post(body, by: author, on: lesson, marking: marking, audience: audience)
    }

    private func inherited(_ model: Post, _ author: Viewer) -> Audience {
        switch model.marking {
        case .clear, .green: .everybody
        case .amber, .amberStrict:
            Audience(
                organisations: model.audience.organisations.union(
                    model.organisation == author.organisation ? [] : [model.organisation]))
        case .red: Audience(members: model.audience.members.union([model.author]).subtracting([author.member]))
        }
    }

    private func audience(_ marking: Marking, _ viewers: [Viewer], _ random: inout SeededRandom) -> Audience {
        switch marking {
        case .clear, .green: return .everybody
        case .amber, .amberStrict: return Audience(organisations: [random.pick(viewers).organisation])
        case .red: return Audience(members: [random.pick(viewers).member])
        }
    }

    private func body(
        on lesson: Post, _ others: [AppendRequest], _ target: AppendRequest, _ text: String,
        _ random: inout SeededRandom
    ) -> Post.Body {
        func written() -> Lesson { Lesson(title: text, observation: "It happened.", recommendation: "Do better.") }
        let texts = others.filter { $0.post.body.kind == .revision }.map(\.post.id) + [lesson.id]
        switch Int.random(in: 0..<16, using: &random) {
        case 0, 1, 2: return .comment(Comment(parent: target.post.id, text: text))
        case 3, 4: return .revision(Revision(base: random.pick(texts), lesson: written()))
        case 5, 6: return .endorsement(Endorsement(isWithdrawal: random.chance(percent: 20), note: text))
        case 7, 8, 9:
            return .applicationReport(
                ApplicationReport(
                    status: random.pick(ApplicationReport.Status.allCases), outcome: text,
                    evidence: random.chance(percent: 70) ? "Figures." : nil))
        case 10, 11, 12, 13:
            let from = random.pick([
                ThreadState.observation, .observation, .lessonIdentified, .lessonLearned, .rejected,
            ])
            let to = random.pick(from.next)
            let reports = others.filter { $0.post.body.kind == .applicationReport }.map(\.post.id)
            let away = random.pick(others).post.thread
            return .stateChange(
                StateChange(
                    from: from, to: to, reason: text, evidence: Array(reports.suffix(2)),
                    supersededBy: to == .superseded ? away : nil))
        case 14:
            return .translation(
                Translation(source: random.pick(texts), lesson: written(), isByMachine: random.chance(percent: 50)))
        default:
            return .redaction(Redaction(target: target.post.id, targetHash: target.contentHash, reason: text))
        }
    }

    // MARK: Answers

    private func answers(
        _ fixture: Fixture, _ viewer: Viewer, _ ids: [PostID], _ contents: Contents
    ) throws -> Answers {
        let store = fixture.store
        let id: (StoredPost) -> PostID? = { contents.decode($0.post.content)?.id }
        try store.indexForSearch(decode: contents.decode)
        var log: [PostID] = []
        var after: SequenceNumber = 0
        while after < store.head() {
            let page = try store.readLog(after: after, viewer: viewer, maxPosts: 100, maxBytes: .max)
            log += page.posts.compactMap(id)
            after = page.scannedThrough
        }
        let threads = try store.threads(ThreadQuery(limit: 500), viewer: viewer)
        let told = try threads.map { summary in
            let page = try #require(try store.thread(summary.id, viewer: viewer, limit: 500))
            #expect(page.thread == summary)
            return Told(
                thread: summary.id, title: summary.title, state: summary.state, posts: page.posts.compactMap(id),
                postCount: summary.postCount, reception: summary.reception)
        }
        // What somebody has uploaded and not posted, that person knows.
        try store.collectBlobs(uploadsBefore: .max)
        let results = try Self.words.map { word in
            try store.search(SearchQuery(word), in: SearchScope(), viewer: viewer, limit: 500, decode: contents.decode)
        }
        return Answers(
            log: log, fetched: try store.posts(ids: ids, viewer: viewer).compactMap(id), threads: told,
            byActivity: try store.threads(ThreadQuery(order: .lastActivity, limit: 500), viewer: viewer).map(\.id),
            topics: try store.topics(viewer: viewer).map { "\($0.topic) \($0.threadCount) \($0.postCount)" },
            hits: results.map { $0.hits.map(\.thread.id).sorted { $0.description < $1.description } },
            hitCounts: results.map(\.threadCount), snippets: results.map { $0.hits.compactMap { id($0.post) } },
            carried: try ids.map { id in try Self.files.map { try store.carries(id, SHA256.digest($0), viewer: viewer) }
            },
            known: try Self.files.map { bytes in
                let standing = try store.openUpload(
                    SHA256.digest(bytes), size: Int64(bytes.count), by: viewer, at: fixture.tick(),
                    limits: UploadLimits(maxFiles: 100, maxBytes: .max, minFreeBytes: 0))
                #expect(standing.isComplete || standing.offset == 0)
                return standing.isComplete
            })
    }
}
