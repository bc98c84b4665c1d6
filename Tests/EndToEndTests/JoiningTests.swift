import Foundation
import Testing

extension EndToEnd {
    /// Invitations that do not work, and certificates that work no more.
    @Suite(.timeLimit(.minutes(2)))
    struct JoiningTests {
        @Test func `a used, an unknown and a foreign invitation are refused in clear words, and nothing is written`()
            async throws
        {
            try await World.with { world in
                try await world.addOrganisation("al-ombudsman")

                // Used.
                let used = try world.device("second")
                try await expectRefusal(
                    used, world.relay.invitation, code: "INVITATION_USED", words: "used")

                // Of no relay that is here: the token is another's.
                let invitation = try await world.invitation(to: "al-ombudsman", name: "Agim")
                let parts = invitation.split(separator: "/").map(String.init)
                try #require(parts.count == 4)
                let unknownToken = "lessons://\(parts[1])/\(parts[2])/\(String(repeating: "A", count: 27))"
                try await expectRefusal(
                    try world.device("third"), unknownToken, code: "INVITATION_UNKNOWN", words: "invitation")

                // Foreign: the relay that answers has another root than the invitation names.
                let otherRoot = "lessons://\(parts[1])/\(String(repeating: "A", count: 43))/\(parts[3])"
                try await expectRefusal(
                    try world.device("fourth"), otherRoot, code: "UNTRUSTED", words: "not the relay of this invitation")

                // Cut off when it was copied.
                let cut = try await world.device("fifth").run("join", String(invitation.dropLast(3)))
                #expect(cut.exit == .code(64), "\(cut)")
                #expect(cut.errorOutput.contains("incomplete"), "\(cut)")

                // None of this has spent the real one.
                let joined = try world.device("agim")
                try await joined.run("join", invitation).expecting()
                let key = try FileManager.default.attributesOfItem(atPath: joined.identity + "/key.pem")
                #expect((key[.posixPermissions] as? NSNumber)?.intValue == 0o600)
                let again = try await joined.run("join", try await world.invitation(to: "al-ombudsman", name: "Blerta"))
                #expect(again.exit == .code(78), "\(again)")
            }
        }

        @Test func `a revoked certificate ends its live session at once and opens no other`() async throws {
            try await World.with { world in
                try await world.addOrganisation("al-ombudsman")
                let member = try await world.member(of: "al-ombudsman", name: "Agim")
                try await member.run("subscribe", "#").expecting()
                let watch = try member.start(["watch", "--json"])
                try await watch.wait(for: "being up to date") { $0.errorOutput.text.contains("up to date") }

                let revoked = try await world.administrator.run(
                    "admin", "revoke", "--organisation", "al-ombudsman", "--confirm", "al-ombudsman", "--json"
                ).expecting()
                #expect(revoked.output.contains("\"certificates\":1,\"sessions\":1"), "\(revoked)")
                let end = try await watch.finish()
                #expect(end.exit == .code(77), "\(end)")

                for arguments in [["topics"], ["threads"], ["watch", "#"]] {
                    let refused = try await member.start(arguments).finish()
                    #expect(refused.exit == .code(77), "\(refused)")
                    #expect(refused.errorOutput.contains("revoked"), "\(refused)")
                }
                let post = try await member.run("post", "-", input: .text(LessonText(title: "Too late").markdown))
                #expect(post.exit == .code(77), "\(post)")
                let threads = try await world.administrator.run("threads", "--json").expecting()
                #expect(threads.output == "", "\(threads)")
            }
        }

        private func expectRefusal(_ device: Device, _ invitation: String, code: String, words: String) async throws {
            let end = try await device.run("join", invitation, "--json")
            #expect(end.exit == .code(77), "\(end)")
            let failure: FailureLine = try JSONLine.decode(end.errorOutput)
            #expect(failure.error.code == code)
            #expect(failure.error.message.contains(words), "\(failure.error.message)")
            let said = try await device.run("join", invitation)
            #expect(said.errorOutput.contains(failure.error.message), "\(said)")
            let files = FileManager.default.enumerator(atPath: device.home)?.compactMap { $0 as? String } ?? []
            let secrets = files.filter {
                $0.hasSuffix(".pem") || $0.hasSuffix("identity.json") || $0.hasSuffix("identity")
            }
            #expect(secrets.isEmpty)
        }
    }
}
