import LessonModel
import TestSupport
import Testing

@testable import Storage

/// The store's SQL against `Visibility.allows`, on generated threads with every marking and audience.
struct VisibilityTests {
    /// What the log holds, judged in Swift.
    private struct Model {
        var clients: [OrganisationSlug: Set<OrganisationSlug>] = [:]
        var posts: [(post: Post, stored: StoredPost)] = []
        var lessons: [PostID: Post] = [:]
        var facts: [PostID: ThreadFacts] = [:]

        func isVisible(_ post: Post, to viewer: Viewer) -> Bool {
            let clients: (OrganisationSlug) -> Set<OrganisationSlug> = { self.clients[$0] ?? [] }
            guard post.visibility.allows(viewer, clients: clients) else { return false }
            guard let lesson = lessons[post.thread] else { return false }
            return lesson.visibility.allows(viewer, clients: clients)
        }

        func seen(by viewer: Viewer) -> [(post: Post, stored: StoredPost)] {
            posts.filter { isVisible($0.post, to: viewer) }
        }
    }

    private static let slugs = ["police-al", "media-de", "ngo-it", "ministry-fr", "police-es", "court-ru"]

    private static func generate(_ fixture: Fixture) throws -> (model: Model, viewers: [Viewer]) {
        var viewers: [Viewer] = []
        for slug in slugs { for _ in 0..<2 { viewers.append(try fixture.member(of: slug)) } }
        let organisations = try slugs.map { try fixture.slugValue($0) }
        var model = Model()
        for organisation in organisations where !fixture.random.chance(oneIn: 3) {
            let clients = Set(organisations.filter { _ in fixture.random.chance(oneIn: 4) })
            model.clients[organisation] = clients
            try fixture.store.setClients(of: organisation, to: clients, audit: fixture.audit())
        }
        func audience(_ marking: Marking) -> Audience {
            switch marking {
            case .clear, .green: .everybody
            case .amber, .amberStrict:
                Audience(organisations: Set(organisations.filter { _ in fixture.random.chance(oneIn: 4) }))
            case .red: Audience(members: Set(viewers.map(\.member).filter { _ in fixture.random.chance(oneIn: 6) }))
            }
        }
        var lessons: [Post] = []
        for _ in 0..<40 {
            var batch: [AppendRequest] = []
            for _ in 0..<Int.random(in: 1...12, using: &fixture.random) {
                let author = viewers.randomElement(using: &fixture.random) ?? viewers[0]
                let marking = Marking.allCases.randomElement(using: &fixture.random) ?? .clear
                let post: Post
                if !fixture.random.chance(oneIn: 3), let lesson = lessons.randomElement(using: &fixture.random) {
                    post = fixture.comment(by: author, on: lesson, marking: marking, audience: audience(marking))
                } else {
                    post = fixture.lesson(
                        by: author, topic: Fixture.topics.randomElement(using: &fixture.random) ?? Fixture.topics[0],
                        marking: marking, audience: audience(marking),
                        language: ["en", "en-GB", "fr", "ru"].randomElement(using: &fixture.random) ?? "en")
                    lessons.append(post)
                    model.lessons[post.id] = post
                }
                batch.append(
                    fixture.request(
                        post, country: ["AL", "DE", "IT", nil].randomElement(using: &fixture.random) ?? nil,
                        kind: OrganisationKind.allCases.randomElement(using: &fixture.random) ?? .other))
            }
            let outcomes = try fixture.store.append(batch, receivedAt: fixture.tick())
            for (request, outcome) in zip(batch, outcomes) {
                let logged = try #require(outcome.logged)
                model.posts.append((request.post, logged.stored))
                model.facts[request.post.thread] = logged.facts
            }
            if fixture.random.chance(oneIn: 10) { try fixture.reopen() }
        }
        return (model, viewers)
    }

    private static func readAll(
        _ fixture: Fixture, _ viewer: Viewer, filters: [SubscriptionFilter]?
    ) throws -> [StoredPost] {
        var after: SequenceNumber = 0
        var posts: [StoredPost] = []
        while after < fixture.store.head() {
            let page = try fixture.store.readLog(
                after: after, viewer: viewer, filters: filters,
                maxPosts: Int.random(in: 1...40, using: &fixture.random),
                maxBytes: Int.random(in: 0...4_000, using: &fixture.random))
            #expect(page.scannedThrough > after)
            guard page.scannedThrough > after else { break }
            posts += page.posts
            after = page.scannedThrough
        }
        return posts
    }

    @Test(arguments: [11, 12, 13, 14] as [UInt64])
    func `the log, fetches and threads show exactly what a viewer may see`(seed: UInt64) throws {
        print("seed \(seed)")
        let fixture = try Fixture(seed: seed)
        let (model, viewers) = try Self.generate(fixture)
        for viewer in viewers {
            let seen = model.seen(by: viewer)
            #expect(try Self.readAll(fixture, viewer, filters: nil) == seen.map(\.stored))
            #expect(
                try fixture.store.posts(ids: model.posts.map(\.post.id), viewer: viewer) == seen.map(\.stored))
            for lesson in model.lessons.values {
                let expected = seen.filter { $0.post.thread == lesson.id }.map(\.stored)
                var posts: [StoredPost] = []
                var page = try fixture.store.thread(lesson.id, viewer: viewer, limit: 3)
                #expect((page == nil) == expected.isEmpty)
                while let current = page {
                    posts += current.posts
                    #expect(current.thread.postCount == expected.count)
                    #expect(current.thread.lastSequence == expected.last?.sequence)
                    guard current.hasMore, let last = current.posts.last else { break }
                    page = try fixture.store.thread(
                        lesson.id, viewer: viewer, after: last.sequence,
                        limit: Int.random(in: 1...4, using: &fixture.random))
                }
                #expect(posts == expected)
            }
        }
        #expect(try fixture.store.integrityProblems() == [])
    }

    @Test(arguments: [21, 22, 23, 24] as [UInt64])
    func `listings and counters count only what a viewer may see`(seed: UInt64) throws {
        print("seed \(seed)")
        let fixture = try Fixture(seed: seed)
        let (model, viewers) = try Self.generate(fixture)
        for viewer in viewers {
            let seen = model.seen(by: viewer)
            let threads = Dictionary(grouping: seen, by: \.post.thread)
            for order in [ThreadQuery.Order.newest, .lastActivity] {
                let key: ([(post: Post, stored: StoredPost)]) -> SequenceNumber = {
                    (order == .newest ? $0.first : $0.last)?.stored.sequence ?? 0
                }
                let expected = threads.values.sorted { key($0) > key($1) }
                var listed: [ThreadSummary] = []
                var query = ThreadQuery(order: order, limit: 7)
                while true {
                    let page = try fixture.store.threads(query, viewer: viewer)
                    listed += page
                    guard let last = page.last else { break }
                    query.before = order == .newest ? last.sequence : last.lastSequence
                }
                #expect(listed.map(\.id) == expected.compactMap { $0.first?.post.thread })
                #expect(listed.map(\.postCount) == expected.map(\.count))
                #expect(listed.map(\.lastSequence) == expected.map { $0.last?.stored.sequence ?? 0 })
            }
            for summary in try fixture.store.topics(viewer: viewer) {
                let ofTopic = seen.filter { $0.post.topic == summary.topic }
                #expect(summary.postCount == ofTopic.count)
                #expect(summary.threadCount == ofTopic.count { $0.post.body.kind == .lesson })
                #expect(summary.lastSequence == ofTopic.last?.stored.sequence ?? 0)
            }
        }
    }

    @Test(arguments: [31, 32, 33] as [UInt64])
    func `a filter selects by the thread's topic and facts, for posts and threads alike`(seed: UInt64) throws {
        print("seed \(seed)")
        let fixture = try Fixture(seed: seed)
        let (model, viewers) = try Self.generate(fixture)
        let patterns = ["#", "policing/#", "policing/+", "media", "!policing/reform", "cyber/cybercrime", "no/such"]
        for round in 0..<60 {
            let viewer = viewers[round % viewers.count]
            let lessons = model.facts.keys.sorted()
            func randomFilter(mayNameThreads: Bool = false) throws -> SubscriptionFilter {
                if mayNameThreads, fixture.random.chance(oneIn: 3) {
                    return SubscriptionFilter(threads: Set((0..<3).map { _ in fixture.random.pick(lessons) }))
                }
                var filter = SubscriptionFilter(
                    topics: try patterns.filter { _ in fixture.random.chance(oneIn: 3) }.map { try TopicFilter($0) })
                if fixture.random.chance(oneIn: 3) { filter.countries = ["AL", "it\"x"] }
                if fixture.random.chance(oneIn: 3) { filter.languages = ["en"] }
                if fixture.random.chance(oneIn: 3) { filter.organisationKinds = [.police, .media, .other] }
                if fixture.random.chance(oneIn: 4) {
                    filter.states = fixture.random.chance(oneIn: 2) ? [.observation] : [.rejected]
                }
                return filter
            }
            let filter = try randomFilter()
            let expected = model.seen(by: viewer).filter { entry in
                model.facts[entry.post.thread].map { filter.selects($0, of: entry.post.thread) } ?? false
            }
            #expect(try Self.readAll(fixture, viewer, filters: [filter]) == expected.map(\.stored))
            let union = try (0..<round % 4).map { _ in try randomFilter(mayNameThreads: true) }
            let ofUnion = model.seen(by: viewer).filter { entry in
                model.facts[entry.post.thread].map { facts in
                    union.contains { $0.selects(facts, of: entry.post.thread) }
                } ?? false
            }
            #expect(try Self.readAll(fixture, viewer, filters: union) == ofUnion.map(\.stored))
            let listed = try fixture.store.threads(ThreadQuery(filter: filter, limit: 500), viewer: viewer)
            let selected = expected.filter { $0.post.body.kind == .lesson }.map(\.post.id)
            #expect(listed.map(\.id) == selected.reversed())
        }
    }

    @Test func `a change of the named clients counts at once`() throws {
        let fixture = try Fixture()
        let author = try fixture.member()
        let named = try fixture.member(of: "media-de")
        let client = try fixture.member(of: "ngo-it")
        let audience = Audience(organisations: [named.organisation])
        try fixture.append(
            fixture.lesson(by: author, marking: .amber, audience: audience),
            fixture.lesson(by: author, marking: .amberStrict, audience: audience))
        func seen() throws -> [SequenceNumber] {
            try fixture.store.readLog(after: 0, viewer: client, maxPosts: 10, maxBytes: .max).posts.map(\.sequence)
        }
        #expect(try seen() == [])
        try fixture.store.setClients(of: named.organisation, to: [client.organisation], audit: fixture.audit())
        #expect(try seen() == [1])
        try fixture.store.setClients(of: named.organisation, to: [], audit: fixture.audit())
        #expect(try seen() == [])
    }
}
