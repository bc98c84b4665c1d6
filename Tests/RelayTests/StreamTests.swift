import LessonModel
import Relay
import RelayClient
import RelayTestSupport
import Testing
import Wire

@Suite struct StreamTests {
    @Test func `posts are delivered as credit allows, each once and in order`() async throws {
        try await TestRelay.with { relay in
            let author = try await relay.organisation("author")
            let connection = try await relay.connect(author)
            let reader = try await relay.connect(author)
            try await reader.open(posts: 2)
            #expect(try await reader.untilCaughtUp().isEmpty)
            for index in 1...10 { _ = try await connection.publish(author.lesson("Lesson \(index)").signed) }
            var sequences: [SequenceNumber] = []
            for _ in 0..<2 { sequences.append(try await reader.nextPost().sequence) }
            // Were a third on its way, it would come before this answer.
            _ = try await reader.topics()
            #expect(!reader.events.isReady)
            for grant in [1, 3, 4] {
                reader.grant(posts: grant, bytes: 0)
                for _ in 0..<grant { sequences.append(try await reader.nextPost().sequence) }
            }
            #expect(sequences == Array(1...10))
            await connection.close()
            await reader.close()
        }
    }

    @Test func `a stream that begins in the log goes over to live while posts arrive, without a loss or a repetition`()
        async throws
    {
        try await TestRelay.with { relay in
            let author = try await relay.organisation("author")
            let posts = 600
            let connection = try await relay.connect(author)
            let signed = try (0..<posts).map { try author.lesson("Lesson \($0)").signed }
            async let published: Void = {
                let responses = signed.map { connection.submitPublish($0) }
                for response in responses { _ = try await RelayConnection.published(response) }
            }()
            var readers: [RelayConnection] = []
            for _ in 0..<6 {
                let reader = try await relay.connect(author)
                try await reader.open(after: 0)
                readers.append(reader)
            }
            try await published
            for reader in readers {
                var sequences: [SequenceNumber] = []
                while sequences.count < posts { sequences.append(try await reader.nextPost().sequence) }
                #expect(sequences == Array(1...SequenceNumber(posts)))
                await reader.close()
            }
            await connection.close()
        }
    }

    @Test func `a durable subscription goes on where it was acknowledged, over a reconnect and a restart of the relay`()
        async throws
    {
        try await TestRelay.with { relay in
            let author = try await relay.organisation("author")
            var connection = try await relay.connect(author)
            for index in 1...6 { _ = try await connection.publish(author.lesson("Lesson \(index)").signed) }

            var reader = try await relay.connect(author)
            try await reader.open(durable: "desk", after: 0)
            for _ in 0..<3 { _ = try await reader.nextPost() }
            reader.acknowledge(through: 3)
            #expect(try await reader.subscriptions().map(\.cursor) == [3])
            await reader.close()

            reader = try await relay.connect(author)
            var resume = WireSubscribe()
            resume.durable = "desk"
            resume.credit.posts = 100
            resume.credit.bytes = 1 << 20
            #expect(try await reader.subscribe(resume).cursor == 3)
            #expect(try await reader.untilCaughtUp().map(\.sequence) == [4, 5, 6])
            reader.acknowledge(through: 5)
            _ = try await reader.topics()
            await reader.close()
            await connection.close()

            try await relay.restart()
            reader = try await relay.connect(author)
            connection = try await relay.connect(author)
            #expect(try await reader.subscribe(resume).cursor == 5)
            #expect(try await reader.untilCaughtUp().map(\.sequence) == [6])
            _ = try await connection.publish(author.lesson("Lesson 7").signed)
            #expect(try await reader.nextPost().sequence == 7)
            await reader.close()
            await connection.close()
        }
    }

    @Test func `a subscriber that does not read costs the others nothing and gets everything once it reads`()
        async throws
    {
        var limits = RelayLimits()
        limits.maxUnsentBytes = 32 << 10
        try await TestRelay.with(limits: limits) { relay in
            let author = try await relay.organisation("author")
            let slow = try await RawPeer.connect(relay, author)
            try await slow.greet()
            var subscribe = WireFrame()
            subscribe.requestID = 2
            subscribe.subscribe.filters = [.init()]
            subscribe.subscribe.filters[0].topics = ["#"]
            subscribe.subscribe.credit.posts = 100_000
            subscribe.subscribe.credit.bytes = 1 << 30
            try await slow.send(subscribe)
            #expect(try await slow.frame().subscribed.cursor == 0)
            #expect(try await slow.frame().hasCaughtUp)
            try await slow.setReading(false)

            let quick = try await relay.connect(author)
            try await quick.open()
            _ = try await quick.untilCaughtUp()
            let connection = try await relay.connect(author)
            // More than the kernel's buffers hold: the relay must stop writing to the slow one.
            let text = String(repeating: "long ", count: 20_000)
            let posts = 120
            for index in 1...posts {
                _ = try await connection.publish(
                    author.lesson("Lesson \(index)") { post in
                        post.body = .lesson(
                            Lesson(title: "Lesson \(index)", observation: text, recommendation: "Change it."))
                    }.signed)
                #expect(try await quick.nextPost().sequence == SequenceNumber(index))
            }
            #expect(relay.server.counters[.slowConsumers] == 1)
            try await slow.setReading(true)
            var sequences: [SequenceNumber] = []
            var wasTold = false
            while sequences.count < posts {
                let frame = try await slow.frame()
                if frame.hasDeliver { sequences.append(frame.deliver.post.sequence) }
                if frame.hasError { wasTold = wasTold || frame.error.code == .slowConsumer }
            }
            #expect(sequences == Array(1...SequenceNumber(posts)))
            #expect(wasTold)
            await quick.close()
            await connection.close()
        }
    }

    @Test func `an open stream that is to follow more says where it goes on, which is not where it was acknowledged`()
        async throws
    {
        try await TestRelay.with { relay in
            let author = try await relay.organisation("author")
            let connection = try await relay.connect(author)
            let reader = try await relay.connect(author)
            #expect(try await reader.open(durable: "one").cursor == 0)
            for index in 1...3 {
                _ = try await connection.publish(author.lesson("Lesson \(index)").signed)
                _ = try await reader.nextPost()
            }
            #expect(try await reader.open(["media"], durable: "one", after: nil).cursor == 3)
            _ = try await connection.publish(author.lesson("Lesson 4").signed)
            #expect(try await reader.nextPost().sequence == 4)
            await connection.close()
            await reader.close()
        }
    }

    @Test func `a second subscription to another durable name on one connection is refused`() async throws {
        try await TestRelay.with { relay in
            let connection = try await relay.connect(relay.admin)
            try await connection.open(durable: "one")
            await #expect(throws: ClientError.self) { try await connection.open(durable: "two") }
            try await connection.unsubscribe(durable: "one")
            #expect(try await connection.subscriptions().isEmpty)
            await connection.close()
        }
    }
}

extension WireFrame {
    var hasCaughtUp: Bool { if case .caughtUp = body { true } else { false } }
    var hasDeliver: Bool { if case .deliver = body { true } else { false } }
    var hasError: Bool { if case .error = body { true } else { false } }
}
