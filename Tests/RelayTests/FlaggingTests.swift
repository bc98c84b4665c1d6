import LessonModel
import RelayClient
import RelayTestSupport
import Testing
import Wire

@Suite(.timeLimit(.minutes(1))) struct FlaggingTests {
    private func refusal(_ body: () async throws(ClientError) -> Void) async throws -> WireErrorCode? {
        do throws(ClientError) {
            try await body()
            return nil
        } catch {
            guard case .request(let refused) = error else { throw error }
            return refused.code
        }
    }

    @Test func `a flag reaches the curators who may see the post, and its outcome whoever made it`() async throws {
        try await TestRelay.with { relay in
            let author = try await relay.organisation("author")
            let reader = try await relay.organisation("reader", roles: [.reader])
            let curator = try await relay.organisation("curators", roles: [.contributor, .curator])
            let lesson = try author.lesson("Names a victim")
            let posting = try await relay.connect(author)
            _ = try await posting.publish(lesson.signed)
            let flagging = try await relay.connect(reader)
            try await flagging.flag(lesson.id, reason: "names a victim")
            #expect(
                try await refusal { () throws(ClientError) in try await flagging.flag(lesson.id, reason: "again") }
                    == .alreadyExists)
            #expect(
                try await refusal { () throws(ClientError) in try await flagging.flag(lesson.id, reason: " ") }
                    == .invalid)
            // The author learns nothing, nor does anybody else who does not curate.
            #expect(try await posting.flags(mine: false).flags.isEmpty)
            #expect(try await posting.flags(mine: true).flags.isEmpty)
            let deciding = try await relay.connect(curator)
            let flag = try #require(try await deciding.flags(mine: false).flags.first)
            #expect(flag.reason == "names a victim" && flag.member.organisation == "reader" && flag.sequence == 1)
            #expect(
                try await refusal { () throws(ClientError) in try await posting.closeFlag(flag.number, outcome: "no") }
                    == .notFound)
            try await deciding.closeFlag(flag.number, outcome: "redacted")
            #expect(try await deciding.flags(mine: false).flags.isEmpty)
            #expect(try await flagging.flags(mine: true).flags.map(\.outcome) == ["redacted"])
            try await flagging.flag(lesson.id, reason: "once more")
        }
    }

    @Test func `a flag on a post that is not for the curator is not told, and nobody flags what they may not see`()
        async throws
    {
        try await TestRelay.with { relay in
            let author = try await relay.organisation("author")
            let curator = try await relay.organisation("curators", roles: [.contributor, .curator])
            let strict = try author.lesson(
                "Strict", marking: .amberStrict, audience: Audience(organisations: [author.member.organisation]))
            let posting = try await relay.connect(author)
            _ = try await posting.publish(strict.signed)
            try await posting.flag(strict.id, reason: "wrong date")
            let deciding = try await relay.connect(curator)
            #expect(try await deciding.flags(mine: false).flags.isEmpty)
            #expect(
                try await refusal { () throws(ClientError) in try await deciding.closeFlag(1, outcome: "no") }
                    == .notFound)
            #expect(
                try await refusal { () throws(ClientError) in try await deciding.flag(strict.id, reason: "x") }
                    == .notFound)
        }
    }
}
