import Testing

extension EndToEnd {
    @Suite(.timeLimit(.minutes(2)))
    struct DrainTests {
        @Test func `SIGTERM ends the relay with 0, and a watcher comes back by itself when it serves again`()
            async throws
        {
            try await World.with { world in
                try await world.addOrganisation("al-ombudsman")
                let reader = try await world.member(of: "al-ombudsman")
                try await reader.run("subscribe", "#").expecting()
                let watch = try reader.start(["watch", "--json"])
                let before = try await world.administrator.post(LessonText(title: "Before"))
                let first: PostLine = try JSONLine.decode(try await watch.nextLine())
                #expect(first.id == before.id)

                let end = try await world.relay.stop()
                #expect(end.exit == .code(0), "\(end)")
                try await watch.wait(for: "word of the relay's stop") {
                    $0.errorOutput.text.contains("trying again in")
                }
                #expect(watch.isRunning)
                let examined = try await world.relay.examine()
                #expect(examined.exit == .code(0), "\(examined)")

                try await world.relay.start()
                let after = try await world.administrator.post(LessonText(title: "After"))
                let second: PostLine = try JSONLine.decode(try await watch.nextLine(within: .seconds(40)))
                #expect(second.id == after.id)

                watch.terminate()
                let ended = try await watch.finish()
                #expect(ended.exit == .code(143), "\(ended)")
                #expect(ended.lines.count == 2, "\(ended)")
            }
        }
    }
}
