import LessonModel
import RelayClient
import RelayTestSupport
import Testing
import Wire

@Suite struct SearchingTests {
    @Test func `a post is found as soon as it is acknowledged, with a piece of what fits`() async throws {
        try await TestRelay.with { relay in
            let author = try await relay.organisation("author")
            let connection = try await relay.connect(author)
            let lesson = try author.lesson("Radios in the valley")
            _ = try await connection.publish(lesson.signed)
            let reply = try author.comment("Our batteries froze: carry a second one.", in: lesson.id)
            _ = try await connection.publish(reply.signed)
            let hit = try #require(try await connection.find("battery froze").hits.first)
            #expect(PostID(bytes: hit.thread.threadID) == lesson.id)
            #expect(PostID(bytes: hit.postID) == reply.id)
            #expect(hit.snippet.filter(\.match).map(\.text) == ["batteries", "froze"])
            #expect(hit.snippet.map(\.text).joined() == "Our batteries froze: carry a second one.")
            await connection.close()
        }
    }

    @Test func `what is like a text is found by any of its words`() async throws {
        try await TestRelay.with { relay in
            let author = try await relay.organisation("author")
            let connection = try await relay.connect(author)
            for title in ["Radios in the valley", "Complaints about force", "Radios and complaints in the valley"] {
                _ = try await connection.publish(try author.lesson(title).signed)
            }
            var request = WireSearch()
            request.text = "When radios fail in a deep valley"
            request.similar = true
            let found = try await connection.search(request)
            #expect(found.hits.map(\.thread.title) == ["Radios in the valley", "Radios and complaints in the valley"])
            await connection.close()
        }
    }

    @Test func `a bad search says which field is at fault`() async throws {
        try await TestRelay.with { relay in
            let connection = try await relay.connect(relay.admin)
            let requests: [(field: String, set: (inout WireSearch) -> Void)] = [
                ("text", { $0.text = "" }), ("text", { $0.text = "-only" }),
                ("text", { $0.text = String(repeating: "word ", count: 33) }), ("limit", { $0.limit = 101 }),
                ("organisation", { $0.organisation = "No Slug" }), ("markings", { $0.markings = [.unspecified] }),
                ("text", { ($0.text, $0.similar) = ("a b c", true) }),
            ]
            for (field, set) in requests {
                var request = WireSearch()
                request.text = "word"
                set(&request)
                do throws(ClientError) {
                    _ = try await connection.search(request)
                    Issue.record("\(request) was answered")
                } catch {
                    guard case .request(let refused) = error else { throw error }
                    #expect(refused.code == .invalid)
                    #expect(refused.field == field)
                }
            }
            await connection.close()
        }
    }
}

extension RelayConnection {
    func find(_ text: String) async throws -> WireSearchResults {
        var request = WireSearch()
        request.text = text
        return try await search(request)
    }
}
