import Foundation
import LessonModel
import Synchronization
import TestSupport
import Testing

@testable import Storage

@Suite struct SearchTests {
    @Test func `a lesson is found by words of all its texts, the title first`() throws {
        let world = try SearchWorld()
        let inBody = try world.lesson("Other", observation: "Complaints were handed in.")
        let inTitle = try world.lesson("Complaints rise", observation: "People came.")
        let inTags = try world.lesson("Third", tags: ["complaint"])
        #expect(try world.found("complaint") == [inTitle.id, inTags.id, inBody.id])
        #expect(try world.found("complaint people") == [inTitle.id])
        #expect(try world.found("complaint zebra") == [inTitle.id, inTags.id, inBody.id], "some of the words")
        #expect(try world.result("complaint zebra").match == .some)
        #expect(try world.found("compl* -people") == [inTags.id, inBody.id])
        #expect(try world.found("\"handed in\"") == [inBody.id])
        #expect(try world.found("\"in handed\"") == [])
    }

    @Test func `diacritics and case do not matter, in Latin and Cyrillic`() throws {
        let world = try SearchWorld()
        let polish = try world.lesson("Skargi na Policję w Łodzi")
        let russian = try world.lesson("Жалобы на полицию: отчёт")
        #expect(try world.found("policje lodzi") == [polish.id])
        #expect(try world.found("ОТЧЕТ") == [russian.id])
    }

    @Test func `parts of words are searched where words do not help`() throws {
        let world = try SearchWorld()
        let german = try world.lesson("Polizeibeschwerdestelle eingerichtet")
        #expect(try world.found("beschwerde") == [german.id])
        #expect(try world.result("beschwerde").match == .parts)
        #expect(try world.result("eingerichtet").match == .all)
        #expect(try world.found("xy") == [])
    }

    @Test func `a thread comes once, with the post that fits best`() throws {
        let world = try SearchWorld()
        let lesson = try world.lesson("About radios")
        let reply = try world.comment(on: lesson, "Batteries, batteries: ours failed as well.")
        let result = try world.result("batteries")
        #expect(result.hits.map(\.thread.id) == [lesson.id])
        #expect(result.hits.first.flatMap { world.read($0.post.post.content)?.id } == reply.id)
        #expect(result.threadCount == 1)
    }

    @Test func `of what very many posts have, the newest are found and those with it in their titles`() throws {
        let world = try SearchWorld()
        let titled = try world.lesson("Radios and their batteries", observation: "An old one.")
        let without = try world.lesson("Radios, no longer", observation: "Drones instead.")
        var others: [PostID] = []
        for index in 1...5 { others.append(try world.lesson("Number \(index)", observation: "The radios again.").id) }

        let few = try world.result(SearchQuery("radios -drones"), maxOpenPosts: 3)
        #expect(few.hits.first?.thread.id == titled.id, "the word in its title counts most")
        #expect(Set(few.hits.map(\.thread.id)) == Set(others.suffix(3) + [titled.id]))
        #expect(few.threadCount == 4 && few.hasMore)

        let all = try world.result(SearchQuery("radios -drones"), maxOpenPosts: 6)
        #expect(all.threadCount == 6 && !all.hasMore)
        #expect(!all.hits.contains { $0.thread.id == without.id })
        let here = SearchScope(filter: SubscriptionFilter(topics: [try TopicFilter("cyber/#")]))
        let there = try world.lesson("Elsewhere", observation: "Of radios.", topic: Fixture.topics[2])
        for _ in 1...4 { try world.lesson("Later", observation: "The radios again.") }
        let narrowed = try world.result(SearchQuery("radios"), here, maxOpenPosts: 3)
        #expect(narrowed.hits.map(\.thread.id) == [there.id], "what the scope leaves out does not count")
        #expect(!narrowed.hasMore)
    }

    @Test func `what is like a text shares its rare words, not those that most posts have`() throws {
        let world = try SearchWorld()
        let like = try world.lesson(
            "Quartz", observation: "An oscillator drifted, we replaced the crystal and learned.")
        for index in 1...20 { try world.lesson("Number \(index)", observation: "We replaced and learned, procedure.") }
        let text = "Learned procedure: replaced the drifted crystal of an oscillator."
        let query = try #require(SearchQuery(similarTo: text))
        #expect(try world.result(query, maxOpenPosts: 10).hits.map(\.thread.id) == [like.id])
        #expect(try world.result(query, maxOpenPosts: 1_000).threadCount == 21)
        // Where every word is common, the rarest are looked for all the same.
        let common = try #require(SearchQuery(similarTo: "learned replaced procedure number"))
        #expect(try world.result(common, maxOpenPosts: 10).hits.count >= 10)
    }

    @Test func `a scope narrows by topic, organisation, marking and time`() throws {
        let world = try SearchWorld()
        let here = try world.lesson("Radios here")
        let there = try world.lesson("Radios there", topic: Fixture.topics[2])
        let filter = SubscriptionFilter(topics: [try TopicFilter("cyber/#")])
        #expect(try world.found("radios", SearchScope(filter: filter)) == [there.id])
        let nowhere = SubscriptionFilter(topics: [try TopicFilter("arms/#")])
        #expect(try world.found("radios", SearchScope(filter: nowhere)) == [])
        #expect(try world.found("radios", SearchScope(markings: [.clear])) == [])
        let first = try #require(try world.result("here").hits.first).post.receivedAt
        #expect(try world.found("radios", SearchScope(before: first + 1)) == [here.id])
        #expect(try world.found("radios", SearchScope(since: first + 1)) == [there.id])
        #expect(try world.found("radios", SearchScope(organisation: world.fixture.slugValue("nobody"))) == [])
    }

    @Test func `a store from before search is indexed when it is opened and searched`() throws {
        let world = try SearchWorld()
        let lesson = try world.lesson("Radios")
        try world.fixture.reopen()
        #expect(world.fixture.store.hasUnindexedPosts)
        #expect(try world.found("radios") == [lesson.id])
        #expect(!world.fixture.store.hasUnindexedPosts)
    }

    /// For each viewer, what a store answers that holds only the posts that are for them.
    @Test(arguments: [UInt64.random(in: 0...UInt64.max)])
    func `what is for others changes neither the hits nor their order nor the count`(seed: UInt64) throws {
        print("seed \(seed)")
        let world = try SearchWorld(seed: seed)
        var random = SeededRandom(seed: seed)
        let others = try (0..<3).map { try world.fixture.member(of: "other-\($0)") }
        let viewers = others + [world.author]
        let words = ["radio", "camera", "court", "border", "victim", "force"]
        var posts: [(post: Post, visible: Set<MemberID>)] = []
        for _ in 0..<60 {
            let author = viewers.randomElement(using: &random) ?? world.author
            let named = viewers.randomElement(using: &random) ?? world.author
            let title = (0..<Int.random(in: 1...5, using: &random)).compactMap { _ in
                words.randomElement(using: &random)
            }.joined(separator: " ")
            let marking = [Marking.green, .green, .amberStrict, .red].randomElement(using: &random) ?? .green
            let audience: Audience =
                switch marking {
                case .amberStrict: Audience(organisations: [named.organisation])
                case .red: Audience(members: [named.member])
                default: .everybody
                }
            let post = world.fixture.lesson(by: author, marking: marking, audience: audience, title: title)
            let visibility = Visibility(
                marking: marking, audience: audience, author: author.member, organisation: author.organisation)
            try world.append(post)
            posts.append((post, Set(viewers.filter { visibility.allows($0, clients: { _ in [] }) }.map(\.member))))
        }
        for viewer in viewers {
            let alone = try SearchWorld(seed: seed)
            for other in others { try alone.know(other) }
            try alone.know(world.author)
            for (post, visible) in posts where visible.contains(viewer.member) { try alone.append(post) }
            for word in words {
                let all = try world.result(word, as: viewer)
                let own = try alone.result(word, as: viewer)
                #expect(all.hits.map(\.thread.title) == own.hits.map(\.thread.title), "\(word)")
                #expect(all.threadCount == own.threadCount)
                #expect(
                    Set(all.hits.map(\.thread.id)).isSubset(
                        of: posts.filter { $0.1.contains(viewer.member) }.map(\.post.id)))
            }
        }
    }
}

/// A store whose posts can be read again by their content, as the relay's can.
final class SearchWorld {
    let fixture: Fixture
    let author: Viewer
    private let readable = Readable()

    init(seed: UInt64 = 1) throws {
        fixture = try Fixture(seed: seed)
        author = try fixture.member()
    }

    func know(_ viewer: Viewer) throws {
        guard try fixture.store.organisation(viewer.organisation) == nil else { return }
        try fixture.store.addOrganisation(
            Organisation(slug: viewer.organisation, name: "Known", country: "AL", kind: .police), audit: fixture.audit()
        )
    }

    @discardableResult
    func lesson(
        _ title: String, observation: String = "It happened.", tags: [String] = [], topic: Topic = Fixture.topics[0]
    ) throws -> Post {
        var post = fixture.lesson(by: author, topic: topic, title: title)
        post.body = .lesson(
            Lesson(title: title, observation: observation, recommendation: "Do better.", tags: tags))
        return try append(post)
    }

    func comment(on lesson: Post, _ text: String) throws -> Post {
        var post = fixture.comment(by: author, on: lesson)
        post.body = .comment(Comment(parent: lesson.id, text: text))
        return try append(post)
    }

    @discardableResult
    func append(_ post: Post) throws -> Post {
        let request = fixture.request(post)
        readable.add(post, request.signed.content)
        _ = try fixture.store.append([request], receivedAt: fixture.tick())
        return post
    }

    func read(_ content: [UInt8]) -> Post? { readable.post(content) }

    func result(_ text: String, _ scope: SearchScope = SearchScope(), as viewer: Viewer? = nil) throws -> SearchResult {
        try result(SearchQuery(text), scope, as: viewer)
    }

    func result(
        _ query: SearchQuery, _ scope: SearchScope = SearchScope(), as viewer: Viewer? = nil,
        maxOpenPosts: Int = SearchResult.maxOpenPosts
    ) throws -> SearchResult {
        let readable = readable
        try fixture.store.indexForSearch { readable.post($0) }
        return try fixture.store.search(
            query, in: scope, viewer: viewer ?? author, limit: 100, maxOpenPosts: maxOpenPosts
        ) { readable.post($0) }
    }

    func found(_ text: String, _ scope: SearchScope = SearchScope()) throws -> [PostID] {
        try result(text, scope).hits.map(\.thread.id)
    }
}

/// Which post each signed content stands for: the fixture's contents are random bytes.
private final class Readable: Sendable {
    private let posts = Mutex<[[UInt8]: Post]>([:])

    func add(_ post: Post, _ content: [UInt8]) { posts.withLock { $0[content] = post } }
    func post(_ content: [UInt8]) -> Post? { posts.withLock { $0[content] } }
}

@Suite struct MirrorSearchTests {
    private let fixture: Fixture
    private let author: Viewer
    private let mirror: ClientMirror
    private let readable = Readable()

    init() throws {
        fixture = try Fixture()
        author = try fixture.member()
        mirror = try ClientMirror(directory: fixture.directory.path, relayID: "relay-1")
    }

    private func store(_ title: String, at sequence: SequenceNumber) throws -> Post {
        let post = fixture.lesson(by: author, title: title)
        let signed = fixture.request(post).signed
        readable.add(post, signed.content)
        try mirror.store([
            MirroredPost(
                stored: StoredPost(sequence: sequence, receivedAt: sequence, post: signed), post: post,
                verification: .verified)
        ])
        return post
    }

    private func found(_ text: String, _ listing: MirrorQuery = MirrorQuery()) throws -> [PostID] {
        try mirror.search(try SearchQuery(text), in: listing) { readable.post($0) }.hits.map(\.thread.id)
    }

    @Test func `what was received is found, also what came later and lies before`() throws {
        let later = try store("Radios fail", at: 9)
        #expect(try found("radio") == [later.id])
        let earlier = try store("Radio radio", at: 4)
        #expect(try found("radio") == [earlier.id, later.id])
        #expect(try found("adio") == [earlier.id, later.id])
        #expect(try found("radio", MirrorQuery(limit: 1)) == [earlier.id])
        let nowhere = SubscriptionFilter(topics: [try TopicFilter("media")])
        #expect(try found("radio", MirrorQuery(filter: nowhere)) == [])
    }

    @Test func `of what very many posts have, the newest are found and those with it in their titles`() throws {
        let titled = try store("What happened", at: 1)
        var others: [PostID] = []
        for sequence: SequenceNumber in 2...6 { others.append(try store("Number \(sequence)", at: sequence).id) }
        func search(_ listing: MirrorQuery = MirrorQuery(), maxPosts: Int) throws -> MirrorSearchResult {
            try mirror.search(SearchQuery("happened"), in: listing, maxPosts: maxPosts) { readable.post($0) }
        }
        let few = try search(maxPosts: 2)
        #expect(few.hits.map(\.thread.id) == [titled.id] + others.suffix(2).reversed())
        #expect(few.threadCount == 3 && few.hasMore)
        let all = try search(MirrorQuery(limit: 1), maxPosts: 6)
        #expect(all.hits.count == 1 && all.threadCount == 6 && !all.hasMore)
        let nobody = MirrorQuery(organisation: OrganisationSlug("nobody"))
        #expect(try search(nobody, maxPosts: 2).hits.isEmpty)
        #expect(try search(MirrorQuery(organisation: author.organisation), maxPosts: 6).threadCount == 6)
    }

    @Test func `what was purged is found no more, and its words are gone from the file`() throws {
        let secret = try store("Zanzibarquux", at: 1)
        let other = try store("Radio", at: 2)
        #expect(try found("zanzibarquux") == [secret.id])
        try mirror.purge([secret.id])
        #expect(try found("zanzibarquux") == [])
        #expect(try found("radio") == [other.id])
        let bytes = try fileBytes(fixture.directory.path + "/mirror.sqlite")
        #expect(bytes.firstRange(of: Array("zanzibarquux".utf8)) == nil)
        #expect(bytes.firstRange(of: Array("quux".utf8)) == nil)
    }
}
