import Foundation
import Testing

extension EndToEnd {
    /// An organisation leaves, and the names of its people with it; its lessons stay.
    @Suite(.timeLimit(.minutes(3)))
    struct NameErasureTests {
        private struct Shown: Decodable {
            var organisation: String
            var verified: Bool
            // swift-format-ignore: AlwaysUseLowerCamelCase
            var author_name: String?
        }

        private struct Thread: Decodable { var posts: [Shown] }

        private struct Erased: Decodable {
            var members: Int
            var certificates: Int
            // swift-format-ignore: AlwaysUseLowerCamelCase
            var certificates_lost: Int
        }

        @Test func `a name is in no file of relay or members any more, and the lesson still stands, signed`()
            async throws
        {
            try await World.with { world in
                let name = "Xanthippe Quokkalund"
                try await world.addOrganisation("al-ombudsman")
                try await world.addOrganisation("md-academy")
                let leaver = try await world.member(of: "al-ombudsman", name: name)
                _ = try await world.invitation(to: "al-ombudsman", name: name + " Junior")
                let reader = try await world.member(of: "md-academy")
                let posted = try await leaver.post(LessonText(title: "It stays"))
                try await reader.run("subscribe", "#", "--from", "beginning").expecting()
                try await reader.run("sync").expecting()
                try await world.administrator.run("subscribe", "#", "--from", "beginning").expecting()
                try await world.administrator.run("sync").expecting()
                func shown(_ device: Device, _ arguments: [String]) async throws -> Shown {
                    let lines = try await device.start(["show", posted.id, "--json"] + arguments).finish().expecting()
                        .lines
                    let thread: Thread = try JSONLine.decode(lines.last ?? "")
                    return try #require(thread.posts.first)
                }
                let before = try await shown(reader, ["--offline"])
                #expect(before.verified && before.author_name == name)

                let early = try await world.administrator.run(
                    "admin", "erase-names", "al-ombudsman", "--confirm", "al-ombudsman")
                #expect(early.exit != .code(0) && early.errorOutput.contains("has not left"), "\(early)")
                try await world.administrator.run(
                    "admin", "remove-organisation", "al-ombudsman", "--confirm", "al-ombudsman"
                ).expecting()
                let unasked = try await world.administrator.run("admin", "erase-names", "al-ombudsman", "--no-input")
                #expect(unasked.exit == .code(64), "\(unasked)")
                let erased: Erased = try JSONLine.decode(
                    try await world.administrator.run(
                        "admin", "erase-names", "al-ombudsman", "--confirm", "al-ombudsman", "--json"
                    ).expecting().lines[0])
                #expect(erased.members == 1 && erased.certificates == 1 && erased.certificates_lost == 0)

                for device in [reader, world.administrator] { try await device.run("sync").expecting() }
                let newcomer = try await world.member(of: "md-academy", name: "Newcomer")
                for (device, arguments) in [(reader, ["--offline"]), (reader, []), (newcomer, [])] {
                    let after = try await shown(device, arguments)
                    #expect(after.organisation == "al-ombudsman" && after.verified && after.author_name != name)
                }
                let audit = try await world.administrator.run("admin", "audit", "--verify").expecting()
                #expect(!audit.output.contains("broken"), "\(audit)")
                let file = world.directory + "/audit.jsonl"
                try await world.administrator.run("admin", "audit", "--export", file).expecting()
                try await world.administrator.run("admin", "audit", "--verify-file", file).expecting()
                _ = try await world.relay.stop()
                _ = try await world.relay.examine().expecting()
                let named = try files(in: world.directory).filter {
                    $0.text.contains("Quokkalund") && !$0.path.hasPrefix("al-ombudsman")
                }
                #expect(named.map(\.path) == [])
            }
        }
    }
}
