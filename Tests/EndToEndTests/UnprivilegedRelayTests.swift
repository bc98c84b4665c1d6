import Foundation
import Testing

extension EndToEnd {
    /// As the unit for systemd runs it: a user that may do nothing beside.
    @Suite(.timeLimit(.minutes(2)), .enabled(if: getuid() == 0, "only root can become another user"))
    struct UnprivilegedRelayTests {
        private static let nobody = 65_534

        @Test func `a relay that runs as a user without rights is joined, posts and delivers`() async throws {
            try await World.with { world in
                try await world.addOrganisation("police-al")
                let invitation = try await world.invitation(to: "police-al", name: "Bella")
                _ = try await world.relay.stop()
                try Self.give(world.relay.data, to: Self.nobody)
                #expect(chmod(world.directory, 0o755) == 0)
                try await world.relay.start(as: Self.nobody)
                let device = try world.device("bella")
                try await device.run("join", "-", input: .text(invitation + "\n")).expecting()
                _ = try await device.post(LessonText(title: "Without rights"))
                let listed = try await world.administrator.run("threads").expecting()
                #expect(listed.output.contains("Without rights"))
                _ = try await world.relay.stop().expecting()
            }
        }

        private static func give(_ folder: String, to user: Int) throws {
            let inside = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
            for path in [folder] + inside.map({ folder + "/" + $0 }) {
                try FileManager.default.setAttributes(
                    [.ownerAccountID: user, .groupOwnerAccountID: user], ofItemAtPath: path)
            }
        }
    }
}
