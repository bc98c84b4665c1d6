import Foundation
import LessonModel
import Logging
import NIOPosix
import PKI
import RelayClient
import TestSupport
import Testing
import Wire

extension EndToEnd {
    /// The promise: what was acknowledged is there, once, in its order, whenever the relay is killed.
    ///
    /// `LESSONS_KILL_CYCLES` sets how often; `Scripts/soak.sh` runs it for long.
    @Suite(.timeLimit(.minutes(600)))
    struct KillLoopTests {
        static let cycles = ProcessInfo.processInfo.environment["LESSONS_KILL_CYCLES"].flatMap { Int($0) } ?? 8
        private static let authors = 3
        private static let inFlight = 32

        /// What one author has sent and been told, kept outside the relay.
        private struct Ledger {
            var posts: [SignedPost] = []
            var ids: [PostID] = []
            /// By the place in `posts`.
            var acknowledged: [SequenceNumber?] = []
        }

        @Test func `killed again and again while posts come in, the relay loses, repeats and reorders nothing`()
            async throws
        {
            var random = SeededRandom(for: "the kill loop")
            let seed = random.seed
            try await World.with { world in
                try await world.addOrganisation("police-al")
                var identities: [ClientIdentity] = []
                for number in 0..<Self.authors {
                    identities.append(try await world.member(of: "police-al", name: "Author \(number)").loadIdentity())
                }
                var ledgers = identities.map { _ in Ledger() }
                for _ in 0..<Self.cycles {
                    let killsAfter = Int.random(in: 1...200, using: &random)
                    try await cycle(world, identities, &ledgers, killsAfter: killsAfter)
                }
                // Once more, so that all that was sent is answered.
                for (index, identity) in identities.enumerated() {
                    let connection = try await connect(identity, world)
                    try await resend(&ledgers[index], connection)
                    await connection.close()
                }
                try await judge(ledgers, identities[0], world, seed)
                _ = try await world.relay.stop()
                _ = try await world.relay.examine(within: .seconds(600)).expecting()
                let sent = ledgers.reduce(0) { $0 + $1.posts.count }
                print(
                    "kill loop, seed \(seed): \(Self.cycles) kills, \(sent) posts, 0 lost, 0 repeated, 0 out of order")
            }
        }

        /// Posts from all authors until so many are acknowledged, then kills the relay amid the rest and starts it again.
        private func cycle(
            _ world: World, _ identities: [ClientIdentity], _ ledgers: inout [Ledger], killsAfter: Int
        ) async throws {
            let progress = Observed(0)
            let relay = world.relay
            async let killed: Void = {
                guard await progress.wait(within: .seconds(60), until: { $0 >= killsAfter }) else {
                    throw EndToEndFailure("no post is acknowledged")
                }
                try await relay.kill()
            }()
            let earlier = ledgers
            ledgers = try await withThrowingTaskGroup(of: (Int, Ledger).self) { group in
                for (index, identity) in identities.enumerated() {
                    group.addTask {
                        var ledger = earlier[index]
                        do throws(ClientError) {
                            let connection = try await self.connect(identity, world)
                            try await self.resend(&ledger, connection)
                            await self.post(&ledger, identity, connection, progress)
                            await connection.close()
                        } catch {
                            // Killed meanwhile; a refusal is another matter.
                            if case .request = error { throw error }
                        }
                        return (index, ledger)
                    }
                }
                var answered = earlier
                for try await (index, ledger) in group { answered[index] = ledger }
                return answered
            }
            try await killed
            try await relay.start()
        }

        /// Sends again, in order, what has no answer; an answer that there was must not change.
        private func resend(_ ledger: inout Ledger, _ connection: RelayConnection) async throws(ClientError) {
            for index in ledger.posts.indices where ledger.acknowledged[index] == nil {
                ledger.acknowledged[index] = try await connection.publish(ledger.posts[index]).sequence
            }
            if let last = ledger.posts.indices.last {
                let again = try await connection.publish(ledger.posts[last]).sequence
                #expect(again == ledger.acknowledged[last], "the same post has two places")
            }
        }

        /// Posts with many in flight until the connection ends.
        private func post(
            _ ledger: inout Ledger, _ identity: ClientIdentity, _ connection: RelayConnection, _ progress: Observed<Int>
        ) async {
            var waiting: [(index: Int, response: PendingResponse)] = []
            var isOpen = true
            while isOpen || !waiting.isEmpty {
                while isOpen, waiting.count < Self.inFlight {
                    guard let (id, post) = try? Self.lesson(ledger.posts.count, identity) else { return }
                    ledger.posts.append(post)
                    ledger.ids.append(id)
                    ledger.acknowledged.append(nil)
                    waiting.append((ledger.posts.count - 1, connection.submitPublish(post)))
                }
                let oldest = waiting.removeFirst()
                do throws(ClientError) {
                    ledger.acknowledged[oldest.index] = try await RelayConnection.published(oldest.response).sequence
                    progress.update { $0 += 1 }
                } catch {
                    isOpen = false
                }
            }
        }

        private static func lesson(_ number: Int, _ identity: ClientIdentity) throws -> (PostID, SignedPost) {
            let signer = try PostSigner(identity)
            guard let topic = Topic("policing/community") else { throw EndToEndFailure("no topic") }
            let post = signer.post(
                Lesson(title: "Lesson \(number)", observation: "It happened.", recommendation: "Change it."),
                topic: topic, marking: .green, audience: .everybody, language: "en",
                now: Milliseconds(Date().timeIntervalSince1970 * 1_000))
            return (post.id, try signer.sign(post))
        }

        /// The whole log against what was acknowledged.
        private func judge(
            _ ledgers: [Ledger], _ reader: ClientIdentity, _ world: World, _ seed: UInt64
        ) async throws {
            let connection = try await connect(reader, world)
            var request = WireSubscribe()
            request.filters = [WireFilter(SubscriptionFilter(topics: [try TopicFilter("#")]))]
            request.afterSequence = 0
            request.credit.posts = 1 << 30
            request.credit.bytes = 1 << 40
            _ = try await connection.subscribe(request)
            var places: [PostID: [SequenceNumber]] = [:]
            var last: SequenceNumber = 0
            reading: while let event = await connection.events.next() {
                switch event {
                case .post(let stored, _):
                    #expect(stored.sequence > last, "out of order, seed \(seed)")
                    last = stored.sequence
                    places[try Post(content: stored.post.content).id, default: []].append(stored.sequence)
                case .caughtUp: break reading
                case .closed(let error): throw try #require(error)
                case .gap, .goaway, .marksChanged: continue
                }
            }
            await connection.close()
            for ledger in ledgers {
                for (index, id) in ledger.ids.enumerated() {
                    #expect(places[id] == ledger.acknowledged[index].map { [$0] }, "post \(index), seed \(seed)")
                }
                let sequences = ledger.acknowledged.compactMap(\.self)
                #expect(sequences == sequences.sorted(), "an author's posts are out of order, seed \(seed)")
            }
            #expect(places.count == ledgers.reduce(0) { $0 + $1.ids.count }, "seed \(seed)")
        }

        private func connect(_ identity: ClientIdentity, _ world: World) async throws(ClientError) -> RelayConnection {
            try await RelayConnection.connect(
                to: RelayAddress(host: "127.0.0.1", port: Int(world.relay.port)), identity: identity,
                agent: "kill loop",
                group: MultiThreadedEventLoopGroup.singleton,
                logger: Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() })
        }
    }
}
