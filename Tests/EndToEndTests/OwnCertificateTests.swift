import Foundation
import LessonModel
import PKI
import Testing

extension EndToEnd {
    /// What becomes of a member's own certificate and key, with the real programs.
    @Suite(.timeLimit(.minutes(3)))
    struct OwnCertificateTests {
        @Test func `whatever command connects renews a certificate that is due, once, and fails nothing by it`()
            async throws
        {
            try await World.with { world in
                try await world.addOrganisation("al-ombudsman")
                let member = try await world.member(of: "al-ombudsman", name: "Agim")
                let fresh = try await member.run("renew", "--if-needed").expecting()
                #expect(fresh.errorOutput.contains("not due"), "\(fresh)")
                _ = try await world.relay.stop()
                try member.takeCertificate(of: .seconds(120), relayData: world.relay.data)
                try await world.relay.start()
                let due = try member.storedCertificate()

                let topics = try await member.run("topics", "--json").expecting()
                #expect(topics.output.contains("policing"), "\(topics)")
                #expect(topics.errorOutput.contains("your certificate was renewed"), "\(topics)")
                let renewed = try #require(try member.storedCertificate())
                #expect(renewed != due)
                #expect(renewed.notAfter > Int64(Date().timeIntervalSince1970) + 29 * 86_400)
                let again = try await member.run("topics", "--json").expecting()
                #expect(!again.errorOutput.contains("renewed"), "\(again)")
                #expect(try member.storedCertificate() == renewed)
            }
        }

        @Test func `a watch that runs on renews too, and several commands at once do it once`() async throws {
            try await World.with { world in
                try await world.addOrganisation("al-ombudsman")
                let member = try await world.member(of: "al-ombudsman", name: "Agim")
                try await member.run("subscribe", "#").expecting()
                _ = try await world.relay.stop()
                try member.takeCertificate(of: .seconds(120), relayData: world.relay.data)
                try await world.relay.start()
                let watch = try member.start(["watch", "--json"])
                try await watch.wait(for: "the renewal") {
                    $0.errorOutput.text.contains("your certificate was renewed")
                }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<4 { group.addTask { _ = try await member.run("topics", "--quiet").expecting() } }
                    try await group.waitForAll()
                }
                let listed = try await world.administrator.run("admin", "certificates", "al-ombudsman", "--json")
                    .expecting()
                #expect(listed.lines.count == 3, "of joining, the short one, and one renewal: \(listed)")
                watch.terminate()
                _ = try await watch.finish()
            }
        }

        @Test func `after its end every command says the way back, and what waits is sent with the new certificate`()
            async throws
        {
            try await World.with { world in
                try await world.addOrganisation("al-ombudsman")
                let member = try await world.member(of: "al-ombudsman", name: "Agim")
                try await member.run("subscribe", "policing/#").expecting()
                _ = try await world.relay.stop()
                let queued = try await member.run("post", "-", input: .text(LessonText(title: "Waits").markdown))
                #expect(queued.exit == .code(75), "\(queued)")
                try member.takeCertificate(of: .seconds(1), relayData: world.relay.data)
                try await world.relay.start()

                let id = try #require(try member.storedCertificate()?.memberURI?.memberID).uuidString.lowercased()
                for command in [["topics"], ["watch"], ["renew"], ["renew", "--if-needed"], ["outbox", "send"]] {
                    let refused = try await member.start(command).finish()
                    #expect(refused.exit == .code(77), "\(refused)")
                    #expect(refused.errorOutput.contains("admin invite --member \(id)"), "\(refused)")
                    #expect(refused.errorOutput.contains("join --again"), "\(refused)")
                }
                let invited = try await world.administrator.run("admin", "invite", "--member", id).expecting()
                let invitation = try #require(invited.lines.first)
                let plain = try await member.run("join", invitation)
                #expect(plain.exit == .code(78), "the invitation is not spent without --again: \(plain)")
                try await member.run("join", "--again", invitation).expecting()
                let sent = try await member.run("outbox", "send").expecting()
                #expect(sent.errorOutput.contains("sent 1 post"), "\(sent)")
                let threads = try await world.administrator.run("threads", "--json").expecting()
                #expect(threads.output.contains("Waits"), "\(threads)")
                let kept = try await member.run("subscriptions", "--json").expecting()
                #expect(kept.output.contains("policing/#"), "what was followed is still followed: \(kept)")
            }
        }

        @Test func `an invitation for somebody else changes nothing here and is not lost`() async throws {
            try await World.with { world in
                try await world.addOrganisation("al-ombudsman")
                let member = try await world.member(of: "al-ombudsman", name: "Agim")
                let before = try member.storedCertificate()
                let joined = try await member.run(
                    "join", "--again", try await world.invitation(to: "al-ombudsman", name: "Blerta"))
                #expect(joined.exit == .code(78), "\(joined)")
                #expect(try member.storedCertificate() == before)
                let other = try await member.run("whoami", "--profile", "default-2").expecting()
                #expect(other.output.contains("Blerta"), "\(other)")
            }
        }

        @Test func `nothing is written over the identity itself`() async throws {
            try await World.with { world in
                try await world.addOrganisation("al-ombudsman")
                let member = try await world.member(of: "al-ombudsman", name: "Agim")
                let file = try member.write("correct horse battery\n", to: "passphrase")
                for own in ["key.pem", "certificate.pem"].map({ member.identity + "/" + $0 }) {
                    let shown = try await member.run("certificate", "show", "--output", own)
                    #expect(shown.exit == .code(73) && shown.errorOutput.contains("nothing was written"), "\(shown)")
                    let exported = try await member.run(
                        "certificate", "export", "--force", "--pkcs12", own, "--export-passphrase-file", file)
                    #expect(exported.exit == .code(73), "\(exported)")
                }
                try await member.run("topics").expecting()
            }
        }

        @Test func `a key under a passphrase opens with it alone, and a renewed key stays protected`() async throws {
            try await World.with { world in
                try await world.addOrganisation("al-ombudsman")
                let member = try await world.member(of: "al-ombudsman", name: "Agim")
                let file = try member.write("correct horse battery\n", to: "passphrase")
                let wrong = try member.write("wrong horse battery\n", to: "wrong")
                let short = try member.write("short\n", to: "short")
                #expect(try await member.run("key", "protect", "--new-passphrase-file", short).exit == .code(64))
                try await member.run("key", "protect", "--new-passphrase-file", file).expecting()
                func isProtected() throws -> Bool {
                    try String(contentsOfFile: member.identity + "/key.pem", encoding: .utf8).hasPrefix(
                        "-----BEGIN ENCRYPTED PRIVATE KEY-----")
                }
                #expect(try isProtected())
                let unasked = try await member.run("topics", "--no-input")
                #expect(unasked.exit == .code(78) && unasked.errorOutput.contains("--passphrase-file"), "\(unasked)")
                let refused = try await member.run("topics", "--passphrase-file", wrong)
                #expect(refused.exit == .code(78) && refused.errorOutput.contains("does not open"), "\(refused)")
                try await member.run("topics", "--passphrase-file", file).expecting()
                let viaInput = try await member.run(
                    "topics", "--passphrase-file", "-", input: .text("correct horse battery\n"))
                #expect(viaInput.exit == .code(0), "\(viaInput)")
                // Nothing to do needs no passphrase.
                try await member.run("renew", "--if-needed", "--no-input").expecting()
                try await member.run("renew", "--passphrase-file", file).expecting()
                #expect(try isProtected())
                try await member.run("key", "unprotect", "--passphrase-file", file).expecting()
                #expect(try !isProtected())
                try await member.run("topics").expecting()
            }
        }

        @Test(.enabled(if: MachineProgram.path("python3") != nil))
        func
            `at a terminal the passphrase is asked for without being shown, three times at most, and the terminal is left in order`()
            async throws
        {
            try await World.with { world in
                try await world.addOrganisation("al-ombudsman")
                let member = try await world.member(of: "al-ombudsman", name: "Agim")
                let file = try member.write("correct horse battery\n", to: "passphrase")
                try await member.run("key", "protect", "--new-passphrase-file", file).expecting()
                func type(_ lines: [String]) async throws -> Finished {
                    try await member.type(lines, into: ["topics", "--json"])
                }
                let right = try await type(["wrong horse battery", "correct horse battery"])
                #expect(right.exit == .code(0), "\(right)")
                #expect(right.output.contains("policing/community"))
                #expect(!right.output.contains("horse"), "nothing typed is shown: \(right)")
                let wrong = try await type(["one wrong one", "two wrong ones", "three wrong ones"])
                #expect(wrong.exit == .code(78), "\(wrong)")
                let interrupted = try await type(["\u{3}"])
                #expect(interrupted.exit == .code(130), "\(interrupted)")
                for end in [right, wrong, interrupted] { #expect(end.output.hasSuffix("echo on\n"), "\(end)") }
            }
        }

        @Test(.enabled(if: MachineProgram.path("openssl") != nil))
        func `what is exported as PKCS#12 opens the relay for another program`() async throws {
            try await World.with { world in
                try await world.addOrganisation("al-ombudsman")
                let member = try await world.member(of: "al-ombudsman", name: "Agim")
                let passphrase = try member.write("export secret\n", to: "export")
                let bundle = member.home + "/agim.p12"
                try await member.run(
                    "certificate", "export", "--pkcs12", bundle, "--export-passphrase-file", passphrase
                )
                .expecting()
                let mode = try FileManager.default.attributesOfItem(atPath: bundle)[.posixPermissions] as? NSNumber
                #expect(mode?.intValue == 0o600)
                let again = try await member.run(
                    "certificate", "export", "--pkcs12", bundle, "--export-passphrase-file", passphrase)
                #expect(again.exit == .code(73), "\(again)")

                func openssl(_ arguments: String..., input: ChildProcess.Input = .nothing) async throws -> Finished {
                    try await world.children.start(
                        try #require(MachineProgram.path("openssl")), arguments,
                        environment: ProcessInfo.processInfo.environment, input: input
                    ).finish()
                }
                let info = try await openssl(
                    "pkcs12", "-in", bundle, "-passin", "file:\(passphrase)", "-info", "-noout")
                #expect(info.errorOutput.contains("PBES2, PBKDF2, AES-256-CBC"), "\(info)")
                #expect(info.errorOutput.contains("MAC: sha256"), "\(info)")
                let all = member.home + "/all.pem"
                try #require(
                    try await openssl(
                        "pkcs12", "-in", bundle, "-passin", "file:\(passphrase)", "-nodes", "-out", all
                    ).exit == .code(0))
                let talk = try await openssl(
                    "s_client", "-connect", "127.0.0.1:\(world.relay.port)", "-tls1_3", "-alpn", "lessons/1", "-cert",
                    all,
                    "-key", all, "-CAfile", member.identity + "/root.pem", "-verify_return_error")
                #expect(talk.output.contains("Verify return code: 0 (ok)"), "\(talk)")
                #expect(talk.output.contains("ALPN protocol: lessons/1"), "\(talk)")
            }
        }
    }
}
