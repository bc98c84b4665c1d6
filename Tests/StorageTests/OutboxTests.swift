import LessonModel
import TestSupport
import Testing

@testable import Storage

struct OutboxTests {
    private let fixture: Fixture
    private let author: Viewer

    init() throws {
        fixture = try Fixture()
        author = try fixture.member()
    }

    private func outbox() throws -> Outbox { try Outbox(directory: fixture.directory.path) }

    private func item(_ key: String? = nil) -> OutboxItem {
        let post = fixture.lesson(by: author)
        return OutboxItem(
            id: post.id, post: fixture.request(post).signed, title: "A lesson", createdAt: post.createdAt,
            importKey: key.map { OutboxItem.ImportKey(source: "llis", key: $0) })
    }

    @Test func `items are sent in the order of adding, and survive a restart`() throws {
        let items = (0..<5).map { _ in item() }
        #expect(try outbox().add(items) == [true, true, true, true, true])
        let outbox = try outbox()
        #expect(try outbox.pending(limit: 10) == items)
        #expect(try outbox.pending(limit: 2) == Array(items[..<2]))
        #expect(try outbox.pending(limit: 2, after: items[1].id) == Array(items[2..<4]))
        #expect(try outbox.pendingCount() == 5)
    }

    @Test func `every commit is synced to the disk`() throws {
        let settings = try outbox().database.reading { db in
            try ["synchronous", "secure_delete", "journal_mode"].map { name in
                try db.first("PRAGMA \(name)") { $0.text(0) }
            }
        }
        #expect(settings == ["2", "1", "truncate"])
    }

    @Test func `a sent post is no longer pending, and its text is erased`() throws {
        let outbox = try outbox()
        let (one, two) = (item(), item())
        try outbox.add([one, two])
        try outbox.noteAttempt([one.id], at: 77)
        try outbox.markSent(one.id, sequence: 12)
        #expect(try outbox.pending(limit: 9) == [two])
        let entry = try #require(try outbox.item(one.id))
        #expect(entry.state == .sent(12))
        #expect(entry.attempts == 1)
        #expect(entry.lastAttemptAt == 77)
        #expect(entry.item.post.content == [])
        #expect(try !outbox.add(one))
        try outbox.markRefused(one.id, code: 400, reason: "late")
        #expect(try outbox.item(one.id)?.state == .sent(12))
        try outbox.close()
        #expect(try !fileBytes(fixture.directory.file("outbox.sqlite")).contains(one.post.content))
    }

    @Test func `a refused post stays visible until it is retried or dropped`() throws {
        let outbox = try outbox()
        let one = item()
        try outbox.add(one)
        try outbox.markRefused(one.id, code: 404, reason: "there is no such topic")
        #expect(try outbox.pending(limit: 9) == [])
        #expect(try outbox.items().map(\.state) == [.refused(code: 404, reason: "there is no such topic")])
        #expect(try outbox.retry(one.id))
        #expect(try !outbox.retry(one.id))
        #expect(try outbox.pending(limit: 9) == [one])
        #expect(try outbox.drop(one.id))
        #expect(try !outbox.drop(one.id))
        #expect(try outbox.items() == [])
    }

    @Test func `a record is imported once, until its post is dropped`() throws {
        let outbox = try outbox()
        let (one, two, again) = (item("1"), item("2"), item("1"))
        #expect(try outbox.add([one, two, again]) == [true, true, false])
        try outbox.markSent(one.id, sequence: 1)
        #expect(try outbox.importedKeys(source: "llis") == ["1": one.id, "2": two.id])
        #expect(try outbox.importedKeys(source: "other") == [:])
        try outbox.drop(one.id)
        #expect(try outbox.add(again))
    }
}
