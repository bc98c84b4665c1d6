import LessonModel
import TestSupport
import Testing

@testable import Storage

struct ClientMirrorTests {
    private let fixture: Fixture
    private let author: Viewer

    init() throws {
        fixture = try Fixture()
        author = try fixture.member()
    }

    private func mirror() throws -> ClientMirror {
        try ClientMirror(directory: fixture.directory.path, relayID: "relay-1")
    }

    private func mirrored(
        _ post: Post, _ sequence: SequenceNumber, _ verification: PostVerification = .verified
    ) -> MirroredPost {
        let stored = StoredPost(
            sequence: sequence, receivedAt: sequence * 10, post: fixture.request(post).signed)
        return MirroredPost(stored: stored, post: post, verification: verification)
    }

    @Test func `a post received twice is stored once, and keeps its bytes`() throws {
        let lesson = fixture.lesson(by: author)
        let first = mirrored(lesson, 4, .unchecked)
        var checked = first
        checked.verification = .verified
        do {
            let mirror = try mirror()
            #expect(try mirror.store([first], cursor: ("desk", 4)) == [4])
            #expect(try mirror.unchecked(limit: 9).map(\.id) == [lesson.id])
        }
        let mirror = try mirror()
        #expect(try mirror.store([checked, mirrored(fixture.comment(by: author, on: lesson), 6)]) == [6])
        let entry = try #require(try mirror.post(lesson.id))
        #expect(entry.stored == first.stored)
        #expect(entry.verification == .verified)
        #expect(try mirror.unchecked(limit: 9) == [])
        #expect(try mirror.cursor(durable: "desk") == 4)
        #expect(try mirror.posts(after: 4, limit: 10).map(\.stored.sequence) == [6])
        #expect(try mirror.thread(lesson.id).map(\.stored.sequence) == [4, 6])
        #expect(try mirror.counts() == MirrorCounts(threads: 1, posts: 2, lastSequence: 6))
    }

    @Test func `another post with a number that is taken is refused, and nothing is stored`() throws {
        let mirror = try mirror()
        try mirror.store([mirrored(fixture.lesson(by: author), 1)])
        #expect(throws: StorageError.alreadyExists("another post with the sequence number 1")) {
            try mirror.store(
                [mirrored(fixture.lesson(by: author), 2), mirrored(fixture.lesson(by: author), 1)], cursor: ("desk", 2))
        }
        #expect(try mirror.counts().posts == 1)
        #expect(try mirror.cursor(durable: "desk") == 0)
    }

    @Test func `cursor and what was shown rise apart, and a reset puts both back`() throws {
        let mirror = try mirror()
        try mirror.setCursor(9, durable: "desk")
        try mirror.setShownThrough(5, durable: "desk")
        try mirror.setCursor(3, durable: "desk")
        try mirror.setShownThrough(-1, durable: "desk")
        #expect(try mirror.cursor(durable: "desk") == 9)
        #expect(try mirror.shownThrough(durable: "desk") == 5)
        #expect(try mirror.shownThrough(durable: "other") == 0)
        try mirror.reset(durable: "desk", to: 2)
        #expect(try mirror.cursor(durable: "desk") == 2)
        #expect(try mirror.shownThrough(durable: "desk") == 2)
    }

    @Test func `a mirror of another relay is refused`() throws {
        _ = try mirror()
        #expect(throws: StorageError.foreignRelay(expected: "relay-2", found: "relay-1")) {
            try ClientMirror(directory: fixture.directory.path, relayID: "relay-2")
        }
    }

    @Test func `threads are listed by age or activity, filtered and paged`() throws {
        let mirror = try mirror()
        let lessons = [
            fixture.lesson(by: author, language: "en-GB"), fixture.lesson(by: author, topic: Fixture.topics[3]),
            fixture.lesson(by: author, language: "fr"),
        ]
        try mirror.store(lessons.enumerated().map { mirrored($1, SequenceNumber($0 + 1)) })
        try mirror.store([mirrored(fixture.comment(by: author, on: lessons[0]), 4)])
        #expect(try mirror.threads(MirrorQuery()).map(\.sequence) == [3, 2, 1])
        let active = try mirror.threads(MirrorQuery(order: .lastActivity))
        #expect(active.map(\.lastSequence) == [4, 3, 2])
        #expect(active.map(\.postCount) == [2, 1, 1])
        #expect(try mirror.threads(MirrorQuery(order: .lastActivity, before: 4, limit: 1)).map(\.sequence) == [3])
        let filter = SubscriptionFilter(topics: [try TopicFilter("policing/#")], languages: ["en"])
        #expect(try mirror.threads(MirrorQuery(filter: filter)).map(\.id) == [lessons[0].id])
        let other = try fixture.slugValue("nobody-here")
        #expect(try mirror.threads(MirrorQuery(organisation: other)) == [])
    }

    @Test func `purged posts leave no text in the file`() throws {
        let lesson = fixture.lesson(by: author, title: "A title to be forgotten for good")
        let mirror = try mirror()
        try mirror.store([mirrored(lesson, 1)])
        let path = fixture.directory.file("mirror.sqlite")
        let needle = Array("to be forgotten".utf8)
        #expect(try fileBytes(path).contains(needle))
        #expect(try mirror.purge([lesson.id, fixture.postID()]) == 1)
        #expect(try mirror.post(lesson.id) == nil)
        try mirror.close()
        #expect(try !fileBytes(path).contains(needle))
    }

    @Test func `certificates are kept by fingerprint`() throws {
        let mirror = try mirror()
        try mirror.storeCertificate([1, 2, 3], fingerprint: [9])
        try mirror.storeCertificate([1, 2, 3], fingerprint: [9])
        #expect(try mirror.certificate(fingerprint: [9]) == [1, 2, 3])
        #expect(try mirror.certificate(fingerprint: [8]) == nil)
    }

    @Test func `two at once may use one mirror`() async throws {
        let (one, two) = (try mirror(), try mirror())
        let posts = (0..<80).map { mirrored(fixture.lesson(by: author), SequenceNumber($0 + 1)) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for mirror in [one, two] {
                group.addTask { for post in posts { try mirror.store([post]) } }
            }
            try await group.waitForAll()
        }
        #expect(try one.counts().posts == 80)
    }
}
