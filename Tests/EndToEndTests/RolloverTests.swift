import Foundation
import PKI
import Testing

extension EndToEnd {
    /// The authority's own life, with real processes.
    @Suite(.timeLimit(.minutes(4)))
    struct RolloverTests {
        private static let reloaded = "certificates reloaded"
        private static let failed = "could not be reloaded"

        /// The members' world and the root's keeper, who has a directory of their own.
        private struct Ceremony {
            let world: World
            let away: String

            var relay: RelayProcess { world.relay }

            func authority(_ step: String, _ arguments: String...) async throws -> Finished {
                try await world.children.start(
                    try BuiltProgram.relay.path, ["authority", step, "--data", relay.data] + arguments,
                    environment: ProcessInfo.processInfo.environment
                ).finish().expecting()
            }

            /// As after a power cut; whoever watched connects again by itself.
            func cutPower() async throws {
                try await relay.kill()
                try await relay.start()
            }

            func joins(_ name: String) async throws -> Device {
                try await world.member(of: "al-ombudsman", name: name)
            }

            func issuer(of device: Device) throws -> String? {
                let text = try String(contentsOfFile: device.identity + "/certificate.pem", encoding: .utf8)
                return try Certificate.all(pem: text).dropFirst().first?.commonName
            }

            func post(_ device: Device, _ title: String, seenBy watch: ChildProcess) async throws {
                let posted = try await device.post(LessonText(title: title))
                let line: PostLine = try JSONLine.decode(try await watch.nextLine())
                #expect(line.id == posted.id && line.verified && line.title == title)
            }
        }

        @Test func `a rollover with an offline root locks nobody out at any step, over kills too`() async throws {
            try await World.with { world in
                let ceremony = Ceremony(world: world, away: world.directory + "/usb")
                let relay = world.relay
                try await world.addOrganisation("al-ombudsman")
                let lazy = try await ceremony.joins("Lazy")
                let diligent = try await ceremony.joins("Diligent")
                try await lazy.run("subscribe", "#").expecting()
                let watch = try lazy.start(["watch", "--json"])
                try await watch.wait(for: "being up to date") { $0.errorOutput.text.contains("up to date") }
                try await ceremony.post(diligent, "Before", seenBy: watch)

                // The root leaves the relay's machine.
                _ = try await ceremony.authority(
                    "export-root", "--output", ceremony.away, "--root-passphrase-file", relay.passphrase, "--remove")
                #expect(!FileManager.default.fileExists(atPath: relay.data + "/authority/root.key"))
                try await ceremony.cutPower()

                let request = world.directory + "/next.csr"
                let requested = try await ceremony.authority("request", "--output", request)
                try await ceremony.cutPower()
                #expect(try ceremony.issuer(of: try await ceremony.joins("Requested"))?.hasSuffix("CA 1") == true)

                // Elsewhere, without a relay.
                let next = ceremony.away + "/next.pem"
                let signed = try await relay.run(
                    "authority", "sign", "--request", request, "--root-certificate", ceremony.away + "/root.pem",
                    "--root-key", ceremony.away + "/root.key", "--root-passphrase-file", relay.passphrase,
                    "--output", next
                ).expecting()
                let keyLine = try #require(requested.errorOutput.split(separator: "\n").first { $0.contains("key  ") })
                #expect(signed.errorOutput.contains(keyLine), "\(signed)")

                // Both are accepted; the relay sees the change by itself.
                try await relay.untilLogged(Self.reloaded) {
                    _ = try await ceremony.authority("import", "--certificate", next)
                }
                let imported = try await ceremony.joins("Imported")
                #expect(try ceremony.issuer(of: imported)?.hasSuffix("CA 1") == true)
                try await ceremony.cutPower()
                try await ceremony.post(imported, "Imported", seenBy: watch)

                // The new one signs.
                _ = try await ceremony.authority("activate")
                try await relay.hangUp(until: Self.reloaded)
                let new = try await ceremony.joins("New")
                #expect(try ceremony.issuer(of: new)?.hasSuffix("CA 2") == true)
                try await ceremony.post(new, "New", seenBy: watch)
                try await ceremony.post(lazy, "Old still posts", seenBy: watch)
                try await ceremony.cutPower()
                try await diligent.run("renew").expecting()
                #expect(try ceremony.issuer(of: diligent)?.hasSuffix("CA 2") == true)
                try await diligent.run("subscribe", "#").expecting()
                let renewedWatch = try diligent.start(["watch", "--json"])
                try await renewedWatch.wait(for: "being up to date") { $0.errorOutput.text.contains("up to date") }
                try await ceremony.post(diligent, "Renewed", seenBy: watch)
                let status = try await world.administrator.run("admin", "status", "--json").expecting()
                #expect(status.output.contains("Issuing CA 2") && status.output.contains("Issuing CA 1"), "\(status)")

                // Retired without force: nobody is locked out, and the state says who is waited for.
                _ = try await ceremony.authority("retire", "issuing-1")
                try await relay.hangUp(until: Self.reloaded)
                try await lazy.run("topics").expecting()
                let waiting = try await world.administrator.run("admin", "status").expecting()
                #expect(waiting.errorOutput.contains("to be retired and is still accepted"), "\(waiting)")

                // With force, but the last administrator has not renewed: refused, and nobody is locked out.
                _ = try await ceremony.authority("retire", "issuing-1", "--force")
                try await relay.hangUp(until: Self.failed)
                try await lazy.run("topics").expecting()
                let told = try await world.administrator.run("admin", "status").expecting()
                #expect(told.errorOutput.contains("lock out the last relay administrator"), "\(told)")
                try await ceremony.cutPower()
                try await lazy.run("topics").expecting()

                // They renew, and it is done: who has not renewed is told why; who has notices nothing.
                try await world.administrator.run("renew").expecting()
                try await relay.hangUp(until: Self.reloaded)
                let end = try await watch.finish()
                #expect(end.exit == .code(77) && end.errorOutput.contains("revoked"), "\(end)")
                let refused = try await lazy.run("topics")
                #expect(refused.exit == .code(77) && refused.errorOutput.contains("revoked"), "\(refused)")
                let last = try await new.post(LessonText(title: "After"))
                try await renewedWatch.wait(for: "the last post") { $0.output.text.contains(last.id) }
                #expect(renewedWatch.isRunning)
                try await ceremony.cutPower()

                // Somebody new verifies everything that was ever posted.
                let fresh = try await ceremony.joins("Fresh")
                let threads: [ThreadLine] = try await fresh.run("threads", "--json").expecting().decoded()
                #expect(threads.count == 6)
                for thread in threads {
                    let shown: [ShownLine] = try await fresh.run("show", thread.thread, "--json").expecting().decoded()
                    #expect(!shown.flatMap(\.posts).map(\.verified).contains(false))
                }
                let audit = try await world.administrator.run("admin", "audit", "--action", "authority.*", "--json")
                    .expecting()
                for action in ["import", "activate", "reload-fail", "retire"] {
                    #expect(audit.output.contains("authority.\(action)"), "\(audit)")
                }
                let listed = try await ceremony.authority("list", "--json")
                #expect(listed.lines.count == 3 && listed.lines[1].contains("\"state\":\"retired\""), "\(listed)")
            }
        }
    }
}
