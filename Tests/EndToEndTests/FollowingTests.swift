import Foundation
import Storage
import Testing

extension EndToEnd {
    /// What a person has read and follows is the same on both of their machines.
    @Suite(.timeLimit(.minutes(3)))
    struct FollowingTests {
        private struct Subscription: Decodable {
            struct Filter: Decodable {
                var topics: [String]
                var threads: [String]
            }

            var filters: [Filter]
            var this_device: Bool
        }

        private func unread(_ device: Device) throws -> Int {
            let facts = try String(contentsOfFile: device.identity + "/identity.json", encoding: .utf8)
            let relay = try #require(facts.firstMatch(of: /"relay"\s*:\s*"([0-9a-f]+)"/)).1
            let mirror = try ClientMirror(directory: device.home + "/cache/lessons/default", relayID: String(relay))
            defer { try? mirror.close() }
            return try mirror.unreadCount()
        }

        @Test func `reading on one machine is reading on the other, and so is following and muting`() async throws {
            try await World.with { world in
                try await world.addOrganisation("police-al")
                let desk = try await world.member(of: "police-al")
                let invitation = try await desk.run("invite-device").expecting().lines.first ?? ""
                let phone = try world.device("phone")
                try await phone.run("join", "-", input: .text(invitation + "\n")).expecting()
                for (title, topic) in [("Here", "policing/community"), ("Elsewhere", "media")] {
                    let lesson = LessonText(title: title, topic: topic).markdown
                    try await world.administrator.run("post", "-", input: .text(lesson)).expecting()
                }
                for device in [desk, phone] {
                    try await device.run("subscribe", "policing/#", "--from", "beginning").expecting()
                    try await device.run("sync").expecting()
                }
                #expect(try unread(desk) == 1 && unread(phone) == 1)

                try await desk.run("mark-read", "1").expecting()
                try await phone.run("sync").expecting()
                #expect(try unread(phone) == 0)
                try await phone.run("mark-read", "1", "--unread").expecting()
                try await desk.run("sync").expecting()
                #expect(try unread(desk) == 1)

                // A thread of a topic that neither follows.
                try await desk.run("follow", "2").expecting()
                try await phone.run("sync").expecting()
                let subscriptions: [Subscription] = try await phone.run("subscriptions", "--json").expecting().decoded()
                #expect(subscriptions.count == 2)
                #expect(subscriptions.allSatisfy { $0.filters.contains { $0.threads.count == 1 } })
                try await world.administrator.run("reply", "2", "-m", "News of it.").expecting()
                try await phone.run("sync").expecting()
                let shown = try await phone.run("show", "2", "--offline")
                #expect(shown.output.contains("News of it."), "\(shown)")

                try await desk.run("mute", "1").expecting()
                for device in [desk, phone] { try await device.run("sync").expecting() }
                #expect(try unread(desk) == 2 && unread(phone) == 2, "the lesson that is followed, and its reply")
                try await desk.run("follow", "2", "--undo").expecting()
                try await phone.run("sync").expecting()
                let after: [Subscription] = try await phone.run("subscriptions", "--json").expecting().decoded()
                #expect(after.allSatisfy { $0.filters.allSatisfy { $0.threads.isEmpty } })
            }
        }
    }
}
