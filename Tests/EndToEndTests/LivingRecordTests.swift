import Foundation
import Testing

extension EndToEnd {
    /// A lesson from observation to learned, and erased when it must be.
    @Suite(.timeLimit(.minutes(3)))
    struct LivingRecordTests {
        private struct Standing: Decodable {
            struct Application: Decodable {
                var organisation: String
                var status: String
            }

            var title: String?
            var state: String?
            var endorsed_by: [String]
            var applications: [Application]
        }

        /// Five organisations of four countries, who write English and French.
        private struct Parties {
            let ombudsman: Device
            let police: Device
            let ministry: Device
            let media: Device
            let curator: Device

            init(_ world: World) async throws {
                for (slug, country, kind) in [
                    ("al-ombudsman", "AL", "oversight"), ("ge-police", "GE", "police"),
                    ("fr-ministry", "FR", "ministry"),
                    ("ge-media", "GE", "media"), ("md-academy", "MD", "academia"),
                ] {
                    try await world.addOrganisation(slug, country: country, kind: kind)
                }
                ombudsman = try await world.member(of: "al-ombudsman")
                police = try await world.member(of: "ge-police")
                ministry = try await world.member(of: "fr-ministry")
                media = try await world.member(of: "ge-media")
                curator = try await world.member(of: "md-academy", name: "Curia Curator")
                let members = try await world.administrator.run("admin", "members", "md-academy", "--json").expecting()
                let member: Member = try JSONLine.decode(try #require(members.lines.first))
                try await world.administrator.run("admin", "set-roles", member.member, "contributor", "curator")
                    .expecting()
                for device in [ombudsman, police, ministry, media, curator] {
                    try await device.run("subscribe", "#", "--from", "beginning").expecting()
                }
            }

            private struct Member: Decodable { var member: String }
        }

        private func standing(_ device: Device, _ lesson: PostedLine, offline: Bool = false) async throws -> Standing {
            let end = try await device.start(["show", lesson.id, "--json"] + (offline ? ["--offline"] : [])).finish()
            return try JSONLine.decode(try #require(end.expecting().lines.first))
        }

        @Test func `a lesson is endorsed, identified, translated, tried, adopted with evidence, learned, and redacted`()
            async throws
        {
            try await World.with { world in
                let all = try await Parties(world)
                let secret = "Sergeant Zefir Quokkalund"
                let lesson = try await all.ombudsman.post(
                    LessonText(
                        title: "Two officers, the same streets", observation: "\(secret) was told of burglaries late."))
                let number = String(try #require(lesson.sequence))

                // Endorsed, once for each organisation, and not by its own.
                try await all.media.run("endorse", number, "-m", "We hear the same.").expecting()
                let again = try await all.media.run("endorse", number)
                #expect(again.exit == .code(65) && again.errorOutput.contains("already"), "\(again)")
                let own = try await all.ombudsman.run("endorse", number)
                #expect(own.exit == .code(77), "\(own)")

                // Curated, with evidence rules.
                let denied = try await all.media.run("state", number, "lesson-identified", "-m", "It is one.")
                #expect(denied.exit == .code(77), "\(denied)")
                try await all.curator.run("state", number, "lesson-identified", "-m", "Others can use it.").expecting()
                let early = try await all.curator.run("state", number, "lesson-learned", "-m", "Surely.")
                #expect(early.exit == .code(65) && early.errorOutput.contains("adopted"), "\(early)")

                // Translated.
                let french = LessonText(
                    title: "Deux agents, les mêmes rues", observation: "\(secret) apprenait les cambriolages tard."
                ).markdown.replacing("language: en", with: "language: fr")
                try await all.ministry.run(
                    "translate", number, "-", "--language", "fr", input: .text(french)
                ).expecting()
                let shown = try await all.media.run("show", number, "--language", "fr").expecting()
                #expect(shown.output.contains("Deux agents, les mêmes rues"), "\(shown)")
                let missing = try await all.media.run("show", number, "--language", "de")
                #expect(missing.exit == .code(66) && missing.errorOutput.contains("en, fr"), "\(missing)")

                // Tried and failed by one, adopted with evidence by another.
                try await all.ministry.run(
                    "apply", number, "tried-and-failed", "-m", "Officers rotate every month here."
                ).expecting()
                let still = try await all.curator.run("state", number, "lesson-learned", "-m", "One tried it.")
                #expect(still.exit == .code(65), "\(still)")
                try await all.police.run(
                    "apply", number, "adopted", "-m", "Reports rose by a third.", "--evidence", "Annual report, p. 7"
                ).expecting()
                try await all.curator.run("state", number, "lesson-learned", "-m", "Shown in Georgia.").expecting()

                // Everybody sees the same, at the relay and from what was received.
                for device in [all.ombudsman, all.police, all.ministry, all.media, all.curator] {
                    try await device.run("sync").expecting()
                    for offline in [false, true] {
                        let seen = try await standing(device, lesson, offline: offline)
                        #expect(seen.state == "lesson-learned", "\(device.home) \(offline)")
                        #expect(seen.endorsed_by == ["ge-media"])
                        #expect(seen.applications.map(\.organisation).sorted() == ["fr-ministry", "ge-police"])
                    }
                }
                let text = try await all.media.run("show", number).expecting().output
                for part in ["APPLIED", "ge-police: adopted", "Evidence: Annual report", "endorsed", "HISTORY"] {
                    #expect(text.contains(part), "\(part) in \(text)")
                }

                let digest = try await all.media.run("digest", "--daily", "--quiet").expecting().output
                #expect(digest.contains("adopted: ge-police") && digest.contains("now lesson-learned"), "\(digest)")
                let nothing = try await all.media.run("digest", "--since", "2099-01-01", "--quiet").expecting()
                #expect(nothing.output.isEmpty && nothing.errorOutput.isEmpty, "\(nothing)")

                // Revised, then redacted: the lesson's sentence is in no file of relay or members any more.
                let revised = LessonText(title: "The same two officers", observation: "\(secret) hears of it early.")
                try await all.ombudsman.run("revise", number, "-", "-m", "Wording", input: .text(revised.markdown))
                    .expecting()
                #expect(try await standing(all.media, lesson).title == "The same two officers")
                let foreign = try await all.media.run(
                    "revise", number, "-", input: .text(LessonText(title: "Ours").markdown))
                #expect(foreign.exit == .code(77), "\(foreign)")
                #expect(try files(in: world.directory).filter { $0.text.contains("Quokkalund") }.count > 3)
                let unasked = try await all.ombudsman.run("redact", number, "-m", "A name.", "--no-input")
                #expect(unasked.exit == .code(64), "\(unasked)")
                let stranger = try await all.media.run("redact", number, "-m", "A name.", "--confirm", number)
                #expect(stranger.exit == .code(77), "\(stranger)")
                let redacted: PostedLine = try JSONLine.decode(
                    try await all.ombudsman.run(
                        "redact", number, "-m", "A name.", "--confirm", number, "--json"
                    ).expecting().lines.last ?? "")
                for device in [all.ombudsman, all.police, all.ministry, all.media, all.curator] {
                    try await device.run("sync").expecting()
                    let gone = try await device.run("show", redacted.id).expecting()
                    #expect(gone.output.contains("redacted") && !gone.output.contains("Quokkalund"), "\(gone)")
                    let search = try await device.run("search", "Quokkalund", "--json").expecting()
                    #expect(search.output.isEmpty, "\(search)")
                }
                // The relay takes the words out of its index in the background; stopping it waits for that.
                _ = try await world.relay.stop()
                for file in try files(in: world.directory) {
                    for word in ["Quokkalund", "quokkalund", "The same two officers", "Deux agents"] {
                        #expect(!file.text.contains(word), "\(word) in \(file.path)")
                    }
                }
                let doctor = try await world.relay.examine()
                #expect(doctor.exit == .code(0), "\(doctor)")
            }
        }
    }
}
