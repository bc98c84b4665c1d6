import LessonModel
import TestSupport
import Testing

@testable import Storage

struct ThreadMarkTests {
    private let fixture: Fixture
    private let member: MemberID
    private let other: MemberID

    init() throws {
        fixture = try Fixture()
        member = try fixture.member().member
        other = try fixture.member(of: "media-de").member
    }

    private func set(
        _ thread: PostID, _ through: SequenceNumber, isUnread: Bool = false, _ attention: ThreadMark.Attention = .normal
    )
        throws -> Int64
    {
        try fixture.store.setThreadMarks(
            [(ThreadMark(thread: thread, readThrough: through, attention: attention), isUnread)], of: member)
    }

    @Test func `what was read never falls by an older device, and does when somebody wants it unread`() throws {
        let thread = fixture.postID()
        #expect(try set(thread, 9) == 1)
        #expect(try set(thread, 4) == 1, "nothing has changed")
        #expect(try set(thread, 0, isUnread: true) == 2)
        let found = try fixture.store.threadMarks(of: member, after: 0, limit: 10)
        #expect(found.marks.map(\.mark) == [ThreadMark(thread: thread, readThrough: 0)])
        #expect(found.version == 2)
    }

    @Test func `marks are listed by what changed last, and are nobody else's`() throws {
        let threads = (0..<3).map { _ in fixture.postID() }
        for thread in threads { _ = try set(thread, 1) }
        _ = try set(threads[0], 5, .muted)
        let changed = try fixture.store.threadMarks(of: member, after: 2, limit: 10).marks
        #expect(changed.map(\.mark.thread) == [threads[2], threads[0]])
        #expect(changed.map(\.version) == [3, 4])
        #expect(try fixture.store.threadMarks(of: member, after: 0, limit: 1).marks.map(\.mark.thread) == [threads[1]])
        #expect(try fixture.store.threadMarks(of: other, after: 0, limit: 10).marks.isEmpty)
        #expect(try fixture.store.threadMarks(of: other, after: 0, limit: 10).version == 0)
    }

    @Test func `two mirrors come to the same, whoever was offline meanwhile`() throws {
        let thread = fixture.postID()
        let directories = try [TemporaryDirectory(), TemporaryDirectory()]
        let mirrors = try directories.map { directory in
            try ClientMirror(directory: directory.path, relayID: "relay-1", member: member)
        }
        func synchronise(_ mirror: ClientMirror) throws {
            let unsent = try mirror.unsentMarks(limit: 100)
            _ = try fixture.store.setThreadMarks(unsent, of: member)
            try mirror.noteSent(unsent.map(\.mark))
            let found = try fixture.store.threadMarks(of: member, after: try mirror.marksVersion(), limit: 100)
            try mirror.takeMarks(found.marks.map(\.mark), version: found.version)
        }
        try mirrors[0].markRead(thread, through: 7)
        try mirrors[1].markRead(thread, through: 4)
        try mirrors[1].setAttention(.followed, to: thread)
        for mirror in mirrors + mirrors { try synchronise(mirror) }
        #expect(try mirrors[0].mark(of: thread) == ThreadMark(thread: thread, readThrough: 7, attention: .followed))
        #expect(try mirrors[1].mark(of: thread) == mirrors[0].mark(of: thread))
        #expect(try mirrors[0].followedThreads() == [thread])
        try mirrors[1].markUnread(thread)
        for mirror in mirrors + mirrors { try synchronise(mirror) }
        #expect(try mirrors.map { try $0.mark(of: thread).readThrough } == [0, 0])
        #expect(try mirrors.map { try $0.unsentMarks(limit: 9).count } == [0, 0])
    }
}
