import LessonModel
import Testing

@testable import Storage

struct LogReadingTests {
    @Test func `a page ends at its limits and the next one goes on from there`() throws {
        let fixture = try Fixture()
        let author = try fixture.member()
        let posts = (0..<10).map { _ in fixture.lesson(by: author) }
        _ = try fixture.store.append(posts.map { fixture.request($0, contentBytes: 930) }, receivedAt: fixture.tick())
        let byCount = try fixture.store.readLog(after: 0, viewer: author, maxPosts: 4, maxBytes: .max)
        #expect(byCount.posts.map(\.sequence) == [1, 2, 3, 4])
        #expect(byCount.scannedThrough == 4)
        let byBytes = try fixture.store.readLog(after: 4, viewer: author, maxPosts: 10, maxBytes: 3_500)
        #expect(byBytes.posts.map(\.sequence) == [5, 6, 7])
        #expect(byBytes.scannedThrough == 7)
        let tooBig = try fixture.store.readLog(after: 7, viewer: author, maxPosts: 10, maxBytes: 1)
        #expect(tooBig.posts.map(\.sequence) == [8])
        let bounded = try fixture.store.readLog(after: 7, through: 9, viewer: author, maxPosts: 10, maxBytes: .max)
        #expect(bounded.posts.map(\.sequence) == [8, 9])
        #expect(bounded.scannedThrough == 9)
    }

    @Test func `a page never claims to have looked beyond the head`() throws {
        let fixture = try Fixture()
        let author = try fixture.member()
        try fixture.append(fixture.lesson(by: author))
        let page = try fixture.store.readLog(after: 0, through: .max, viewer: author, maxPosts: 10, maxBytes: .max)
        #expect(page.scannedThrough == 1)
        let beyond = try fixture.store.readLog(after: 50, viewer: author, maxPosts: 10, maxBytes: .max)
        #expect(beyond == LogPage(posts: [], scannedThrough: 50))
        for odd: SequenceNumber in [.min, -1, .max] {
            _ = try fixture.store.readLog(after: odd, through: odd, viewer: author, maxPosts: -1, maxBytes: -1)
        }
        #expect(try fixture.store.readLog(after: .min, viewer: author, maxPosts: 1, maxBytes: 1).posts.count == 1)
    }

    @Test func `one call looks at a bounded stretch and tells how far it came`() throws {
        let fixture = try Fixture()
        let author = try fixture.member()
        let other = try fixture.member(of: "media-de")
        let hidden = (0..<5_000).map { _ in fixture.lesson(by: author, marking: .red) }
        _ = try fixture.store.append(hidden.map { fixture.request($0, contentBytes: 8) }, receivedAt: fixture.tick())
        try fixture.append(fixture.lesson(by: author))
        let first = try fixture.store.readLog(after: 0, viewer: other, maxPosts: 10, maxBytes: .max)
        #expect(first == LogPage(posts: [], scannedThrough: RelayStore.maxScannedPerPage))
        let second = try fixture.store.readLog(after: 4_096, viewer: other, maxPosts: 10, maxBytes: .max)
        #expect(second.posts.map(\.sequence) == [5_001])
        #expect(second.scannedThrough == 5_001)
    }

    @Test func `a filter that is in use takes in a topic that is added`() throws {
        let fixture = try Fixture()
        let author = try fixture.member()
        let filter = SubscriptionFilter(topics: [try TopicFilter("#"), try TopicFilter("!media")])
        func seen() throws -> [SequenceNumber] {
            try fixture.store.readLog(after: 0, viewer: author, filters: [filter], maxPosts: 10, maxBytes: .max).posts
                .map(\.sequence)
        }
        try fixture.append(fixture.lesson(by: author), fixture.lesson(by: author, topic: Fixture.topics[3]))
        #expect(try seen() == [1])
        let borders = try #require(Topic("borders"))
        try fixture.store.addTopics([TopicDescription(topic: borders, description: "")], audit: fixture.audit())
        try fixture.append(fixture.lesson(by: author, topic: borders))
        #expect(try seen() == [1, 3])
    }

    @Test func `a time is found in the log even when the clock stepped backwards`() throws {
        let fixture = try Fixture()
        let author = try fixture.member()
        let hour: Milliseconds = 3_600_000
        let start: Milliseconds = 1_790_000_000_000 / hour * hour
        let times = [start, start + hour * 3, start + hour, start + hour + 5, start + hour * 5, start - hour]
        for time in times {
            _ = try fixture.store.append([fixture.request(fixture.lesson(by: author))], receivedAt: time)
        }
        for probe in [0, start - hour, start, start + 1, start + hour, start + hour * 4, start + hour * 6, .max, .min] {
            let expected = times.firstIndex { $0 >= probe }.map { SequenceNumber($0) } ?? 6
            #expect(try fixture.store.sequence(atTime: probe) == expected, "probe \(probe)")
        }
        try fixture.reopen()
        #expect(try fixture.store.sequence(atTime: start + hour * 2) == 1)
    }

    @Test func `a listing narrows by the lesson's organisation and shows what it needs`() throws {
        let fixture = try Fixture()
        let author = try fixture.member()
        let other = try fixture.member(of: "media-de")
        let lesson = fixture.lesson(by: author, marking: .clear, language: "sq", title: "Türkçe — \u{1F600}")
        let time = fixture.tick()
        _ = try fixture.store.append([fixture.request(lesson)], receivedAt: time)
        try fixture.append(fixture.lesson(by: other))
        let listed = try fixture.store.threads(ThreadQuery(organisation: author.organisation), viewer: other)
        #expect(
            listed == [
                ThreadSummary(
                    id: lesson.id, sequence: 1, lastSequence: 1, topic: lesson.topic, title: "Türkçe — \u{1F600}",
                    language: "sq", state: .observation, marking: .clear, organisation: author.organisation,
                    author: author.member, country: "AL", postCount: 1, createdAt: lesson.createdAt, receivedAt: time,
                    reception: ThreadReception())
            ])
        #expect(try fixture.store.threads(ThreadQuery(limit: -3), viewer: other).count == 1)
        #expect(try fixture.store.threads(ThreadQuery(before: .min, limit: .max), viewer: other) == [])
    }

    @Test func `reads go on while posts are appended, each from one instant`() async throws {
        let fixture = try Fixture()
        let author = try fixture.member()
        let batches = (0..<40).map { _ in (0..<8).map { _ in fixture.request(fixture.lesson(by: author)) } }
        let store = fixture.store
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { for batch in batches { _ = try store.append(batch, receivedAt: 1) } }
            for _ in 0..<2 {
                group.addTask {
                    for _ in 0..<100 {
                        let page = try store.readLog(after: 0, viewer: author, maxPosts: 1_000, maxBytes: .max)
                        #expect(page.posts.count % 8 == 0)
                        #expect(page.posts.map(\.sequence) == (0..<page.posts.count).map { SequenceNumber($0 + 1) })
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(store.head() == 320)
    }
}
