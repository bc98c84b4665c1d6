import Foundation
import LessonModel
import Logging
import NIOCore
import PKI
import RelayClient
import Storage
import TLS
import TestSupport
import Testing
import Wire

@Suite struct OutboxSenderTests {
    private let parties: Parties
    private let identity: ClientIdentity
    private let folder: TemporaryDirectory
    private let outbox: Outbox

    init() throws {
        parties = try Parties()
        identity = try parties.identity()
        folder = try TemporaryDirectory()
        outbox = try Outbox(directory: folder.path)
    }

    @discardableResult
    private func add(_ title: String, key: String? = nil) throws -> PostID {
        let (post, signed) = try identity.lessonPost(title)
        try add(post, signed, title, key: key)
        return post.id
    }

    private func add(_ post: Post, _ signed: SignedPost, _ title: String, key: String? = nil) throws {
        try outbox.add(
            OutboxItem(
                id: post.id, post: signed, title: title, createdAt: post.createdAt,
                importKey: key.map { OutboxItem.ImportKey(source: "test", key: $0) }))
    }

    /// Sends the outbox to a relay that plays `script` after Welcome.
    private func send(
        sleep: @escaping @Sendable (Duration) async throws -> Void = { _ in }, _ script: @escaping Script
    ) async throws -> OutboxReport {
        let (parties, identity, outbox) = (parties, identity, outbox)
        let reports = AsyncStream.makeStream(of: OutboxReport.self)
        try await withScriptedRelay(
            parties.server(),
            [
                { peer in
                    try await peer.greet(parties.welcome(for: identity))
                    try await script(&peer)
                }
            ]
        ) { address, group in
            let connection = try await RelayConnection.connect(
                to: address, identity: identity, agent: "test", group: group, logger: Logger(label: "test"))
            let sender = OutboxSender(outbox, signer: nil, sleep: sleep)
            reports.continuation.yield(try await sender.send(over: connection, now: 5))
            await connection.close()
        }
        var iterator = reports.stream.makeAsyncIterator()
        return try #require(await iterator.next())
    }

    @Test func `posts are sent in the order in which they were added, and marked with their place`() async throws {
        let ids = try (1...10).map { try add("Lesson \($0)") }
        let report = try await send { peer in
            for number in 1...10 { _ = try await peer.answerPublish(number) }
            try await peer.drain()
        }
        #expect(report.sent.map(\.id) == ids && report.sent.map(\.sequence) == Array(1...10))
        #expect(report.refused.isEmpty && report.waitingCount == 0 && report.stopped == nil)
        #expect(try outbox.items().map(\.state) == (1...10).map { .sent($0) })
    }

    @Test func `a refusal is kept with its reason and the others go on`() async throws {
        try add("First")
        let refusedID = try add("Second")
        try add("Third")
        let report = try await send { peer in
            _ = try await peer.answerPublish(1)
            let frame = try await peer.receiveRequest()
            try await peer.send(.error(WireError(.unknownTopic, "no such topic", field: "topic")), to: frame.requestID)
            _ = try await peer.answerPublish(2)
            try await peer.drain()
        }
        #expect(report.sent.map(\.title) == ["First", "Third"])
        #expect(report.refused.map(\.id) == [refusedID])
        #expect(report.refused.first?.error.field == "topic")
        let state = try outbox.item(refusedID)?.state
        #expect(state == .refused(code: WireErrorCode.unknownTopic.rawValue, reason: "no such topic"))
    }

    @Test func `a refusal for now stops the run and leaves the post and those after it`() async throws {
        for number in 1...8 { try add("Lesson \(number)") }
        let report = try await send { peer in
            _ = try await peer.answerPublish(1)
            let frame = try await peer.receiveRequest()
            try await peer.send(
                .error(WireError(.overloaded, "busy", isRetryable: true, retryAfterMs: 2_000)), to: frame.requestID)
            // Those that were on their way already are answered and count.
            for number in 2...3 { _ = try await peer.answerPublish(number) }
            while let frame = try await peer.receive() {
                if case .publish = frame.body {
                    var published = WirePublished()
                    published.sequence = 4
                    try await peer.send(.published(published), to: frame.requestID)
                }
            }
        }
        #expect(report.stopped?.code == .overloaded && report.stopped?.retryAfter == .seconds(2))
        #expect(report.sent.count >= 3 && report.sent.count + report.waitingCount == 8)
        #expect(try outbox.pending(limit: 100).first?.title == "Lesson 2")
    }

    @Test func `where the relay takes no more for now the run waits and goes on in order`() async throws {
        let ids = try (1...4).map { try add("Lesson \($0)") }
        let pauses = AsyncStream.makeStream(of: Duration.self)
        let report = try await send(sleep: { pauses.continuation.yield($0) }) { peer in
            _ = try await peer.answerPublish(1)
            for _ in 2...4 {
                let frame = try await peer.receiveRequest()
                try await peer.send(
                    .error(WireError(.rateLimited, "too fast", isRetryable: true, retryAfterMs: 1_500)),
                    to: frame.requestID)
            }
            for number in 2...4 { _ = try await peer.answerPublish(number) }
            try await peer.drain()
        }
        pauses.continuation.finish()
        #expect(await pauses.stream.reduce(into: []) { $0.append($1) } == [.milliseconds(1_500)])
        #expect(report.sent.map(\.id) == ids && report.stopped == nil && report.waitingCount == 0)
    }

    @Test func `a wait of an hour is left to the next run`() async throws {
        try add("Lesson")
        let report = try await send(sleep: { _ in Issue.record("it waits") }) { peer in
            let frame = try await peer.receiveRequest()
            try await peer.send(
                .error(WireError(.rateLimited, "too many", isRetryable: true, retryAfterMs: 3_000_000)),
                to: frame.requestID)
            try await peer.drain()
        }
        #expect(report.stopped?.code == .rateLimited && report.waitingCount == 1)
    }

    @Test func `when the line breaks what was not answered stays pending`() async throws {
        for number in 1...6 { try add("Lesson \(number)") }
        let report = try await send { peer in
            for number in 1...2 { _ = try await peer.answerPublish(number) }
            _ = try await peer.receiveRequest()
        }
        guard case .disconnected = report.stopped else {
            Issue.record("\(String(describing: report.stopped))")
            return
        }
        #expect(report.sent.count == 2 && report.waitingCount == 4)
        let attempts = try outbox.pending(limit: 1).first.flatMap { try outbox.item($0.id)?.attempts }
        #expect(attempts == 1)
    }

    @Test func `a comment leaves only after the answer to its lesson`() async throws {
        let (lesson, signed) = try identity.lessonPost("Lesson")
        let (comment, signedComment) = try identity.commentPost(on: lesson, "Well said")
        try add(lesson, signed, "Lesson")
        try add(comment, signedComment, "Comment")
        let report = try await send { peer in
            let first = try await peer.receiveRequest()
            // Had the comment been sent as well, it would come before the answer to this ping.
            try await peer.send(.ping(WirePing()), to: 500)
            let next = try await peer.receiveRequest()
            guard case .pong = next.body else { throw ScriptError.unexpected(next) }
            var published = WirePublished()
            published.sequence = 1
            try await peer.send(.published(published), to: first.requestID)
            _ = try await peer.answerPublish(2)
            try await peer.drain()
        }
        #expect(report.sent.map(\.id) == [lesson.id, comment.id])
    }

    @Test func `for an imported post a conflict means that it is there, for another post it is a refusal`() async throws
    {
        try add("Imported", key: "record-1")
        try add("Own")
        let report = try await send { peer in
            for _ in 0..<2 {
                let frame = try await peer.receiveRequest()
                try await peer.send(.error(WireError(.conflict, "taken", field: "post_id")), to: frame.requestID)
            }
            try await peer.drain()
        }
        #expect(report.sent.map(\.title) == ["Imported"] && report.sent.first?.isDuplicate == true)
        #expect(report.refused.map(\.title) == ["Own"])
        #expect(try outbox.importedKeys(source: "test").keys.sorted() == ["record-1"])
    }

    @Test func `more posts than one page holds are all sent once`() async throws {
        for number in 1...600 { try add("Lesson \(number)") }
        let report = try await send { peer in
            var seen: Set<[UInt8]> = []
            for number in 1...600 {
                let content = try await peer.answerPublish(number)
                #expect(seen.insert(content).inserted)
            }
            try await peer.drain()
        }
        #expect(report.sent.count == 600 && report.waitingCount == 0)
    }

    @Test func `an empty outbox sends nothing`() async throws {
        let report = try await send { peer in
            let frame = try await peer.receiveRequest()
            guard case .goaway = frame.body else { throw ScriptError.unexpected(frame) }
            try await peer.drain()
        }
        #expect(report == OutboxReport())
    }
}

extension ScriptedPeer {
    /// Takes the next post and gives it `sequence`.
    mutating func answerPublish(_ sequence: Int) async throws -> [UInt8] {
        let frame = try await receiveRequest()
        guard case .publish(let publish) = frame.body else { throw ScriptError.unexpected(frame) }
        var published = WirePublished()
        published.sequence = SequenceNumber(sequence)
        try await send(.published(published), to: frame.requestID)
        return publish.post.value.content
    }
}
