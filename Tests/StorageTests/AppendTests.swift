import LessonModel
import Testing

@testable import Storage

struct AppendTests {
    @Test func `posts get rising numbers in the log and in their topic`() throws {
        let fixture = try Fixture()
        let author = try fixture.member()
        let first = fixture.lesson(by: author)
        let logged = try fixture.append(
            first, fixture.lesson(by: author, topic: Fixture.topics[1]), fixture.comment(by: author, on: first))
        #expect(logged.map(\.stored.sequence) == [1, 2, 3])
        try fixture.reopen()
        let after = try fixture.append(fixture.lesson(by: author))
        #expect(after.map(\.stored.sequence) == [4])
        #expect(fixture.store.head() == 4)
        #expect(try fixture.store.integrityProblems() == [])
    }

    @Test func `what was appended comes back byte by byte after a restart`() throws {
        let fixture = try Fixture()
        let author = try fixture.member()
        let post = fixture.lesson(by: author)
        let request = fixture.request(post, contentBytes: 300_000)
        let time = fixture.tick()
        let logged = try fixture.store.append([request], receivedAt: time).compactMap(\.logged)
        #expect(logged.first?.stored.post == request.signed)
        #expect(logged.first?.stored.receivedAt == time)
        try fixture.reopen()
        #expect(try fixture.store.posts(ids: [post.id], viewer: author) == logged.map(\.stored))
    }

    @Test func `a repeated post gets its first answer, in a later batch and in the same`() throws {
        let fixture = try Fixture()
        let author = try fixture.member()
        let one = fixture.request(fixture.lesson(by: author))
        let two = fixture.request(fixture.lesson(by: author))
        let time = fixture.tick()
        let outcomes = try fixture.store.append([one, one, two], receivedAt: time)
        #expect(outcomes.map(\.name) == ["appended", "duplicate", "appended"])
        #expect(outcomes[1].duplicate == PostPlace(sequence: 1, receivedAt: time))
        #expect(outcomes[2].logged?.stored.sequence == 2)
        try fixture.reopen()
        let again = try fixture.store.append([one], receivedAt: fixture.tick())
        #expect(again[0].duplicate == PostPlace(sequence: 1, receivedAt: time))
        #expect(fixture.store.head() == 2)
    }

    @Test func `another content under the same id is a conflict`() throws {
        let fixture = try Fixture()
        let author = try fixture.member()
        let post = fixture.lesson(by: author)
        let outcomes = try fixture.store.append(
            [fixture.request(post), fixture.request(post)], receivedAt: fixture.tick())
        #expect(outcomes.map(\.name) == ["appended", "conflict"])
    }

    @Test func `an unknown or archived topic takes no posts, but a repeated post still gets its first answer`() throws {
        let fixture = try Fixture()
        let author = try fixture.member()
        let unknown = try #require(Topic("no/such"))
        let lesson = fixture.lesson(by: author)
        let request = fixture.request(lesson)
        _ = try fixture.store.append([request], receivedAt: fixture.tick())
        try fixture.store.setArchived(true, topic: lesson.topic, audit: fixture.audit())
        let outcomes = try fixture.store.append(
            [
                fixture.request(fixture.lesson(by: author, topic: unknown)),
                fixture.request(fixture.lesson(by: author)),
                fixture.request(fixture.comment(by: author, on: lesson)), request,
            ], receivedAt: fixture.tick())
        #expect(outcomes.map(\.name) == ["unknownTopic", "unknownTopic", "unknownTopic", "duplicate"])
        try fixture.store.setArchived(false, topic: lesson.topic, audit: fixture.audit())
        try fixture.store.addTopics([TopicDescription(topic: unknown, description: "")], audit: fixture.audit())
        let later = try fixture.store.append(
            [
                fixture.request(fixture.lesson(by: author, topic: unknown)),
                fixture.request(fixture.comment(by: author, on: lesson)),
            ], receivedAt: fixture.tick())
        #expect(later.map(\.name) == ["appended", "appended"])
    }

    @Test(arguments: [false, true])
    func `a comment must belong to a thread that its author may see`(afterRestart: Bool) throws {
        let fixture = try Fixture()
        let author = try fixture.member()
        let other = try fixture.member(of: "media-de")
        let lesson = fixture.lesson(by: author, marking: .red)
        let elsewhere = fixture.lesson(by: author)
        let secret = fixture.comment(by: author, on: elsewhere, marking: .red)
        try fixture.append(lesson, elsewhere, secret)
        if afterRestart { try fixture.reopen() }
        var mismatched = fixture.comment(by: author, on: lesson)
        mismatched.topic = Fixture.topics[2]
        var orphan = fixture.comment(by: author, on: lesson)
        orphan.thread = fixture.postID()
        var onComment = fixture.comment(by: author, on: lesson)
        onComment.thread = secret.id
        let outcomes = try fixture.store.append(
            [
                fixture.request(fixture.comment(by: other, on: lesson), decision: .unseen),
                fixture.request(fixture.comment(by: author, on: lesson), decision: .wider),
                fixture.request(mismatched), fixture.request(orphan), fixture.request(onComment),
                fixture.request(fixture.comment(by: author, on: lesson, parent: fixture.postID())),
                fixture.request(fixture.comment(by: author, on: lesson, parent: elsewhere.id)),
                fixture.request(fixture.comment(by: other, on: elsewhere, parent: secret.id)),
                fixture.request(fixture.comment(by: author, on: elsewhere, parent: secret.id)),
            ], receivedAt: fixture.tick())
        #expect(
            outcomes.map(\.name) == [
                "unknownThread", "widerThanThread", "topicMismatch", "unknownThread", "unknownThread", "unknownParent",
                "unknownParent", "unknownParent", "appended",
            ])
        #expect(fixture.store.head() == 4)
    }

    @Test(arguments: [false, true])
    func `a comment is judged by its thread's lesson and facts`(afterRestart: Bool) throws {
        let fixture = try Fixture()
        let author = try fixture.member()
        let named = try fixture.slugValue("media-de")
        let lesson = fixture.lesson(
            by: author, marking: .amberStrict, audience: Audience(organisations: [named]), language: "sq-AL")
        _ = try fixture.store.append(
            [fixture.request(lesson, country: "AL", kind: .oversight)], receivedAt: fixture.tick())
        if afterRestart { try fixture.reopen() }
        let comment = fixture.comment(by: author, on: lesson, marking: .red)
        let seen = LockedVisibility()
        var request = fixture.request(comment, country: "DE", kind: .media)
        request.mayReply = { visibility in
            seen.keep(visibility)
            return .allowed
        }
        let logged = try #require(try fixture.store.append([request], receivedAt: fixture.tick())[0].logged)
        #expect(seen.value == lesson.visibility)
        #expect(logged.threadVisibility == lesson.visibility)
        #expect(logged.visibility == comment.visibility)
        #expect(logged.kind == .comment)
        #expect(logged.thread == lesson.id)
        #expect(
            logged.facts
                == ThreadFacts(
                    topic: lesson.topic, country: "AL", language: "sq-AL", organisationKind: .oversight,
                    state: .observation))
    }

    @Test func `a full disk refuses the batch, keeps the log, and posts go on when there is space`() throws {
        let fixture = try Fixture()
        let author = try fixture.member()
        let lesson = fixture.lesson(by: author)
        try fixture.append(lesson)
        try fixture.store.write { db in
            let pages = try db.first("PRAGMA page_count") { $0.integer(0) } ?? 0
            try db.each("PRAGMA max_page_count = \(pages + 3)") { _ in true }
        }
        let newcomer = fixture.lesson(by: author)
        let requests = [
            fixture.request(newcomer), fixture.request(fixture.comment(by: author, on: lesson)),
            fixture.request(fixture.lesson(by: author), contentBytes: 200_000),
        ]
        #expect(throws: StorageError.full) { try fixture.store.append(requests, receivedAt: fixture.tick()) }
        #expect(fixture.store.head() == 1)
        #expect(try fixture.store.integrityProblems() == [])
        #expect(try fixture.store.posts(ids: [newcomer.id], viewer: author) == [])
        // The thread of the batch that failed must not live on in memory.
        let early = try? fixture.store.append(
            [fixture.request(fixture.comment(by: author, on: newcomer))], receivedAt: fixture.tick())
        #expect(early.map { $0.map(\.name) } == ["unknownThread"])
        try fixture.store.write { db in try db.each("PRAGMA max_page_count = 1000000") { _ in true } }
        let outcomes = try fixture.store.append(requests, receivedAt: fixture.tick())
        #expect(outcomes.compactMap(\.logged).map(\.stored.sequence) == [2, 3, 4])
        #expect(try fixture.store.integrityProblems() == [])
    }

    @Test func `a batch that fails anywhere leaves nothing behind`() throws {
        for failing in 1...12 {
            let fixture = try Fixture(seed: UInt64(failing))
            let author = try fixture.member()
            let lesson = fixture.lesson(by: author)
            try fixture.append(lesson)
            // A trigger stands for an I/O error at the n-th statement's table.
            let tables = ["posts", "post_contents", "threads", "post_organisations"]
            let table = tables[failing % tables.count]
            try fixture.store.edit(
                """
                CREATE TRIGGER fault BEFORE INSERT ON \(table)
                WHEN (SELECT count(*) FROM posts) > \(1 + failing / tables.count)
                BEGIN SELECT RAISE(FAIL, 'injected'); END
                """)
            let organisation = try fixture.slugValue("media-de")
            let batch = (0..<6).map { _ in
                fixture.request(
                    fixture.lesson(by: author, marking: .amber, audience: Audience(organisations: [organisation])))
            }
            #expect(throws: StorageError.self) { try fixture.store.append(batch, receivedAt: fixture.tick()) }
            try fixture.store.edit("DROP TRIGGER fault")
            #expect(fixture.store.head() == 1)
            #expect(try fixture.store.integrityProblems() == [])
            let outcomes = try fixture.store.append(batch, receivedAt: fixture.tick())
            #expect(outcomes.compactMap(\.logged).map(\.stored.sequence) == Array(2...7))
            #expect(try fixture.store.integrityProblems() == [])
        }
    }

    @Test func `a commit that fails leaves nothing behind, on the disk or in memory`() throws {
        let fixture = try Fixture()
        let author = try fixture.member()
        try fixture.append(fixture.lesson(by: author))
        // A foreign key that is checked at the commit only.
        try fixture.store.edit(
            "CREATE TABLE fault (post INTEGER REFERENCES posts (sequence) DEFERRABLE INITIALLY DEFERRED)",
            "CREATE TRIGGER fault_at_commit AFTER INSERT ON posts BEGIN INSERT INTO fault VALUES (-1); END")
        let lesson = fixture.lesson(by: author)
        #expect(throws: StorageError.self) {
            try fixture.store.append([fixture.request(lesson)], receivedAt: fixture.tick())
        }
        try fixture.store.edit("DROP TRIGGER fault_at_commit")
        #expect(fixture.store.head() == 1)
        let comment = fixture.request(fixture.comment(by: author, on: lesson))
        #expect(try fixture.store.append([comment], receivedAt: fixture.tick()).map(\.name) == ["unknownThread"])
        let logged = try fixture.append(lesson)
        #expect(logged.map(\.stored.sequence) == [2])
        #expect(try fixture.store.integrityProblems() == [])
    }

    @Test func `an acknowledgement only ever lifts a cursor, and not above the head`() throws {
        let fixture = try Fixture()
        let author = try fixture.member()
        let filter = SubscriptionFilter(topics: [try TopicFilter("#")])
        try fixture.store.saveSubscription(
            member: author.member, durable: "desk", filters: [filter], start: .keep(orAfter: 0), at: fixture.tick())
        let lesson = fixture.lesson(by: author)
        try fixture.append(lesson, fixture.comment(by: author, on: lesson), fixture.comment(by: author, on: lesson))
        func acknowledge(_ through: SequenceNumber, durable: String = "desk") throws -> SequenceNumber? {
            _ = try fixture.store.append(
                [], cursors: [CursorUpdate(member: author.member, durable: durable, through: through)],
                receivedAt: fixture.tick())
            return try fixture.store.subscription(member: author.member, durable: "desk")?.cursor
        }
        #expect(try acknowledge(2) == 2)
        #expect(try acknowledge(1) == 2)
        #expect(try acknowledge(-5) == 2)
        #expect(try acknowledge(3, durable: "another") == 2)
        #expect(try acknowledge(.max) == 3)
    }
}

/// What a closure of the store was told, read after the call.
private final class LockedVisibility: @unchecked Sendable {
    // Written on the thread that appends, which the test waits for before it reads.
    private(set) var value: Visibility?

    func keep(_ visibility: Visibility) { value = visibility }
}
