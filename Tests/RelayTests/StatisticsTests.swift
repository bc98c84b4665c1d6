import LessonModel
import RelayClient
import RelayTestSupport
import Testing
import Wire

@Suite struct StatisticsTests {
    @Test func `a curator is told figures, somebody without that role is not`() async throws {
        try await TestRelay.with { relay in
            let author = try await relay.organisation("author")
            let curator = try await relay.organisation("academy", roles: [.curator])
            let writing = try await relay.connect(author)
            for number in 1...4 { _ = try await writing.publish(try author.lesson("Lesson \(number)").signed) }
            let error = await #expect(throws: ClientError.self) {
                try await writing.statistics(WireFetchStatistics())
            }
            #expect(error?.code == .forbidden)
            let reading = try await relay.connect(curator)
            let found = try await reading.statistics(WireFetchStatistics())
            #expect(found.lessons == 4 && found.unapplied == 4 && found.learned == 0)
            #expect(found.byTopic.map(\.lessons) == [4])
            #expect(found.byState.map(\.name) == ThreadState.allCases.map(\.name))
            var none = WireFetchStatistics()
            none.filter.topics = ["media"]
            #expect(try await reading.statistics(none).lessons == 0)
            #expect(try await writing.owed(WireListOwed()).threads.isEmpty)
            for connection in [writing, reading] { await connection.close() }
        }
    }
}
