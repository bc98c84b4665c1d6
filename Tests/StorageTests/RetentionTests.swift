import Foundation
import LessonModel
import PKI
import TestSupport
import Testing

@testable import Storage

@Suite struct RetentionTests {
    private let fixture: Fixture
    private let police: Viewer

    init() throws {
        fixture = try Fixture()
        police = try fixture.member(of: "police-al")
    }

    private var store: RelayStore { fixture.store }

    private func keep(_ days: Int, _ topic: Topic = Fixture.topics[0]) throws {
        try store.changeTopic(
            topic, description: nil, isArchived: nil, isModerated: nil, keepDays: days, audit: fixture.audit())
    }

    @Test func `a thread goes with all its posts when its topic keeps it no longer`() throws {
        let old = fixture.lesson(by: police, title: "Xylophone")
        let attachment = try fixture.upload(Array("plan".utf8), by: police)
        var reply = fixture.post(.comment(Comment(parent: old.id, text: "Zither")), by: police, on: old)
        reply.attachments = [attachment]
        let endorsement = fixture.post(
            .applicationReport(ApplicationReport(status: .adopted, outcome: "Done.", evidence: "Seen.")), by: police,
            on: old)
        let elsewhere = fixture.lesson(by: police, topic: Fixture.topics[1])
        let received = try #require(try fixture.append(old, reply, endorsement, elsewhere).first).stored.receivedAt
        try keep(2)
        let end = received + 2 * TopicRetention.day
        #expect(try store.expireThreads(at: end) { _ in nil } == 0)
        #expect(try store.threads(ThreadQuery(), viewer: police).count == 2)
        #expect(try store.expireThreads(at: end + 1) { _ in nil } == 1)
        #expect(try store.expireThreads(at: end + 1) { _ in nil } == 0)
        #expect(try store.threads(ThreadQuery(), viewer: police).map(\.id) == [elsewhere.id])
        #expect(try store.threads(ThreadQuery(order: .lastActivity), viewer: police).map(\.id) == [elsewhere.id])
        #expect(try store.thread(old.id, viewer: police, limit: 10) == nil)
        #expect(try store.posts(ids: [old.id, reply.id, endorsement.id], viewer: police).isEmpty)
        #expect(try store.readLog(after: 0, viewer: police, maxPosts: 10, maxBytes: .max).posts.count == 1)
        #expect(store.mayHaveErasedWords && store.mayHaveErasedBlobs)
        try store.collectBlobs(uploadsBefore: 0)
        #expect(!store.blobFiles.has(attachment.digest))
        let late = fixture.post(.comment(Comment(parent: old.id, text: "Late")), by: police, on: old)
        #expect(try store.append([fixture.request(late)], receivedAt: end + 2)[0].name == "unknownThread")
        #expect(try store.integrityProblems() == [])
        #expect(try store.threadStateProblems { _ in nil }.filter { !$0.contains("cannot be read") } == [])
    }

    @Test func `what others said plays no part in when a thread goes`() throws {
        let lesson = fixture.lesson(by: police)
        let received = try #require(try fixture.append(lesson).first).stored.receivedAt
        let secret = fixture.post(
            .comment(Comment(parent: lesson.id, text: "Hidden")), by: police, on: lesson, marking: .red,
            audience: Audience(members: [police.member]))
        try keep(1)
        _ = try store.append([fixture.request(secret)], receivedAt: received + TopicRetention.day)
        #expect(try store.expireThreads(at: received + TopicRetention.day + 1) { _ in nil } == 1)
    }

    @Test func `a topic keeps its threads for ever unless it is told otherwise`() throws {
        try fixture.append(fixture.lesson(by: police))
        #expect(try store.expireThreads(at: .max / 2) { _ in nil } == 0)
        try keep(1)
        try keep(0)
        #expect(try store.expireThreads(at: .max / 2) { _ in nil } == 0)
    }

    @Test func `the mirror follows the same rule without a connection, and knows what is due for review`() throws {
        let mirror = try ClientMirror(directory: fixture.directory.path, relayID: "relay", member: police.member)
        let lesson = fixture.lesson(by: police, title: "Old")
        let stored = try #require(try fixture.append(lesson).first).stored
        try mirror.store([MirroredPost(stored: stored, post: lesson, verification: .verified)])
        func topics(_ retention: TopicRetention) throws {
            try mirror.setTopics([MirrorTopic(topic: Fixture.topics[0], description: "", retention: retention)])
        }
        try topics(TopicRetention(reviewDays: 3))
        let later = stored.receivedAt + 3 * TopicRetention.day
        #expect(try mirror.dueForReview(at: later, limit: 5).isEmpty)
        #expect(try mirror.dueForReview(at: later + 1, limit: 5).map(\.id) == [lesson.id])
        #expect(try mirror.expire(at: .max / 2) == 0)
        try topics(TopicRetention(keepDays: 3))
        #expect(try mirror.topics().first?.retention == TopicRetention(keepDays: 3))
        #expect(try mirror.expire(at: later) == 0)
        #expect(try mirror.expire(at: later + 1) == 1)
        #expect(try mirror.post(lesson.id) == nil)
        #expect(try mirror.threads(MirrorQuery(limit: 5)).isEmpty)
    }
}
