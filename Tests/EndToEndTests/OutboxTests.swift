import Foundation
import Testing

extension EndToEnd {
    /// What a person writes is not lost, and what is wrong with it is said before anything leaves.
    @Suite(.timeLimit(.minutes(2)))
    struct OutboxTests {
        @Test func `a lesson posted while the relay is down is kept, exits with 75, and arrives once later`()
            async throws
        {
            try await World.with { world in
                try await world.addOrganisation("al-ombudsman")
                let author = try await world.member(of: "al-ombudsman")
                let reader = world.administrator
                try await reader.run("subscribe", "#", "--from", "beginning").expecting()
                #expect(try await world.relay.stop().exit == .code(0))

                let first = try await author.run(
                    "post", "-", "--json", input: .text(LessonText(title: "Written offline").markdown))
                #expect(first.exit == .code(75), "\(first)")
                let kept: PostedLine = try JSONLine.decode(first.lines.last ?? "")
                #expect(kept.status == "queued")
                let second = try await author.run("post", "-", input: .text(LessonText(title: "Also offline").markdown))
                #expect(second.exit == .code(75), "\(second)")
                #expect(second.errorOutput.contains("lessons outbox send"), "what happens next is said: \(second)")
                let waiting = try await author.run("outbox", "list", "--json").expecting()
                #expect(waiting.lines.count == 2, "\(waiting)")
                let still = try await author.run("outbox", "send")
                #expect(still.exit == .code(69), "\(still)")

                try await world.relay.start()
                try await author.run("outbox", "send").expecting()
                #expect(try await author.run("outbox", "list", "--json").expecting().output == "")

                // The next command that connects sends what waits, too.
                #expect(try await world.relay.stop().exit == .code(0))
                let third = try await author.run("post", "-", input: .text(LessonText(title: "Third").markdown))
                #expect(third.exit == .code(75), "\(third)")
                try await world.relay.start()
                try await author.run("topics").expecting()

                let received: [PostLine] = try await reader.run("watch", "--json", "--until-caught-up").expecting()
                    .decoded()
                #expect(received.map(\.title) == ["Written offline", "Also offline", "Third"])
                #expect(received.first?.id == kept.id)
                #expect(received.allSatisfy { $0.verified })
            }
        }

        @Test func `a lesson without a recommendation exits with 65 and names file and line, and nothing is sent`()
            async throws
        {
            try await World.with { world in
                let author = world.administrator
                let text = LessonText(title: "Half a lesson", recommendation: nil).markdown
                let path = try author.write(text, to: "half.md")
                let end = try await author.run("post", path)
                #expect(end.exit == .code(65), "\(end)")
                #expect(end.output == "", "\(end)")
                let told = end.errorOutput.split(separator: "\n").first { $0.contains("recommendation") } ?? ""
                let place = told.prefixMatch(of: #/(.+):(\d+): /#)
                #expect(place.map { String($0.1) } == path, "\(end)")
                let lineCount = text.split(separator: "\n", omittingEmptySubsequences: false).count
                #expect(place.flatMap { Int($0.2) }.map((1...lineCount).contains) == true, "\(end)")

                // Every problem is told at once.
                let worse = LessonText(title: "", marking: "PINK", recommendation: nil).markdown
                let all = try await author.run("post", "-", input: .text(worse))
                #expect(all.exit == .code(65), "\(all)")
                for field in ["title", "marking", "recommendation"] {
                    #expect(all.errorOutput.contains(field), "\(all)")
                }

                #expect(try await author.run("outbox", "list", "--json").expecting().output == "")
                #expect(try await author.run("threads", "--json").expecting().output == "")
            }
        }

        @Test func `a mistyped topic is refused with the topic that was meant, and the text is kept`() async throws {
            try await World.with { world in
                let author = world.administrator
                let lesson = LessonText(title: "Nearly there", topic: "policing/comunity")
                let end = try await author.run("post", "-", "--json", input: .text(lesson.markdown))
                #expect(end.exit == .code(65), "\(end)")
                let failure: FailureLine = try JSONLine.decode(
                    end.errorOutput.split(separator: "\n").last.map(String.init) ?? "")
                #expect(failure.error.code == "UNKNOWN_TOPIC", "\(end)")
                #expect(failure.error.hint?.contains("policing/community") == true, "\(end)")
                #expect(try await author.run("outbox", "list", "--json").expecting().output == "")

                let drafts = author.home + "/data/lessons/default/drafts"
                let kept = try FileManager.default.contentsOfDirectory(atPath: drafts)
                try #require(kept.count == 1)
                let draft = "\(drafts)/\(kept[0])"
                try await author.run("post", draft, "--topic", "policing/community").expecting()
                let threads: [ThreadLine] = try await author.run("threads", "--json").expecting().decoded()
                #expect(threads.map(\.title) == ["Nearly there"])
            }
        }
    }
}
