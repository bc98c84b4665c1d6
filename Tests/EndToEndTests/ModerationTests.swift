import Foundation
import Testing

extension EndToEnd {
    /// Posts to a moderated topic wait for a curator, and nobody else learns of them.
    @Suite(.timeLimit(.minutes(3)))
    struct ModerationTests {
        private struct Held: Decodable {
            var number: Int64
            var state: String
            var reason: String
            var sequence: Int64?
            var title: String?
        }

        private func queue(_ device: Device, _ arguments: String...) async throws -> [Held] {
            try await device.start(["queue", "list", "--json"] + arguments).finish().expecting().decoded()
        }

        private func makeCurator(_ world: World, of slug: String) async throws -> Device {
            struct Member: Decodable { var member: String }
            try await world.addOrganisation(slug)
            let device = try await world.member(of: slug)
            let listed: [Member] = try await world.administrator.run("admin", "members", slug, "--json").expecting()
                .decoded()
            let id = try #require(listed.first).member
            try await world.administrator.run(
                "admin", "set-roles", id, "contributor", "curator", "--curates", "policing"
            ).expecting()
            return device
        }

        @Test func `a post waits, durably and unseen, until a curator who may see it lets it through`() async throws {
            try await World.with { world in
                try await world.addOrganisation("al-ombudsman")
                let author = try await world.member(of: "al-ombudsman")
                let curator = try await makeCurator(world, of: "md-academy")
                let outside = try await makeCurator(world, of: "uz-academy")
                try await world.administrator.run("admin", "change-topic", "policing/community", "--moderated")
                    .expecting()
                let denied = try await curator.run("admin", "change-topic", "policing/community", "--open")
                #expect(denied.exit == .code(77), "\(denied)")
                try await curator.run("subscribe", "#", "--from", "beginning").expecting()
                let watch = try curator.start(["watch", "--json"])

                let open = try await author.run("post", "-", input: .text(LessonText(title: "For all").markdown))
                    .expecting()
                #expect(open.errorOutput.contains("moderated"), "\(open)")
                let strict = LessonText(title: "For one", marking: "AMBER+STRICT", audience: ["md-academy"])
                try await author.run("post", "-", input: .text(strict.markdown)).expecting()
                try await author.run("post", "-", input: .text(LessonText(title: "Nonsense").markdown)).expecting()
                #expect(try await queue(author, "--mine").map(\.state) == ["waiting", "waiting", "waiting"])
                #expect(try await queue(author).isEmpty, "it curates nothing")
                #expect(try await queue(curator).compactMap(\.title) == ["For all", "For one", "Nonsense"])
                #expect(try await queue(outside).compactMap(\.title) == ["For all", "Nonsense"])
                #expect(try await world.administrator.run("threads", "--json").expecting().output.isEmpty)
                let guess = try await outside.run("queue", "approve", "2")
                #expect(guess.exit == .code(66), "\(guess)")

                // What waits survives a crash.
                try await world.relay.kill()
                try await world.relay.start()
                try await curator.run("queue", "approve", "1").expecting()
                try await curator.run("queue", "approve", "2").expecting()
                try await curator.run("queue", "return", "3", "-m", "Say what happened.").expecting()
                let again = try await curator.run("queue", "approve", "3")
                #expect(again.exit == .code(66), "\(again)")
                let mine = try await queue(author, "--mine")
                #expect(mine.map(\.state) == ["approved", "approved", "returned"])
                #expect(mine.last?.reason == "Say what happened.")
                var seen: [PostLine] = []
                for _ in 0..<2 { seen.append(try JSONLine.decode(try await watch.nextLine())) }
                #expect(seen.map(\.sequence) == mine.prefix(2).compactMap(\.sequence))
                #expect(seen.allSatisfy { $0.verified })

                // A comment waits too; a curator's own posts do not, and neither does anybody's in an open topic.
                try await author.run("reply", "1", "-m", "And then?").expecting()
                #expect(try await queue(curator).count == 1)
                try await curator.run("queue", "reject", "4", "-m", "Not here.").expecting()
                let own = try await curator.post(LessonText(title: "The curator's own"))
                #expect(own.sequence != nil)
                try await world.administrator.run("admin", "change-topic", "policing/community", "--open").expecting()
                #expect(try await author.post(LessonText(title: "At once")).sequence != nil)
                let audit = try await world.administrator.run("admin", "audit", "--action", "post.*", "--json")
                    .expecting()
                #expect(audit.lines.count == 4, "\(audit)")
                _ = try await world.relay.stop()
                #expect(try await world.relay.examine().exit == .code(0))
            }
        }
    }
}
