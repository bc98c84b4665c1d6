import LessonModel
import TestSupport
import Testing

@testable import Storage

struct MirrorThreadsTests {
    private let fixture: Fixture
    private let author: Viewer
    private let reader: Viewer

    init() throws {
        fixture = try Fixture()
        author = try fixture.member()
        reader = try fixture.member(of: "media-de")
    }

    private func mirror() throws -> ClientMirror {
        try ClientMirror(directory: fixture.directory.path, relayID: "relay-1", member: reader.member)
    }

    private func mirrored(
        _ post: Post, _ sequence: SequenceNumber, _ verification: PostVerification = .verified
    ) -> MirroredPost {
        MirroredPost(
            stored: StoredPost(sequence: sequence, receivedAt: sequence * 10, post: fixture.request(post).signed),
            post: post, verification: verification)
    }

    @Test func `what others wrote is unread until it is marked, and own posts never are`() throws {
        let mirror = try mirror()
        let lesson = fixture.lesson(by: author)
        let own = fixture.comment(by: reader, on: lesson)
        try mirror.store([mirrored(lesson, 3), mirrored(own, 5)])
        #expect(try mirror.threads(MirrorQuery()).map(\.unread) == [1])
        #expect(try mirror.topics().map(\.unread) == [1])

        try mirror.markRead(lesson.id, through: 5)
        #expect(try mirror.unreadCount() == 0)
        try mirror.markRead(lesson.id, through: 3)
        #expect(try mirror.mark(of: lesson.id).readThrough == 5, "what was read stays read")

        try mirror.store([mirrored(fixture.comment(by: author, on: lesson), 8)])
        #expect(try mirror.newestUnread()?.id == lesson.id)
        #expect(try mirror.newestUnread(except: lesson.id) == nil)
        try mirror.markUnread(lesson.id)
        #expect(try mirror.unreadCount() == 2)
    }

    @Test func `a muted thread has nothing unread, and has it again when it is no longer muted`() throws {
        let mirror = try mirror()
        let lesson = fixture.lesson(by: author)
        try mirror.setAttention(.muted, to: lesson.id)
        try mirror.store([mirrored(lesson, 1)])
        #expect(try mirror.threads(MirrorQuery()).map { [$0.unread, $0.attention.rawValue] } == [[0, 2]])
        try mirror.setAttention(.followed, to: lesson.id)
        #expect(try mirror.threads(MirrorQuery()).map { [$0.unread, $0.attention.rawValue] } == [[1, 1]])
    }

    @Test func `marking a topic as read leaves the others`() throws {
        let mirror = try mirror()
        let here = fixture.lesson(by: author, topic: Fixture.topics[0])
        let there = fixture.lesson(by: author, topic: Fixture.topics[1])
        try mirror.store([mirrored(here, 1), mirrored(there, 2)])
        let filter = SubscriptionFilter(topics: [try TopicFilter(here.topic.path)])
        #expect(try mirror.markAllRead(in: filter) == 1)
        #expect(try mirror.threads(MirrorQuery()).filter { $0.unread > 0 }.map(\.id) == [there.id])
        #expect(try mirror.markAllRead() == 1)
        #expect(try mirror.unreadCount() == 0)
    }

    @Test func `a listing tells the state and what organisations did, by posts that are proved only`() throws {
        let mirror = try mirror()
        let lesson = fixture.lesson(by: author)
        let identified = StateChange(from: .observation, to: .lessonIdentified, reason: "Seen.")
        func report(_ status: ApplicationReport.Status, by member: Viewer) -> Post {
            fixture.post(
                .applicationReport(ApplicationReport(status: status, outcome: "Tried.", evidence: nil)), by: member,
                on: lesson)
        }
        try mirror.store([
            mirrored(lesson, 1),
            mirrored(fixture.post(.stateChange(identified), by: author, on: lesson), 2),
            mirrored(fixture.post(.endorsement(Endorsement(isWithdrawal: false, note: "")), by: reader, on: lesson), 3),
            mirrored(report(.triedAndFailed, by: reader), 4),
            mirrored(report(.adopted, by: reader), 5),
            mirrored(report(.triedAndFailed, by: author), 6, .failed),
        ])
        let thread = try #require(try mirror.threads(MirrorQuery()).first)
        #expect(thread.state == .lessonIdentified)
        #expect([thread.endorsements, thread.adopted, thread.failed] == [1, 1, 0])
        let filter = SubscriptionFilter(topics: [try TopicFilter("#")], states: [.observation])
        #expect(try mirror.threads(MirrorQuery(filter: filter)) == [])
    }

    @Test func `topics are those that the relay named, and those of threads that it names no more`() throws {
        let mirror = try mirror()
        try mirror.store([mirrored(fixture.lesson(by: author, topic: Fixture.topics[0]), 1)])
        try mirror.setTopics([MirrorTopic(topic: Fixture.topics[1], description: "Of cells", isModerated: true)])
        let topics = try mirror.topics()
        #expect(Set(topics.map(\.topic)) == [Fixture.topics[0], Fixture.topics[1]])
        #expect(topics.first { $0.topic == Fixture.topics[1] }?.isModerated == true)
        #expect(topics.first { $0.topic == Fixture.topics[0] }?.threads == 1)
    }

    @Test func `purging a thread's posts takes its row away`() throws {
        let mirror = try mirror()
        let lesson = fixture.lesson(by: author)
        try mirror.store([mirrored(lesson, 1), mirrored(fixture.comment(by: author, on: lesson), 2)])
        try mirror.purge([lesson.id])
        #expect(try mirror.threads(MirrorQuery()) == [])
        #expect(try mirror.unreadCount() == 0, "without its lesson a thread is not listed, and counts nothing")
    }
}
