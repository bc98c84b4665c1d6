import Testing

extension EndToEnd {
    /// Who sees a marked post, on every path that a client has.
    @Suite(.timeLimit(.minutes(2)))
    struct MarkingTests {
        /// An organisation that writes, one that is named, its client, another that is named, and one that is not.
        private struct Parties {
            let author: Device
            let colleague: Device
            let named: Device
            let client: Device
            let alsoNamed: Device
            let outsider: Device

            init(_ world: World) async throws {
                for slug in ["al-ombudsman", "ge-academy", "ge-client", "md-ministry", "uz-media"] {
                    try await world.addOrganisation(slug)
                }
                try await world.administrator.run("admin", "set-clients", "ge-academy", "ge-client").expecting()
                author = try await world.member(of: "al-ombudsman")
                colleague = try await world.member(of: "al-ombudsman", name: "Second Member")
                named = try await world.member(of: "ge-academy")
                client = try await world.member(of: "ge-client")
                alsoNamed = try await world.member(of: "md-ministry")
                outsider = try await world.member(of: "uz-media")
                for device in [author, colleague, named, client, alsoNamed, outsider] {
                    try await device.run("subscribe", "#", "--from", "beginning").expecting()
                }
            }
        }

        @Test func `AMBER+STRICT for two organisations is seen by these and the author's only, on every path`()
            async throws
        {
            try await World.with { world in
                let parties = try await Parties(world)
                let namedWatch = try parties.named.start(["watch", "--json"])
                let outsiderWatch = try parties.outsider.start(["watch", "--json"])
                let secret = try await parties.author.post(
                    LessonText(
                        title: "For two only", marking: "AMBER+STRICT", audience: ["ge-academy", "md-ministry"]))
                let reply = try await reply(parties.named, to: secret)
                // What comes after it shows that nothing is still on its way.
                let open = try await parties.author.post(LessonText(title: "For everybody", marking: "CLEAR"))

                // Live.
                var seen: [PostLine] = []
                for _ in 0..<3 { seen.append(try JSONLine.decode(try await namedWatch.nextLine())) }
                #expect(seen.map(\.id) == [secret.id, reply.id, open.id])
                #expect(seen.map(\.marking) == ["AMBER+STRICT", "AMBER+STRICT", "CLEAR"])
                #expect(seen.allSatisfy { $0.verified })
                let unseen: PostLine = try JSONLine.decode(try await outsiderWatch.nextLine())
                #expect(unseen.id == open.id)

                // From the backlog.
                #expect(try await backlog(parties.colleague) == [secret.id, reply.id, open.id])
                #expect(try await backlog(parties.alsoNamed) == [secret.id, reply.id, open.id])
                #expect(try await backlog(parties.client) == [open.id], "AMBER+STRICT goes to no client")

                // In listings and counters.
                for (device, threads, posts) in [
                    (parties.named, [open.id, secret.id], 3), (parties.alsoNamed, [open.id, secret.id], 3),
                    (parties.author, [open.id, secret.id], 3), (parties.client, [open.id], 1),
                    (parties.outsider, [open.id], 1),
                ] {
                    let listed: [ThreadLine] = try await device.run("threads", "--json").expecting().decoded()
                    #expect(listed.map(\.thread) == threads, "\(device.home)")
                    let topics: [TopicLine] = try await device.run("topics", "--json").expecting().decoded()
                    let topic = topics.first { $0.topic == "policing/community" }
                    #expect(topic?.threads == threads.count, "\(device.home)")
                    #expect(topic?.posts == posts, "\(device.home)")
                }

                // By direct fetch, of the lesson, of its reply, by number, offline, for export and to answer it.
                let shown: [ShownLine] = try await parties.alsoNamed.run("show", secret.id, "--json").expecting()
                    .decoded()
                #expect(shown.first?.posts.map(\.id) == [secret.id, reply.id])
                let secretNumber = String(secret.sequence ?? 0)
                for arguments in [
                    ["show", secret.id], ["show", reply.id], ["show", secretNumber], ["show", secret.id, "--offline"],
                    ["export", secret.id], ["reply", secret.id, "-m", "May I?"],
                ] {
                    let end = try await parties.outsider.start(arguments + ["--json"]).finish()
                    #expect(end.exit == .code(66), "\(end)")
                    #expect(!(end.output + end.errorOutput).contains("For two only"), "\(end)")
                }

                // A reply goes no further than its thread.
                let wide = try await parties.named.run(
                    "reply", secret.id, "-m", "For all", "--marking", "GREEN", "--json")
                #expect(wide.exit == .code(77), "\(wide)")
                let late = try await parties.author.post(LessonText(title: "The end", marking: "CLEAR"))
                let next: PostLine = try JSONLine.decode(try await outsiderWatch.nextLine())
                #expect(next.id == late.id)
            }
        }

        @Test func `each marking reaches whom TLP 2.0 says and nobody else`() async throws {
            try await World.with { world in
                let parties = try await Parties(world)
                let memberID = try await memberID(of: parties.named)
                let clear = try await parties.author.post(LessonText(title: "Clear", marking: "CLEAR")).id
                let green = try await parties.author.post(LessonText(title: "Green", marking: "GREEN")).id
                let amber = try await parties.author.post(
                    LessonText(title: "Amber", marking: "AMBER", audience: ["ge-academy"])
                ).id
                let strict = try await parties.author.post(
                    LessonText(title: "Strict", marking: "AMBER+STRICT", audience: ["ge-academy"])
                ).id
                let red = try await parties.author.post(LessonText(title: "Red", marking: "RED", audience: [memberID]))
                    .id

                #expect(try await backlog(parties.author) == [clear, green, amber, strict, red])
                #expect(try await backlog(parties.colleague) == [clear, green, amber, strict])
                #expect(try await backlog(parties.named) == [clear, green, amber, strict, red])
                #expect(try await backlog(parties.client) == [clear, green, amber])
                #expect(try await backlog(parties.alsoNamed) == [clear, green])
                #expect(try await backlog(parties.outsider) == [clear, green])

                let unmarked = LessonText(title: "No marking", marking: "").markdown
                let refused = try await parties.author.run("post", "-", input: .text(unmarked))
                #expect(refused.exit == .code(65), "\(refused)")
                #expect(refused.errorOutput.contains("marking"), "\(refused)")
            }
        }

        private func backlog(_ device: Device) async throws -> [String] {
            let end = try await device.run("watch", "--json", "--until-caught-up").expecting()
            let posts: [PostLine] = try end.decoded()
            #expect(posts.allSatisfy { $0.verified }, "\(end)")
            return posts.map(\.id)
        }

        private func reply(_ device: Device, to lesson: PostedLine) async throws -> PostedLine {
            try JSONLine.decode(
                try await device.run("reply", lesson.id, "-m", "We had the same.", "--json").expecting().lines.last
                    ?? "")
        }

        private func memberID(of device: Device) async throws -> String {
            struct Identity: Decodable { var member: String }
            let found: [Identity] = try await device.run("whoami", "--json").expecting().decoded()
            return try #require(found.first).member
        }
    }
}
