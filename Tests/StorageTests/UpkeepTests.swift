import Foundation
import LessonModel
import TestSupport
import Testing

@testable import Storage

struct UpkeepTests {
    @Test func `a change to an audit entry is refused, and found where it was forced`() throws {
        let fixture = try Fixture()
        let member = try fixture.member()
        try fixture.store.record(
            AuditEntry(
                at: 5, actor: .member(member.member, certificate: [1, 2]), action: "limits.set",
                detail: ["b": "\"quoted\"\n", "a": "1"]))
        let records = try fixture.store.audit(limit: 100)
        #expect(records.map(\.sequence) == Array(1...Int64(records.count)))
        let last = try #require(records.last)
        #expect(last.detail == #"{"a":"1","b":"\"quoted\"\n"}"#)
        #expect(last.actor == member.member.description)
        #expect(last.certificate == [1, 2])
        let whole = try fixture.store.verifyAuditChain()
        #expect(whole == AuditVerification(entryCount: records.count, headHash: last.hash, firstBroken: nil))
        #expect(throws: StorageError.self) {
            try fixture.store.write { db in try db.run("UPDATE audit SET actor = 'host' WHERE sequence = 2") }
        }
        #expect(throws: StorageError.self) { try fixture.store.write { db in try db.run("DELETE FROM audit") } }
        try fixture.store.write { db in
            try db.run("DROP TRIGGER audit_is_never_changed")
            try db.run("UPDATE audit SET action = 'nothing' WHERE sequence = 2")
        }
        #expect(try fixture.store.verifyAuditChain().firstBroken == 2)
        #expect(try fixture.store.integrityProblems() == ["the audit chain is broken at its entry: 2"])
    }

    @Test func `a shortened audit log is found`() throws {
        let fixture = try Fixture()
        for _ in 0..<3 { try fixture.store.record(fixture.audit()) }
        try fixture.store.edit("DROP TRIGGER audit_is_never_shortened", "DELETE FROM audit WHERE sequence = 4")
        #expect(try fixture.store.verifyAuditChain().firstBroken == 4)
    }

    @Test func `an act that fails leaves no audit entry, and one that is done leaves one`() throws {
        let fixture = try Fixture()
        let member = try fixture.member()
        let before = try fixture.store.verifyAuditChain().entryCount
        #expect(throws: StorageError.self) {
            try fixture.store.setRoles([], of: fixture.memberID(), audit: fixture.audit())
        }
        #expect(try fixture.store.verifyAuditChain().entryCount == before)
        try fixture.store.setRoles([], of: member.member, audit: fixture.audit())
        #expect(try fixture.store.verifyAuditChain().entryCount == before + 1)
    }

    @Test func `counters and contents that contradict the log are found`() throws {
        let fixture = try Fixture()
        let author = try fixture.member()
        let lesson = fixture.lesson(by: author)
        try fixture.append(lesson, fixture.comment(by: author, on: lesson))
        #expect(try fixture.store.integrityProblems() == [])
        try fixture.store.edit(
            "UPDATE topics SET open_posts = 7 WHERE path = 'policing/community'",
            "UPDATE threads SET restricted_posts = 1",
            "UPDATE posts SET is_open = 0 WHERE sequence = 2",
            "UPDATE post_contents SET content = x'00' WHERE sequence = 1")
        let problems = try fixture.store.integrityProblems()
        #expect(problems.contains("the counters of a topic are wrong: policing/community"))
        #expect(problems.contains("the counters of a thread are wrong: 1"))
        #expect(problems.contains("a post is wrongly marked as open or restricted: 2"))
        #expect(problems.contains("the content of a post differs from its hash: 1"))
    }

    @Test func `a backup made while posts go on is whole, and a relay goes on from it`() async throws {
        let fixture = try Fixture()
        let author = try fixture.member()
        let batches = (0..<60).map { _ in (0..<4).map { _ in fixture.request(fixture.lesson(by: author)) } }
        let target = try TemporaryDirectory()
        let store = fixture.store
        let path = target.file("relay.sqlite")
        _ = try store.append(batches[0], receivedAt: 1)
        let headBefore = store.head()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { for batch in batches.dropFirst() { _ = try store.append(batch, receivedAt: 1) } }
            group.addTask { try store.backup(to: path) }
            try await group.waitForAll()
        }
        #expect(throws: StorageError.alreadyExists("the file \(path)")) { try store.backup(to: path) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: target.path) == ["relay.sqlite"])
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
        let restored = try RelayStore(directory: target.path)
        let head = restored.head()
        #expect(head >= headBefore)
        #expect(head % 4 == 0)
        #expect(try restored.integrityProblems() == [])
        let kept = try restored.readLog(after: 0, viewer: author, maxPosts: 1_000, maxBytes: .max)
        let origin = try store.readLog(after: 0, through: head, viewer: author, maxPosts: 1_000, maxBytes: .max)
        #expect(kept == origin)
        let next = try restored.append([fixture.request(fixture.lesson(by: author))], receivedAt: 2)
        #expect(next[0].logged?.stored.sequence == head + 1)
    }

    @Test func `what was acknowledged is on the disk when the process ends without a word`() throws {
        let fixture = try Fixture()
        let author = try fixture.member()
        let lesson = fixture.lesson(by: author)
        let logged = try fixture.append(lesson, fixture.comment(by: author, on: lesson))
        // The files as a killed process leaves them: the log of changes is not written back, and no lock is held.
        let copy = try TemporaryDirectory()
        for name in ["relay.sqlite", "relay.sqlite-wal"] {
            try FileManager.default.copyItem(atPath: fixture.directory.file(name), toPath: copy.file(name))
        }
        let store = try RelayStore(directory: copy.path)
        let page = try store.readLog(after: 0, viewer: author, maxPosts: 10, maxBytes: .max)
        #expect(page.posts == logged.map(\.stored))
        #expect(try store.integrityProblems() == [])
    }

    @Test func `a damaged log is reported in bounded length`() throws {
        let fixture = try Fixture()
        let author = try fixture.member()
        let requests = (0..<150).map { _ in fixture.request(fixture.lesson(by: author)) }
        _ = try fixture.store.append(requests, receivedAt: 1)
        try fixture.store.edit("UPDATE post_contents SET content = x'00'")
        #expect(try fixture.store.integrityProblems().count == RelayStore.maxProblemsPerKind)
    }

    @Test func `values used last are remembered, and the number of them is bounded`() {
        var values = RecentValues<Int, Int>(limit: 4)
        for number in 0..<100 {
            values[number] = number
            #expect(values[0] == 0)
        }
        #expect(values[99] == 99)
        #expect((0..<100).count { values[$0] != nil } <= 8)
    }

    @Test func `a checkpoint empties the log of changes`() throws {
        let fixture = try Fixture()
        let author = try fixture.member()
        try fixture.append(fixture.lesson(by: author))
        try fixture.store.checkpoint()
        let size = try FileManager.default.attributesOfItem(atPath: fixture.directory.file("relay.sqlite-wal"))[.size]
        #expect(size as? Int == 0)
        #expect(try fixture.store.readLog(after: 0, viewer: author, maxPosts: 9, maxBytes: .max).posts.count == 1)
    }

    @Test func `numbers rise on even when the last posts are gone`() throws {
        let fixture = try Fixture()
        let author = try fixture.member()
        try fixture.append(fixture.lesson(by: author), fixture.lesson(by: author))
        try fixture.store.edit(
            "DELETE FROM thread_texts WHERE post = 2", "DELETE FROM threads WHERE sequence = 2",
            "DELETE FROM post_contents WHERE sequence = 2",
            "DELETE FROM posts WHERE sequence = 2")
        try fixture.reopen()
        #expect(try fixture.append(fixture.lesson(by: author)).map(\.stored.sequence) == [3])
    }

    @Test func `a closed store answers with an error`() throws {
        let fixture = try Fixture()
        let author = try fixture.member()
        try fixture.store.close()
        #expect(throws: StorageError.self) { try fixture.store.organisations() }
        #expect(throws: StorageError.self) {
            try fixture.store.append([fixture.request(fixture.lesson(by: author))], receivedAt: 1)
        }
        try fixture.store.close()
    }
}
