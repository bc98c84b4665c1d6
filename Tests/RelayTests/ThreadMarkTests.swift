import LessonModel
import RelayClient
import RelayTestSupport
import Storage
import Testing
import Wire

@Suite struct ThreadMarkTests {
    private func filter(_ threads: PostID...) -> [WireFilter] {
        [WireFilter(SubscriptionFilter(threads: Set(threads)))]
    }

    /// The field at which a request is refused; nil when it was done.
    private func field(of body: WireFrame.OneOf_Body, _ connection: RelayConnection) async throws -> String? {
        do throws(ClientError) {
            _ = try await connection.request(body)
            return nil
        } catch {
            guard case .request(let refused) = error else { throw error }
            return refused.field
        }
    }

    @Test func `marks reach the member's other connections, and nobody else's`() async throws {
        try await TestRelay.with { relay in
            let reader = try await relay.organisation("reader")
            let stranger = try await relay.organisation("stranger")
            let lesson = try reader.lesson("Read")
            let desk = try await relay.connect(reader)
            let phone = try await relay.connect(reader)
            let other = try await relay.connect(stranger)
            try await desk.setMarks([(ThreadMark(thread: lesson.id, readThrough: 3, attention: .muted), false)])
            guard case .marksChanged(let version)? = await phone.events.next() else {
                Issue.record("the other device is not told")
                return
            }
            #expect(version == 1)
            let marks = try await phone.marks(after: 0).marks
            #expect(marks.map(\.readThrough) == [3] && marks.map(\.attention) == [.muted])
            #expect(try await other.marks(after: 0).marks.isEmpty)
            #expect(!other.events.isReady)
        }
    }

    @Test func `too many marks, and ids that are none, are refused`() async throws {
        try await TestRelay.with { relay in
            let reader = try await relay.connect(try await relay.organisation("reader"))
            var bad = WireSetThreadMarks()
            bad.marks = [WireThreadMark()]
            #expect(try await field(of: .setThreadMarks(bad), reader) == "thread_id")
            bad.marks = Array(repeating: WireThreadMark(), count: 501)
            #expect(try await field(of: .setThreadMarks(bad), reader) == "marks")
            var list = WireListThreadMarks()
            list.limit = 1_001
            #expect(try await field(of: .listThreadMarks(list), reader) == "limit")
        }
    }

    @Test func `a followed thread comes live and from the log, others and what is not for one do not`() async throws {
        try await TestRelay.with { relay in
            let author = try await relay.organisation("author")
            let reader = try await relay.organisation("reader")
            let writing = try await relay.connect(author)
            let followed = try author.lesson("Followed", topic: "media")
            let hidden = try author.lesson("Hidden", topic: "media", marking: .amberStrict)
            let other = try author.lesson("Other", topic: "media")
            for post in [followed, hidden, other] { _ = try await writing.publish(post.signed) }
            let reading = try await relay.connect(reader)
            var request = WireSubscribe()
            request.durable = "desk"
            request.filters = filter(followed.id, hidden.id)
            request.afterSequence = 0
            request.credit = WireCredit(posts: 100, bytes: 1 << 20)
            _ = try await reading.subscribe(request)
            #expect(try await reading.untilCaughtUp().map(\.post) == [followed.signed])
            let reply = try author.comment("Reply", in: followed.id, topic: "media")
            for post in [
                try author.comment("Elsewhere", in: other.id, topic: "media"),
                try author.comment("Hidden", in: hidden.id, topic: "media", marking: .amberStrict), reply,
            ] {
                _ = try await writing.publish(post.signed)
            }
            #expect(try await reading.nextPost().post == reply.signed)
            let stored = try await reading.subscriptions()
            #expect(stored.first?.filters.first?.threads.count == 2)
        }
    }
}
