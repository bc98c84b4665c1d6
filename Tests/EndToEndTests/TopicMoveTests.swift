import Foundation
import Testing

extension EndToEnd {
    /// A topic gets another place in the tree while members are connected, disconnected, and hold posts to its old name.
    @Suite(.timeLimit(.minutes(3)))
    struct TopicMoveTests {
        private struct Listed: Decodable {
            var topic: String
            var title: String
        }

        /// The title of the next post that `watch` prints.
        private func next(_ watch: ChildProcess) async throws -> String {
            struct Post: Decodable { var title: String? }
            let post: Post = try JSONLine.decode(try await watch.nextLine())
            return post.title ?? ""
        }

        @Test func `members go on reading, searching and posting while their topic moves and the relay restarts`()
            async throws
        {
            try await World.with { world in
                try await world.addOrganisation("al-ombudsman")
                let author = try await world.member(of: "al-ombudsman")
                let reader = try await world.member(of: "al-ombudsman", name: "Reader")
                try await author.run("post", "-", input: .text(LessonText(title: "Before").markdown)).expecting()
                try await reader.run("subscribe", "policing/community", "--from", "beginning").expecting()
                let watch = try reader.start(["watch", "--json"])
                #expect(try await next(watch) == "Before")
                try await world.relay.kill()
                let queued = try await author.run("post", "-", input: .text(LessonText(title: "Queued").markdown))
                #expect(queued.errorOutput.contains("outbox"), "\(queued)")
                try await world.relay.start()

                try await world.administrator.run("admin", "change-topic", "policing/community", "--move-to", "streets")
                    .expecting()
                try await author.run("outbox", "send").expecting()
                #expect(try await next(watch) == "Queued")
                try await world.relay.kill()
                try await world.relay.start()
                try await author.run(
                    "post", "-", input: .text(LessonText(title: "After", topic: "streets").markdown)
                ).expecting()
                #expect(try await next(watch) == "After")
                watch.terminate()
                _ = try await watch.finish()

                for name in ["streets", "policing/community"] {
                    for place in [[], ["--offline"]] {
                        let listed: [Listed] = try await reader.start(
                            ["threads", name, "--json"] + place
                        ).finish().expecting().decoded()
                        #expect(Set(listed.map(\.title)) == ["Before", "Queued", "After"], "\(name) \(place)")
                        #expect(Set(listed.map(\.topic)) == ["streets"], "\(name) \(place)")
                    }
                }
                let shown = try await reader.run("show", "1").expecting()
                #expect(shown.output.contains("streets") && !shown.output.contains("policing/community"), "\(shown)")
                let taken = try await world.administrator.run(
                    "admin", "add-topic", "policing/community", "--about", "Another")
                #expect(taken.exit != .code(0))
                #expect(taken.errorOutput.contains("former name"), "\(taken)")
                _ = try await world.relay.stop()
                _ = try await world.relay.examine().expecting()
            }
        }
    }
}
