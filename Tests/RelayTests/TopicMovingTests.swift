import LessonModel
import RelayClient
import RelayTestSupport
import Storage
import Testing
import Wire

@testable import Relay

@Suite(.timeLimit(.minutes(1))) struct TopicMovingTests {
    private func move(_ topic: String, to place: String, _ connection: RelayConnection) async throws {
        var change = WireChangeTopic()
        change.path = topic
        change.moveTo = place
        try await connection.changeTopic(change)
    }

    @Test
    func
        `who follows a topic gets each of its posts once while it moves to and fro, by whatever name they were signed`()
        async throws
    {
        try await TestRelay.with { relay in
            let administrator = try await relay.connect(relay.admin)
            let author = try await relay.organisation("author")
            let connection = try await relay.connect(author)
            var readers: [RelayConnection] = []
            for topics in [["policing/#"], ["policing/community"], ["#", "!media"]] {
                for durable in ["", "desk-\(readers.count)"] {
                    let reader = try await relay.connect(author)
                    try await reader.open(topics, durable: durable)
                    _ = try await reader.untilCaughtUp()
                    readers.append(reader)
                }
            }
            let elsewhere = try await relay.connect(author)
            try await elsewhere.open(["media"])
            _ = try await elsewhere.untilCaughtUp()
            let rounds = 6
            let each = 20
            async let moved: Void = {
                for round in 0..<rounds {
                    let ends = ["policing/community", "border"]
                    try await move(ends[round % 2], to: ends[(round + 1) % 2], administrator)
                }
            }()
            let names = ["policing/community", "border"]
            for index in 0..<(rounds * each) {
                // Before the first move the new name stands for nothing yet.
                let name = index.isMultiple(of: 2) ? names[0] : names[1]
                let lesson = try author.lesson("Lesson \(index)", topic: name)
                if let refused = try await connection.refusal(of: lesson.signed) {
                    #expect(refused.code == .unknownTopic && name == names[1])
                    _ = try await connection.publish(try author.lesson("Lesson \(index)").signed)
                }
            }
            try await moved
            for reader in readers {
                var sequences: [SequenceNumber] = []
                while sequences.count < rounds * each { sequences.append(try await reader.nextPost().sequence) }
                #expect(sequences == Array(1...SequenceNumber(rounds * each)))
                await reader.close()
            }
            _ = try await elsewhere.topics()
            #expect(!elsewhere.events.isReady)
            await elsewhere.close()
            await connection.close()
            await administrator.close()
        }
    }

    @Test func `who asks between the store's move and the membership's has the topic by both names`() async throws {
        try await TestRelay.with { relay in
            let author = try await relay.organisation("author")
            let core = relay.server.core
            let move = try TopicMove(
                from: try #require(Topic("policing/community")), to: try #require(Topic("border")))
            _ = core.topicMoves.begin(move, of: try core.store.topics(at: move.from))
            try core.store.moveTopic(move, audit: AuditEntry(at: 1, actor: .host, action: "test"))

            let readers = [try await relay.connect(author), try await relay.connect(author)]
            for (reader, durable) in zip(readers, ["", "desk"]) {
                try await reader.open(["policing/community"], durable: durable)
                #expect(try await reader.untilCaughtUp().isEmpty)
            }
            let connection = try await relay.connect(author)
            _ = try await connection.publish(try author.lesson("Amid", topic: "policing/community").signed)
            for reader in readers { #expect(try await reader.nextPost().sequence == 1) }

            try core.membership.refresh(.everything)
            core.topicMoves.settle()
            _ = try await connection.publish(try author.lesson("After", topic: "border").signed)
            for reader in readers { #expect(try await reader.nextPost().sequence == 2) }
            let stored = try core.store.subscription(member: author.member.id, durable: "desk")
            #expect(stored?.filters.flatMap(\.topics).map(\.description) == ["border"])
            for each in readers + [connection] { await each.close() }
        }
    }

    @Test
    func `a durable subscription and a filter that is asked for anew follow a topic that moved while nobody was there`()
        async throws
    {
        try await TestRelay.with { relay in
            let administrator = try await relay.connect(relay.admin)
            let author = try await relay.organisation("author")
            let connection = try await relay.connect(author)
            var reader = try await relay.connect(author)
            try await reader.open(["policing/community"], durable: "desk")
            _ = try await reader.untilCaughtUp()
            await reader.close()
            try await move("policing/community", to: "border", administrator)
            _ = try await connection.publish(try author.lesson("After", topic: "policing/community").signed)
            reader = try await relay.connect(author)
            var request = WireSubscribe()
            request.durable = "desk"
            request.credit.posts = 100
            request.credit.bytes = 1 << 20
            let subscribed = try await reader.subscribe(request)
            #expect(subscribed.filters.map(\.topics) == [["border"]])
            #expect(try await reader.untilCaughtUp().count == 1)
            await reader.close()
            reader = try await relay.connect(author)
            try await reader.open(["policing/community/#"])
            #expect(try await reader.untilCaughtUp().count == 1)
            await reader.close()
            let topic = try #require(try await connection.topics().first { $0.path == "border" })
            #expect(topic.formerPaths == ["policing/community"] && topic.threads == 1)
            await connection.close()
            await administrator.close()
        }
    }

    @Test func `only a relay administrator moves a topic, and what cannot be is told in a sentence`() async throws {
        try await TestRelay.with { relay in
            let administrator = try await relay.connect(relay.admin)
            let author = try await relay.organisation("author")
            let connection = try await relay.connect(author)
            func refusal(_ place: String, _ connection: RelayConnection) async throws -> WireErrorCode? {
                do throws(ClientError) {
                    var change = WireChangeTopic()
                    change.path = "policing"
                    change.moveTo = place
                    try await connection.changeTopic(change)
                    return nil
                } catch {
                    guard case .request(let refused) = error else { throw error }
                    #expect(!refused.message.isEmpty)
                    return refused.code
                }
            }
            #expect(try await refusal("border", connection) == .forbidden)
            #expect(try await refusal("policing/reform", administrator) == .invalid)
            #expect(try await refusal("Not a topic", administrator) == .invalid)
            #expect(try await refusal("nowhere/at-all", administrator) == .notFound)
            #expect(try await refusal("media", administrator) == .alreadyExists)
            #expect(try await refusal("border", administrator) == nil)
            await connection.close()
            await administrator.close()
        }
    }
}
