import Foundation
import LessonModel
import Testing

@testable import LessonsCommand

extension EndToEnd {
    /// Out of one relay and into another, and what other programs make of the exports.
    @Suite(.timeLimit(.minutes(4)))
    struct ExchangeTests {
        private struct ImportLine: Decodable {
            var imported: Int
            var skipped: Int
            var present: Int
            var broken: Int
        }

        private struct ExportLine: Decodable {
            var threads: Int
            var posts: Int
            var left_out: Int
        }

        @Test func `all lessons of a relay come to another one as they were, by JSON and by Markdown`() async throws {
            try await World.with { first in
                let corpus = try Corpus(madeUpIn: first.directory)
                let source = first.administrator
                try await source.start([
                    "import", corpus.file, "--mapping", "llis", "--topic", "policing/training", "--marking", "GREEN",
                ]).finish(within: .seconds(100)).expecting()
                let json = source.home + "/all.jsonl"
                let folder = source.home + "/all"
                for arguments in [["-o", json], ["--format", "markdown", "-o", folder]] {
                    let end = try await source.start(["export", "--all", "--json"] + arguments)
                        .finish(within: .seconds(100)).expecting()
                    let lines: [ExportLine] = try end.decoded()
                    #expect(lines.first?.threads == corpus.lessons.count)
                }
                // Back into the same relay nothing is doubled.
                let again: [ImportLine] = try await source.run("import", json, "--json", within: .seconds(60))
                    .expecting()
                    .decoded()
                #expect(again.first?.present == corpus.lessons.count)
                #expect(again.first?.imported == 0)

                try await World.with { second in
                    for (name, input) in [("al-ombudsman", json), ("ge-academy", folder)] {
                        try await second.addOrganisation(name)
                        let member = try await second.member(of: name)
                        let came: [ImportLine] = try await member.run("import", input, "--json", within: .seconds(100))
                            .expecting().decoded()
                        #expect(came.first?.imported == corpus.lessons.count)
                        #expect(came.first?.broken == 0)
                        let twice: [ImportLine] = try await member.run("import", input, "--json", within: .seconds(100))
                            .expecting().decoded()
                        #expect(twice.first?.skipped == corpus.lessons.count)
                        // To a file: so many lines through a pipe are slow to take apart.
                        let out = member.home + "/out.json"
                        try await member.run("export", "--organisation", name, "-o", out, within: .seconds(100))
                            .expecting()
                        var lines = try RecordLines(path: out)
                        var lessons: [LessonDocument] = []
                        while case .bytes(let line)? = try lines.next() {
                            lessons.append(try ThreadJSON.lesson(of: JSONValue(parsing: line)).lesson)
                        }
                        let isSame = counts(lessons.map(\.lesson)) == counts(corpus.lessons)
                        #expect(isSame, "\(name): every field of every lesson")
                        #expect(lessons.allSatisfy { $0.marking == .green && $0.topic.path == "policing/training" })
                    }
                }
            }
        }

        /// A thread with replies to replies, and one for two organisations only.
        private func post(_ world: World) async throws -> (open: PostedLine, secret: PostedLine) {
            let author = world.administrator
            let open = try await author.post(
                LessonText(title: "Überfälle — что делать?", marking: "CLEAR", observation: "From the start\nFrom: x"))
            let first = try await reply(author, to: open.id, "First *reply*", "CLEAR")
            _ = try await reply(author, to: first.id, "Second", "CLEAR")
            _ = try await reply(author, to: first.id, "Only for members", "GREEN")
            let secret = try await author.post(
                LessonText(title: "Secret", marking: "AMBER+STRICT", audience: ["osce-sec"]))
            return (open, secret)
        }

        private func reply(_ device: Device, to id: String, _ text: String, _ marking: String) async throws
            -> PostedLine
        {
            try JSONLine.decode(
                try await device.run("reply", id, "-m", text, "--marking", marking, "--json").expecting().lines.last
                    ?? "")
        }

        @Test func `a feed has what is CLEAR only, and files what may be in them`() async throws {
            try await World.with { world in
                let (open, secret) = try await post(world)
                let me = world.administrator
                let feed = try await me.run("export", "--all", "--format", "atom", "--up-to", "RED").expecting()
                #expect(feed.output.components(separatedBy: "<entry ").count == 4)
                #expect(!feed.output.contains("Only for members"))
                #expect(!feed.output.contains("Secret"))
                #expect(feed.errorOutput.contains("left out 2 posts"), "\(feed)")
                let refused = try await me.run("export", secret.id, "--format", "atom")
                #expect(refused.exit == .code(77), "\(refused)")
                let member = try #require(try await me.run("whoami", "--json").expecting().lines.first)
                let id = try #require(member.firstMatch(of: /"member":"([0-9a-f-]+)"/)).output.1
                let red = try await me.post(LessonText(title: "For one", marking: "RED", audience: [String(id)]))
                let held = try await me.run("export", red.id)
                #expect(held.exit == .code(77), "\(held)")
                #expect(!held.output.contains("For one"))
                let wanted = try await me.run("export", red.id, "--up-to", "RED").expecting()
                #expect(wanted.output.contains("handling: \"TLP:RED\""))
                let all = try await me.run("export", "--all", "--format", "json").expecting()
                #expect(all.lines.count == 2)
                #expect(all.errorOutput.contains("left out 1 post"))
                // Offline, of what was received.
                try await me.run("subscribe", "#", "--from", "beginning").expecting()
                try await me.run("sync").expecting()
                let page = try await me.run("export", open.id, "--format", "html", "--offline").expecting()
                #expect(page.output.contains("<em>reply</em>"))
                let needs = try await me.run("export", "--offline", "--country", "AL", "--format", "json")
                #expect(needs.exit == .code(69), "\(needs)")
            }
        }

        @Test(.enabled(if: MachineProgram.path("python3") != nil, "python3 is absent; install it"))
        func `Python reads the mailbox with its threads`() async throws {
            try await World.with { world in
                let (open, _) = try await post(world)
                let path = world.administrator.home + "/all.mbox"
                try await world.administrator.run("export", "--all", "-o", path).expecting()
                let program = """
                    import email.policy, json, mailbox, sys
                    box = mailbox.mbox(sys.argv[1], factory=lambda f: email.message_from_binary_file(f, policy=email.policy.default))
                    ids = {m["Message-ID"] for m in box}
                    for m in box:
                        print(json.dumps({"id": m["X-Lessons-Post"], "subject": m["Subject"], "tlp": m["X-TLP"],
                            "known": m["In-Reply-To"] in ids if m["In-Reply-To"] else None,
                            "references": len(m["References"].split()) if m["References"] else 0,
                            "defects": len(m.defects), "year": m["Date"].datetime.year,
                            "sender": m["From"].addresses[0].display_name, "text": m.get_content()}))
                    """
                struct Line: Decodable {
                    var id: String
                    var subject: String
                    var tlp: String
                    var known: Bool?
                    var references: Int
                    var defects: Int
                    var year: Int
                    var sender: String
                    var text: String
                }
                let end = try await world.children.start(
                    try #require(MachineProgram.path("python3")), ["-c", program, path],
                    environment: ProcessInfo.processInfo.environment
                ).finish().expecting()
                let lines: [Line] = try end.decoded()
                #expect(lines.map(\.tlp) == ["TLP:CLEAR", "TLP:CLEAR", "TLP:CLEAR", "TLP:GREEN", "TLP:AMBER+STRICT"])
                #expect(lines.map(\.known) == [nil, true, true, true, nil])
                #expect(lines.map(\.references) == [0, 1, 2, 2, 0])
                #expect(
                    lines.allSatisfy {
                        $0.defects == 0 && $0.year > 2020 && $0.sender == "Ada Administrator (osce-sec)"
                    })
                #expect(lines.first?.id == open.id)
                #expect(lines.first?.subject == "[TLP:CLEAR] Überfälle — что делать?")
                #expect(lines.first?.text.contains("\nFrom the start\nFrom: x\n") == true)
                #expect(lines.last?.text.hasPrefix("TLP:AMBER+STRICT for osce-sec\n") == true)
            }
        }

        @Test(.enabled(if: MachineProgram.path("xmllint") != nil, "xmllint is absent; install libxml2-utils"))
        func `an XML reader accepts the feed`() async throws {
            try await World.with { world in
                _ = try await post(world)
                let path = world.administrator.home + "/feed.atom"
                try await world.administrator.run("export", "--all", "-o", path).expecting()
                try await world.children.start(
                    try #require(MachineProgram.path("xmllint")), ["--noout", "--nonet", path],
                    environment: ProcessInfo.processInfo.environment
                ).finish().expecting()
            }
        }

        @Test(.enabled(if: MachineProgram.path("python3") != nil, "python3 is absent; install it"))
        func `the published schema fits what is exported, where Python can judge`() async throws {
            try await World.with { world in
                _ = try await post(world)
                let home = world.administrator.home
                try await world.administrator.run("export", "--all", "-o", home + "/all.jsonl").expecting()
                let schema = try await world.administrator.run("export", "--schema").expecting()
                _ = try world.administrator.write(schema.output, to: "schema.json")
                let program = """
                    import json, sys
                    try: import jsonschema
                    except ImportError: print("no jsonschema"); sys.exit(0)
                    schema = json.load(open(sys.argv[1]))
                    jsonschema.Draft202012Validator.check_schema(schema)
                    validator = jsonschema.Draft202012Validator(schema)
                    for line in open(sys.argv[2]):
                        thread = json.loads(line)
                        validator.validate(thread)
                        for change in ({"format": "x"}, {"version": 2}, {"handling": "GREEN"}, {"posts": [{"kind": "lesson"}]}):
                            assert not validator.is_valid({**thread, **change}), change
                        for post in thread["posts"]:
                            for change in ({"marking": "WHITE"}, {"verified": False}, {"title": 1, "parent": 1}):
                                assert not validator.is_valid({**thread, "posts": [{**post, **change}]}), change
                    print("valid")
                    """
                let end = try await world.children.start(
                    try #require(MachineProgram.path("python3")),
                    ["-c", program, home + "/schema.json", home + "/all.jsonl"],
                    environment: ProcessInfo.processInfo.environment
                ).finish().expecting()
                #expect(["valid", "no jsonschema"].contains(end.lines.last))
            }
        }

        @Test func `records of CSV are posted once and each broken one is told by its place`() async throws {
            try await World.with { world in
                let me = world.administrator
                let mapping = try me.write(
                    """
                    fields:
                      key: Nr
                      title: Titel
                      observation: Was
                      recommendation: Empfehlung
                    constants:
                      topic: policing
                      language: de
                      marking: GREEN
                    """, to: "mapping.yaml")
                let csv = try me.write(
                    "\u{FEFF}Nr;Titel;Was;Empfehlung\r\n1;\"Ein; Titel\";\"Zwei\r\nZeilen\";Tu es\r\n2;\"x\"y;;\r\n3;Ohne;;\r\n4;Gut;Ja;Ja\r\n",
                    to: "records.csv")
                let arguments = ["import", csv, "--mapping", mapping, "--separator", ";"]
                let end = try await me.start(arguments).finish()
                #expect(end.exit == .code(65), "\(end)")
                #expect(
                    end.errorOutput.contains("line 4: column 2 (Titel): there is text after the closing quotes"),
                    "\(end)")
                #expect(end.errorOutput.contains("line 5: record 3: no field gives the observation"), "\(end)")
                #expect(end.errorOutput.contains("2 imported"), "\(end)")
                let again = try await me.start(arguments).finish()
                #expect(again.errorOutput.contains("0 imported, 2 imported before"), "\(again)")
                let wrong = try await me.run("import", csv, "--mapping", mapping)
                #expect(wrong.exit == .code(65))
                #expect(wrong.errorOutput.contains("--separator ';'"), "\(wrong)")
            }
        }

        private func counts<Value: Hashable>(_ values: [Value]) -> [Value: Int] {
            values.reduce(into: [:]) { $0[$1, default: 0] += 1 }
        }
    }
}
