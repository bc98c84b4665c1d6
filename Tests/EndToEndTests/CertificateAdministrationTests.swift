import Foundation
import PKI
import Testing

extension EndToEnd {
    /// Organisations, members and their certificates from the administrator's command line.
    @Suite(.timeLimit(.minutes(2)))
    struct CertificateAdministrationTests {
        private struct CertificateLine: Decodable {
            var fingerprint: String
            var state: String
            var member: String
            var name: String
            var organisation: String
        }

        private struct OrganisationLine: Decodable {
            var organisation: String
            var name: String
            var contact: String?
        }

        @Test func `an administrator searches, downloads, holds, releases, changes and removes`() async throws {
            try await World.with { world in
                let admin = world.administrator
                try await admin.run(
                    "admin", "add-organisation", "al-ombudsman", "--name", "Ombudsman", "--country", "AL", "--kind",
                    "oversight", "--contact", "desk@example.org"
                ).expecting()
                let agim = try await world.member(of: "al-ombudsman", name: "Agim Hoxha")
                try await agim.run("subscribe", "#").expecting()

                // Found by name, shown, downloaded.
                let found: [CertificateLine] = try await admin.run(
                    "admin", "certificates", "--search", "HOXHA", "--json"
                ).expecting().decoded()
                let certificate = try #require(found.first)
                #expect(found.count == 1)
                #expect(certificate.state == "valid")
                #expect(certificate.organisation == "al-ombudsman")
                let short = String(certificate.fingerprint.prefix(10))
                let shown = try await admin.run("admin", "certificate", short).expecting()
                for text in [certificate.fingerprint, "Agim Hoxha", certificate.member, "person", "/id/"] {
                    #expect(shown.output.contains(text), "\(shown)")
                }
                let file = admin.home + "/agim.pem"
                try await admin.run("admin", "certificate", short, "--output", file, "--chain").expecting()
                let chain = try Certificate.all(pem: try String(contentsOfFile: file, encoding: .utf8))
                #expect(chain.count == 2)
                #expect(chain.first?.fingerprintText == certificate.fingerprint)
                let again = try await admin.run("admin", "certificate", short, "--output", file)
                #expect(again.exit == .code(73), "\(again)")
                let pem = try await admin.run("admin", "certificate", short, "--output", "-").expecting()
                #expect(try Certificate(pem: pem.output) == chain.first)
                let unknown = try await admin.run("admin", "certificate", "00000000")
                #expect(unknown.exit == .code(66), "\(unknown)")

                // On hold, and back.
                let watch = try agim.start(["watch", "--json"])
                try await watch.wait(for: "being up to date") { $0.errorOutput.text.contains("up to date") }
                let held = try await admin.run(
                    "admin", "revoke", "--fingerprint", short, "--reason", "hold", "--confirm",
                    String(certificate.fingerprint.prefix(16)), "--json"
                ).expecting()
                #expect(
                    held.output.contains("\"certificates\":1,\"sessions\":1,\"reason\":\"certificateHold\""), "\(held)")
                let end = try await watch.finish()
                #expect(end.exit == .code(77), "\(end)")
                #expect(end.errorOutput.contains("CERTIFICATE_ON_HOLD"), "\(end)")
                let shut = try await agim.run("topics")
                #expect(shut.exit == .code(77), "\(shut)")
                let onHold: [CertificateLine] = try await admin.run(
                    "admin", "certificates", "--state", "on-hold", "--json"
                ).expecting().decoded()
                #expect(onHold.map(\.fingerprint) == [certificate.fingerprint])
                try await admin.run("admin", "release", "--fingerprint", short).expecting()
                try await agim.run("topics").expecting()

                // A further device, by the member alone.
                let device = try await agim.run("invite-device").expecting()
                let second = try world.device("agim-second")
                try await second.run("join", "-", input: .text(device.output)).expecting()
                let both: [CertificateLine] = try await admin.run(
                    "admin", "certificates", "--member", certificate.member, "--json"
                ).expecting().decoded()
                #expect(both.count == 2)

                // Changed, and listed so.
                try await admin.run(
                    "admin", "change-organisation", "al-ombudsman", "--name", "People's Advocate", "--contact",
                    "advocate@example.org"
                ).expecting()
                let listed: [OrganisationLine] = try await agim.run("organisations", "--json").expecting().decoded()
                let changed = try #require(listed.first { $0.organisation == "al-ombudsman" })
                #expect(changed.name == "People's Advocate")
                #expect(changed.contact == "advocate@example.org")
                try await admin.run("admin", "set-roles", certificate.member, "curator", "--curates", "media")
                    .expecting()
                let members = try await admin.run("admin", "members", "--search", "agim").expecting()
                #expect(members.output.contains("curator(media)"), "\(members)")

                // Removed for ever.
                let unconfirmed = try await admin.run("admin", "remove-organisation", "al-ombudsman")
                #expect(unconfirmed.exit == .code(64), "\(unconfirmed)")
                let removed = try await admin.run(
                    "admin", "remove-organisation", "al-ombudsman", "--confirm", "al-ombudsman", "--json"
                ).expecting()
                #expect(removed.output.contains("\"members\":1,\"certificates\":2"), "\(removed)")
                let gone = try await second.run("topics")
                #expect(gone.exit == .code(77), "\(gone)")
                let refused = try await admin.run(
                    "admin", "add-organisation", "al-ombudsman", "--name", "Again", "--kind", "other", "--json")
                #expect(refused.errorOutput.contains("ALREADY_EXISTS"), "\(refused)")
            }
        }

        @Test func `the audit log is exported whole, checked without a relay, and a change in it is found`()
            async throws
        {
            try await World.with { world in
                let admin = world.administrator
                try await world.addOrganisation("al-ombudsman")
                let file = admin.home + "/audit.jsonl"
                try await admin.run("admin", "audit", "--export", file).expecting()
                let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? NSNumber
                #expect(mode?.intValue == 0o600)
                let online = try await admin.run("admin", "audit", "--verify").expecting()
                _ = try await world.relay.stop()
                let offline = try await admin.run("admin", "audit", "--verify-file", file).expecting()
                #expect(offline.output == online.output)
                let text = try String(contentsOfFile: file, encoding: .utf8)
                #expect(text.contains("organisation.add"))
                let other = try admin.write(text.replacing("al-ombudsman", with: "al-ombudsmen"), to: "changed.jsonl")
                let broken = try await admin.run("admin", "audit", "--verify-file", other, "--json")
                #expect(broken.exit == .code(65), "\(broken)")
                #expect(broken.errorOutput.contains("AUDIT_BROKEN"), "\(broken)")
                let again = try await admin.run("admin", "audit", "--export", file)
                #expect(again.exit == .code(73), "\(again)")
            }
        }
    }
}
