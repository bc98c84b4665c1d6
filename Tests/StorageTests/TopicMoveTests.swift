import LessonModel
import TestSupport
import Testing

@testable import Storage

@Suite struct TopicMoveTests {
    private let fixture: Fixture
    private let police: Viewer
    private let community = Fixture.topics[0]
    private let security: Topic

    init() throws {
        fixture = try Fixture()
        police = try fixture.member(of: "police-al")
        security = try #require(Topic("security"))
        let policing = TopicDescription(topic: try #require(Topic("policing")), description: "")
        try fixture.store.addTopics([policing], audit: fixture.audit())
    }

    private var store: RelayStore { fixture.store }

    @discardableResult
    private func move(_ from: Topic, to: Topic) throws -> [Topic] {
        try store.moveTopic(TopicMove(from: from, to: to), audit: fixture.audit("topic.move"))
    }

    private func filter(_ texts: String...) throws -> SubscriptionFilter {
        SubscriptionFilter(topics: try texts.map { try TopicFilter($0) })
    }

    @Test func `threads go along with their topic, and what was signed before and after by its former name`() throws {
        let early = fixture.lesson(by: police, title: "Early")
        let reply = fixture.comment(by: police, on: early)
        try fixture.append(early)
        #expect(try move(community, to: security) == [community])
        let late = fixture.lesson(by: police, title: "Late")
        let new = fixture.lesson(by: police, topic: security, title: "New")
        let logged = try fixture.append(reply, late, new)
        #expect(logged.map(\.facts.topic) == [security, security, security])
        let threads = try store.threads(ThreadQuery(), viewer: police)
        #expect(Set(threads.map(\.topic)) == [security])
        let summary = try #require(try store.topics(viewer: police).first { $0.topic == security })
        #expect(summary.threadCount == 3 && summary.postCount == 4 && summary.formerNames == [community])
        #expect(
            try store.threads(ThreadQuery(filter: filter("security")), viewer: police).count == 3)
        #expect(try store.integrityProblems() == [])
        try fixture.reopen()
        #expect(try fixture.append(fixture.lesson(by: police, title: "Later")).map(\.facts.topic) == [security])
    }

    @Test func `a reader of the log gets the topic by what selects it now, with what it had before`() throws {
        try fixture.append(fixture.lesson(by: police))
        func count(_ text: String) throws -> Int {
            try store.readLog(after: 0, viewer: police, filters: [filter(text)], maxPosts: 10, maxBytes: .max).posts
                .count
        }
        #expect(try count("policing/#") == 1)
        #expect(try count("security") == 0)
        try move(community, to: security)
        #expect(try count("policing/#") == 0)
        #expect(try count("security") == 1)
        try move(security, to: community)
        #expect(try count("policing/#") == 1)
        #expect(try count("security") == 0)
    }

    @Test func `subscriptions, curators and posts that wait mean the same topics afterwards`() throws {
        let curator = try fixture.member(of: "oversight", roles: [.curator])
        try store.setRoles(
            [.curator], curating: [community, Fixture.topics[3]], of: curator.member, audit: fixture.audit())
        try store.saveSubscription(
            member: police.member, durable: "desk", filters: [filter("policing/#", "media"), filter("cyber/#")],
            start: .after(0), at: 1)
        try store.changeTopic(
            community, description: nil, isArchived: nil, isModerated: true, audit: fixture.audit())
        let waiting = fixture.lesson(by: police)
        #expect(try store.append([fixture.request(waiting)], receivedAt: fixture.tick())[0].name == "held")
        try move(community, to: security)
        let filters = try #require(try store.subscription(member: police.member, durable: "desk")).filters
        #expect(filters == [try filter("policing/#", "media", "security/#"), try filter("cyber/#")])
        #expect(try store.member(curator.member)?.curatedTopics == [security, Fixture.topics[3]])
        let held = try store.heldPosts(limit: 10)
        #expect(held.map(\.topic) == [security])
        let late = fixture.lesson(by: police)
        #expect(try store.append([fixture.request(late)], receivedAt: fixture.tick())[0].name == "held")
        #expect(try store.heldPosts(limit: 10).map(\.topic) == [security, security])
    }

    @Test func `a move that cannot be changes nothing and says why`() throws {
        let reform = Fixture.topics[1]
        let before = try store.topics(viewer: police)
        #expect(throws: StorageError.notFound("topic security")) { try move(security, to: try #require(Topic("x"))) }
        #expect(throws: StorageError.notFound("topic nowhere")) {
            try move(community, to: try #require(Topic("nowhere/x")))
        }
        #expect(throws: StorageError.alreadyExists("the topic policing/reform")) { try move(community, to: reform) }
        #expect(try store.topics(viewer: police) == before)
        try move(community, to: security)
        #expect(throws: StorageError.alreadyExists("the former name policing/community of the topic security")) {
            try move(reform, to: community)
        }
        #expect(throws: StorageError.alreadyExists("the former name policing/community of the topic security")) {
            try store.addTopics([TopicDescription(topic: community, description: "")], audit: fixture.audit())
        }
        #expect(try store.verifyAuditChain().firstBroken == nil)
    }

    @Test func `a mirror calls threads by the name that their topic has now`() throws {
        let directory = try TemporaryDirectory()
        let mirror = try ClientMirror(directory: directory.path, relayID: "r")
        func keep(_ lesson: Post) throws {
            let logged = try fixture.append(lesson)
            try mirror.store(logged.map { MirroredPost(stored: $0.stored, post: lesson, verification: .verified) })
        }
        try keep(fixture.lesson(by: police))
        try mirror.setTopics([MirrorTopic(topic: community, description: "")])
        try mirror.setTopics([MirrorTopic(topic: security, formerNames: [community], description: "")])
        try keep(fixture.lesson(by: police))
        #expect(try mirror.threads(MirrorQuery()).map(\.topic) == [security, security])
        #expect(try mirror.threads(MirrorQuery(filter: filter("policing/community"))).count == 2)
        #expect(try mirror.topics().map(\.topic) == [security])
        try mirror.setTopics([MirrorTopic(topic: community, formerNames: [security], description: "")])
        #expect(try mirror.threads(MirrorQuery()).map(\.topic) == [community, community])
        try mirror.close()
    }
}
