import Foundation
import Testing

extension EndToEnd {
    /// A client in another language, written from lessons.proto alone.
    @Suite(
        .enabled(if: MachineProgram.path("python3") != nil, "python3 is absent; install it"), .timeLimit(.minutes(2)))
    struct PythonClientTests {
        private struct WelcomeLine: Decodable {
            var welcome: Int
            var member: String
            var organisation: String
            var tls: String
        }

        /// What was sent, and what the relay said to it.
        private struct Answer: Decodable, Equatable {
            var sent: String
            var request_id: Int?
            var is_error: Bool?
            var is_alive: Bool?
            var code: Int?
            var field: String?
            var sequence: Int64?
            var duplicate: Bool?
        }

        /// A changed post that Python's own check finds valid would make the check worthless.
        private struct ChangedLine: Decodable {
            var verified_if_changed: Bool
        }

        @Test func `a client of Python's standard library receives, verifies, and goes on where it was`() async throws {
            try await World.with { world in
                try await world.addOrganisation("ge-police-academy", country: "GE", kind: "academia")
                try await world.addOrganisation("py-org")
                let author = try await world.member(of: "ge-police-academy")
                let reader = try await world.member(of: "py-org", name: "Reader In Python")
                let lesson = LessonText(title: "Walk the same streets — მეზობლები", observation: "Zażółć gęślą jaźń.")
                let posted = try await author.post(lesson)
                try await author.run("reply", posted.id, "-m", "It worked in Tbilisi too.").expecting()

                let first = try await run(world, "receive", reader, ["--durable", "python", "--limit", "2"]).expecting()
                let welcome: WelcomeLine = try JSONLine.decode(first.lines.first ?? "")
                #expect(welcome.welcome == 1)
                #expect(welcome.member == "Reader In Python")
                #expect(welcome.organisation == "py-org")
                #expect(welcome.tls == "TLSv1.3")
                let posts: [PostLine] = try first.lines.dropFirst().map { try JSONLine.decode($0) }
                try #require(posts.count == 2, "\(first)")
                #expect(posts.allSatisfy { $0.verified }, "\(first)")
                let changed: [ChangedLine] = try first.lines.dropFirst().map { try JSONLine.decode($0) }
                #expect(!changed.contains { $0.verified_if_changed }, "\(first)")
                #expect(posts[0].sequence == posted.sequence)
                #expect(posts[0].id == posted.id)
                #expect(posts[0].thread == posted.id)
                #expect(posts[0].kind == "lesson")
                #expect(posts[0].title == lesson.title)
                #expect(posts[0].observation == lesson.observation)
                #expect(posts[0].discussion == lesson.discussion)
                #expect(posts[0].conclusion == lesson.conclusion)
                #expect(posts[0].recommendation == lesson.recommendation)
                #expect(posts[0].tags == ["patrols", "youth"])
                #expect(posts[0].topic == "policing/community")
                #expect(posts[0].marking == "GREEN")
                #expect(posts[0].language == "en")
                #expect(posts[0].organisation == "ge-police-academy")
                #expect(posts[1].kind == "comment")
                #expect(posts[1].thread == posted.id)
                #expect(posts[1].text == "It worked in Tbilisi too.")

                // The relay remembers what was acknowledged: the next run begins after it.
                let next = try await author.post(LessonText(title: "A second lesson"))
                let second = try await run(world, "receive", reader, ["--durable", "python", "--limit", "1"])
                    .expecting()
                let line: PostLine = try JSONLine.decode(second.lines.last ?? "")
                #expect(line.id == next.id)
            }
        }

        @Test func `a post made in Python is taken once, and each way to make it wrong has its own error`() async throws
        {
            try await World.with { world in
                let reader = world.administrator
                try await reader.run("subscribe", "#", "--from", "beginning").expecting()
                let end = try await run(world, "post", world.administrator).expecting()
                let answers: [Answer] = try end.lines.dropFirst().map { try JSONLine.decode($0) }
                #expect(
                    answers == [
                        Answer(sent: "lesson", sequence: 1, duplicate: false),
                        Answer(sent: "the same again", sequence: 1, duplicate: true),
                        // CONFLICT
                        Answer(sent: "its id with other content", code: 406, field: "post_id"),
                        // BAD_SIGNATURE
                        Answer(sent: "a signature of other content", code: 220, field: "signature"),
                        // FOREIGN_AUTHOR
                        Answer(sent: "another's name", code: 221, field: "author"),
                        // UNKNOWN_TOPIC
                        Answer(sent: "an unknown topic", code: 401, field: "topic"),
                        // INVALID
                        Answer(sent: "no marking", code: 400, field: "marking"),
                        Answer(sent: "no recommendation", code: 400, field: "recommendation"),
                        Answer(sent: "no post at all", code: 400, field: "content"),
                        Answer(sent: "ping", is_alive: true),
                    ], "\(end)")

                let received: [PostLine] = try await reader.run("watch", "--json", "--until-caught-up").expecting()
                    .decoded()
                #expect(received.map(\.title) == ["Written in Python"])
                #expect(received.allSatisfy { $0.verified })
            }
        }

        @Test func `unknown frames and bad text get errors and the session lives, broken frames end it`() async throws {
            try await World.with { world in
                let end = try await run(world, "frames", world.administrator).expecting()
                let answers: [Answer] = try end.lines.dropFirst().map { try JSONLine.decode($0) }
                #expect(
                    answers == [
                        // UNSUPPORTED
                        Answer(sent: "unknown", request_id: 77, is_error: true, code: 102),
                        // INVALID_UTF8
                        Answer(sent: "bad text", request_id: 78, is_error: true, code: 105),
                        Answer(sent: "ping", is_alive: true),
                        // FRAME_TOO_LARGE and MALFORMED_FRAME, each in a Goaway
                        Answer(sent: "oversized", code: 101),
                        Answer(sent: "malformed", code: 100),
                    ], "\(end)")
            }
        }

        private func run(
            _ world: World, _ command: String, _ device: Device, _ options: [String] = []
        ) async throws -> Finished {
            guard let python = MachineProgram.path("python3") else { throw EndToEndFailure("python3 is absent") }
            let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Python/relay_client.py")
            var environment = ProcessInfo.processInfo.environment
            environment["PYTHONDONTWRITEBYTECODE"] = "1"
            let place = ["127.0.0.1", "\(world.relay.port)", device.identity]
            return try await world.children.start(
                python, [script.path, command] + place + options, environment: environment
            ).finish(within: .seconds(40))
        }
    }
}
