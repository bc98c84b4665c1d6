import LessonModel
import PKI
import Synchronization
import TestSupport
import Testing

@testable import Storage

@Suite struct StatisticsTests {
    private static let week: Milliseconds = 7 * 86_400_000

    private final class Contents: Sendable {
        private let posts = Mutex<[[UInt8]: Post]>([:])

        func keep(_ request: AppendRequest) { posts.withLock { $0[request.signed.content] = request.post } }
        var decode: @Sendable ([UInt8]) -> Post? { { content in self.posts.withLock { $0[content] } } }
    }

    private final class World {
        let fixture: Fixture
        let contents = Contents()
        let author: Viewer
        let other: Viewer
        let curator: Viewer
        var time: Milliseconds = 1_800_000_000_000

        init() throws {
            fixture = try Fixture()
            author = try fixture.member()
            other = try fixture.member(of: "ge-police")
            curator = try fixture.member(of: "md-academy", roles: [.curator])
        }

        @discardableResult
        func append(_ post: Post, country: String? = "AL") throws -> Post {
            let request = fixture.request(post, country: country, rights: ThreadRights(isCurator: true))
            contents.keep(request)
            let outcome = try fixture.store.append([request], receivedAt: time, decode: contents.decode)[0]
            #expect(outcome.logged != nil, "\(post.body.kind) \(outcome.name)")
            return post
        }

        /// A lesson that is learned after `span`.
        func learn(_ lesson: Post, after span: Milliseconds) throws {
            let report = try append(
                fixture.post(
                    .applicationReport(ApplicationReport(status: .adopted, outcome: "Done.", evidence: "Figures.")),
                    by: other, on: lesson))
            let start = time
            time = start + span
            try append(
                fixture.post(
                    .stateChange(StateChange(from: .observation, to: .lessonIdentified, reason: "r")), by: curator,
                    on: lesson))
            try append(
                fixture.post(
                    .stateChange(
                        StateChange(from: .lessonIdentified, to: .lessonLearned, reason: "r", evidence: [report.id])),
                    by: curator, on: lesson))
            time = start
        }

        func statistics(_ viewer: Viewer, _ filter: SubscriptionFilter? = nil) throws -> LessonStatistics {
            try fixture.store.statistics(filter, since: nil, before: nil, viewer: viewer, decode: contents.decode)
        }
    }

    @Test func `lessons are counted by state, topic, country and month, and by how long they took`() throws {
        let world = try World()
        for span in 1...3 {
            let lesson = try world.append(world.fixture.lesson(by: world.author))
            try world.learn(lesson, after: Milliseconds(span) * Self.week)
        }
        for _ in 0..<4 { try world.append(world.fixture.lesson(by: world.author, topic: Fixture.topics[1])) }
        world.time += 40 * 86_400_000
        for _ in 0..<3 {
            try world.append(world.fixture.lesson(by: world.author, topic: Fixture.topics[1]), country: nil)
        }
        let found = try world.statistics(world.curator)
        #expect(found.lessons == 10)
        #expect(found.byState.map(\.lessons) == [7, 0, 3, 0, 0, 0])
        #expect(found.byTopic.map(\.name) == ["policing/community", "policing/reform"])
        #expect(found.byTopic.map(\.lessons) == [3, 7])
        #expect(found.byCountry == [.init(name: "", lessons: 3), .init(name: "AL", lessons: 7)])
        #expect(found.byMonth == [.init(name: "2027-01", lessons: 7), .init(name: "2027-02", lessons: 3)])
        #expect(found.learning?.lessons == 3)
        #expect(found.learning?.median == 2 * Self.week)
        #expect(found.unapplied == 7)
        let some = try world.statistics(
            world.curator, SubscriptionFilter(topics: [try TopicFilter("policing/reform")]))
        #expect(some.lessons == 7 && some.byTopic.count == 1)
    }

    @Test func `what is for others changes no number`() throws {
        let world = try World()
        for _ in 0..<5 { try world.append(world.fixture.lesson(by: world.author)) }
        let before = try world.statistics(world.curator)
        let hidden = try world.append(world.fixture.lesson(by: world.author, marking: .amberStrict))
        let open = try #require(try world.fixture.store.threads(ThreadQuery(), viewer: world.curator).first)
        let lesson = try #require(try world.fixture.store.posts(ids: [open.id], viewer: world.curator).first)
        try world.append(
            world.fixture.post(
                .applicationReport(ApplicationReport(status: .adopted, outcome: "Done.")), by: world.other,
                on: try #require(world.contents.decode(lesson.post.content)), marking: .amberStrict))
        #expect(try world.statistics(world.curator) == before)
        let own = try world.statistics(world.author)
        #expect(own.lessons == 6, "its author sees \(hidden.id)")
        #expect(try world.statistics(world.other).unapplied == 4, "who sees the report")
    }

    @Test func `small counts are withheld, and one more where a single one could be computed`() {
        func withheld(_ counts: [Int]) -> [Int?] {
            LessonStatistics.withholding(counts.map { .init(name: "", lessons: $0) }).map(\.lessons)
        }
        #expect(withheld([7, 3, 9]) == [7, 3, 9])
        #expect(withheld([7, 2, 9]) == [nil, nil, 9])
        #expect(withheld([7, 2, 1]) == [7, nil, nil])
        #expect(withheld([2]) == [nil])
        #expect(withheld([0, 3, 9]) == [0, 3, 9])
        #expect(LessonStatistics.learning([1, 2]) == nil)
    }

    @Test func `an organisation owes a report on identified lessons of others that it may see, until it has said`()
        throws
    {
        let world = try World()
        let lesson = try world.append(world.fixture.lesson(by: world.author))
        try world.append(world.fixture.lesson(by: world.author))
        let hidden = try world.append(world.fixture.lesson(by: world.author, marking: .amberStrict))
        for (thread, marking) in [(lesson, Marking.green), (hidden, .amberStrict)] {
            try world.append(
                world.fixture.post(
                    .stateChange(StateChange(from: .observation, to: .lessonIdentified, reason: "r")), by: world.author,
                    on: thread, marking: marking))
        }
        func owed(_ viewer: Viewer, _ topic: String? = nil) throws -> [PostID] {
            let filters = try topic.map { [SubscriptionFilter(topics: [try TopicFilter($0)])] }
            return try world.fixture.store.owedReports(filters, viewer: viewer, limit: 10).map(\.id)
        }
        #expect(try owed(world.other) == [lesson.id])
        #expect(try owed(world.author).isEmpty, "its own")
        #expect(try owed(world.other, "media") == [])
        #expect(try owed(world.other, "policing/#") == [lesson.id])
        func report(_ status: ApplicationReport.Status) throws {
            try world.append(
                world.fixture.post(
                    .applicationReport(ApplicationReport(status: status, outcome: "Done.")), by: world.other, on: lesson
                ))
        }
        try report(.considering)
        #expect(try owed(world.other) == [lesson.id])
        try report(.notApplicable)
        #expect(try owed(world.other) == [])
    }
}
