import Foundation
import Testing

extension EndToEnd {
    /// What administrators do all year, with the programs as they are built.
    @Suite(.timeLimit(.minutes(2)))
    struct AdministrationTests {
        private struct MemberLine: Decodable {
            var member: String
            var name: String
            var roles: [String]
            var suspended: Bool
        }

        @Test func `a suspended organisation's watch ends with 77, and once resumed it is back with what it missed`()
            async throws
        {
            try await World.with { world in
                try await world.addOrganisation("al-ombudsman")
                let member = try await world.member(of: "al-ombudsman", name: "Agim")
                try await member.run("subscribe", "#").expecting()
                let watch = try member.start(["watch", "--json"])
                try await watch.wait(for: "being up to date") { $0.errorOutput.text.contains("up to date") }

                let unconfirmed = try await world.administrator.run("admin", "suspend-organisation", "al-ombudsman")
                #expect(unconfirmed.exit == .code(64), "\(unconfirmed)")
                #expect(unconfirmed.errorOutput.contains("--confirm 'al-ombudsman'"), "\(unconfirmed)")
                #expect(watch.isRunning)

                let suspended = try await world.administrator.run(
                    "admin", "suspend-organisation", "al-ombudsman", "--confirm", "al-ombudsman", "--json"
                ).expecting()
                #expect(suspended.output.contains("\"suspended\":true,\"sessions\":1"), "\(suspended)")
                let end = try await watch.finish()
                #expect(end.exit == .code(77), "\(end)")
                #expect(end.errorOutput.contains("ORGANISATION_SUSPENDED"), "\(end)")
                let refused = try await member.run("topics")
                #expect(refused.exit == .code(77), "\(refused)")
                #expect(refused.errorOutput.contains("suspended"), "\(refused)")
                let listed = try await world.administrator.run("admin", "organisations").expecting()
                #expect(listed.output.contains("suspended"), "\(listed)")
                let missed = try await world.administrator.post(LessonText(title: "Missed"))

                try await world.administrator.run("admin", "resume-organisation", "al-ombudsman").expecting()
                let again = try member.start(["watch", "--json"])
                let line: PostLine = try JSONLine.decode(try await again.nextLine())
                #expect(line.id == missed.id)
                again.terminate()
                _ = try await again.finish()

                let audit = try await world.administrator.run("admin", "audit", "--action", "organisation.*", "--json")
                    .expecting()
                #expect(
                    audit.lines.map { $0.contains("organisation.suspend") || $0.contains("organisation.resume") }
                        == [false, false, true, true], "\(audit)")
                let verified = try await world.administrator.run("admin", "audit", "--verify").expecting()
                #expect(verified.output.contains("whole; head "), "\(verified)")
            }
        }

        @Test func `roles are changed, an invitation goes to a file and a QR code, and the state is told`() async throws
        {
            try await World.with { world in
                try await world.addOrganisation("al-ombudsman")
                let invited = try await world.administrator.run(
                    "admin", "invite", "--organisation", "al-ombudsman", "--name", "Agim", "--output",
                    world.administrator.home + "/agim.txt", "--qr"
                ).expecting()
                #expect(!invited.output.contains("lessons://"), "\(invited)")
                #expect(invited.lines.contains { $0.contains("█") }, "\(invited)")
                let file = world.administrator.home + "/agim.txt"
                let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? NSNumber
                #expect(mode?.intValue == 0o600)
                let text = try String(contentsOfFile: file, encoding: .utf8)
                let agim = try world.device("agim")
                try await agim.run("join", "-", input: .text(text)).expecting()

                let again = try await world.administrator.run(
                    "admin", "invite", "--organisation", "al-ombudsman", "--name", "Second", "--output", file)
                #expect(again.exit == .code(73), "\(again)")
                let open = try await world.administrator.run("admin", "status", "--json").expecting()
                #expect(open.output.contains("\"open_invitations\":0"), "\(open)")
                #expect(open.output.contains("\"members\":2"), "\(open)")

                let members: [MemberLine] = try await world.administrator.run(
                    "admin", "members", "al-ombudsman", "--json"
                ).expecting().decoded()
                let member = try #require(members.first)
                #expect(member.roles == ["contributor"])
                try await world.administrator.run("admin", "set-roles", member.member, "reader").expecting()
                let post = try await agim.run("post", "-", input: .text(LessonText(title: "No more").markdown))
                #expect(post.exit == .code(77), "\(post)")
                let refused = try await agim.run("admin", "status")
                #expect(refused.exit == .code(77), "\(refused)")
                let audit = try await world.administrator.run("admin", "audit", "--actor", member.member).expecting()
                #expect(audit.output.contains("request.refuse"), "\(audit)")

                let last = try await world.administrator.run(
                    "admin", "suspend-organisation", "osce-sec", "--confirm", "osce-sec", "--json")
                #expect(last.exit == .code(77), "\(last)")
                #expect(last.errorOutput.contains("LAST_RELAY_ADMINISTRATOR"), "\(last)")
            }
        }
    }
}
