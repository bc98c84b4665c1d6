import Foundation
import TerminalTestSupport
import TerminalUI
import Testing

extension EndToEnd {
    /// The full-screen client by keyboard alone, in a real terminal.
    @Suite(.timeLimit(.minutes(5)))
    struct FullScreenTests {
        private static let enter = "\r"
        private static let escape = "\u{1B}"
        private static let tab = "\t"
        private static let controlS = "\u{13}"

        @Test func `join, follow, read, reply, compose, report, search, go offline, post, return, see it sent`()
            async throws
        {
            try await World.with { world in
                try await world.addOrganisation("police-al")
                let lesson = LessonText(title: "Foot patrols at night")
                try await world.administrator.run("post", "-", input: .text(lesson.markdown)).expecting()
                try await world.administrator.run("subscribe", "#", "--from", "beginning").expecting()
                let watch = try world.administrator.start(["watch", "--json"])
                let device = try world.device("bella")
                let terminal = try TerminalSession(device, columns: 100, rows: 30)

                // The wizard, and the topic.
                try await terminal.shows("Paste the invitation")
                let invitation = try await world.invitation(to: "police-al", name: "Bella Benoit")
                terminal.type("\u{1B}[200~\(invitation)\n\u{1B}[201~")
                try await terminal.shows("//127.0.0.1:")
                terminal.type(Self.enter)
                try await terminal.shows("Bella Benoit (police-al)")
                try await terminal.shows("borders")
                try await terminal.shows("connected")
                try await select("policing", terminal)
                terminal.type("f")
                try await terminal.shows("* Foot patrols at night")

                // Reading and replying.
                terminal.type(Self.enter + Self.enter)
                try await terminal.shows("OBSERVATION")
                try await terminal.shows("verified, signed by")
                terminal.type("r")
                try await terminal.shows("Reply to")
                terminal.type("How many officers?" + Self.controlS)
                try await terminal.shows("goes to: every member of this relay")
                terminal.type(Self.enter)
                try await terminal.shows("1 REPLY")
                try await watch.wait(for: "the reply") {
                    $0.output.whole.contains { $0.contains("How many officers?") }
                }

                // An application report.
                terminal.type("a")
                try await terminal.shows("What became of the lesson")
                terminal.type("a" + Self.tab + "Half the complaints." + Self.controlS)
                try await terminal.shows("Enter sends")
                terminal.type(Self.enter)
                try await terminal.shows("APPLIED")

                // A lesson of one's own.
                terminal.type("c")
                try await terminal.shows("A new lesson")
                terminal.type("Bicycles in the park" + Self.tab + "/c" + Self.tab)
                try await terminal.shows("policing/community")
                terminal.type(Self.tab + "G" + Self.tab + Self.tab + Self.tab + "It rained.\rWe cycled.")
                terminal.type(String(repeating: Self.tab, count: 3) + "Buy raincoats.")
                let map = try device.write("Where it rained.", to: "map.txt")
                terminal.type(String(repeating: Self.tab, count: 7) + map + Self.controlS)
                try await terminal.shows("in policing/community, TLP:GREEN")
                try await terminal.shows("With the file: \(map)")
                terminal.type(Self.enter)
                try await terminal.hides("Bicycles in the park")
                try await watch.wait(for: "the lesson") {
                    $0.output.whole.contains { $0.contains("Bicycles in the park") }
                }
                let listed = try await world.administrator.run("attachments", "4", "--json").expecting()
                #expect(listed.output.contains("map.txt"), "\(listed)")

                // Searching, here.
                terminal.type("/bicyc state:learned")
                try await terminal.shows("0 threads")
                terminal.type(String(repeating: "\u{7F}", count: 14))
                try await terminal.shows("1 thread")
                terminal.type(Self.enter)
                try await terminal.shows("Buy raincoats.")
                terminal.type(Self.escape)
                try await terminal.shows("search what is here")
                terminal.type(Self.escape)
                try await terminal.hides("search what is here")

                // Offline, and back.
                terminal.type("\u{0F}")
                try await terminal.shows(" offline")
                terminal.type(Self.enter)
                try await terminal.shows("OBSERVATION")
                terminal.type("r")
                try await terminal.shows("Reply to")
                terminal.type("Written on the train." + Self.controlS)
                try await terminal.shows("Enter sends")
                terminal.type(Self.enter)
                try await terminal.shows("outbox 1")
                terminal.type("\u{0F}")
                try await terminal.shows(" connected")
                try await terminal.hides("outbox 1")
                try await watch.wait(for: "what waited") {
                    $0.output.whole.contains { $0.contains("Written on the train.") }
                }

                terminal.type("q")
                #expect(try await terminal.status() == 0)
                #expect(terminal.modes == terminal.before)
                #expect(await terminal.restores(), "the alternate screen, the mouse and the paste mode are off")
                #expect(terminal.screen.unknown == [])
                watch.terminate()
            }
        }

        @Test func `with the mouse: choose, follow, read, reply, search, save a file`() async throws {
            try await World.with { world in
                try await world.addOrganisation("police-al")
                let map = try world.administrator.write("Where it rained.", to: "map.txt")
                try await world.administrator.run(
                    "post", "-", "--attach", map, input: .text(LessonText(title: "Foot patrols at night").markdown)
                ).expecting()
                let device = try await world.member(of: "police-al", name: "Bella Benoit")
                let terminal = try TerminalSession(device, columns: 100, rows: 30)
                try await terminal.shows("connected")
                try await terminal.shows("borders")
                for _ in 0..<60 {
                    if terminal.screen.lines.contains(where: { $0.contains(" community") }) { break }
                    terminal.wheel(down: true, column: 5, row: 10)
                    _ = try? await terminal.shows(" community", within: .milliseconds(300))
                }
                try await terminal.click(" community")
                try await terminal.click("follow the topic")
                try await terminal.shows("* Foot patrols at night")
                try await terminal.click("Foot patrols at night")
                try await terminal.shows("reply")
                try await terminal.click("Foot patrols at night")
                try await terminal.shows("signed by")
                try await terminal.click("save the post's files")
                try await terminal.shows("saved in")
                #expect(try String(contentsOfFile: device.home + "/map.txt", encoding: .utf8) == "Where it rained.")
                terminal.wheel(down: true, column: 50, row: 10)
                try await terminal.click("reply")
                try await terminal.shows("Reply to")
                terminal.type("Clicked, not typed.")
                try await terminal.click("Marking")
                try await terminal.shows("<")
                try await terminal.click("review and send")
                try await terminal.shows("goes to: every member of this relay")
                try await terminal.click("review and send")
                try await terminal.shows("1 REPLY")
                try await terminal.click("search")
                terminal.type("patrols")
                try await terminal.shows("1 thread")
                try await terminal.click("Foot patrols at night")
                try await terminal.shows("OBSERVATION")
                terminal.type("q")
                #expect(try await terminal.status() == 0)
            }
        }

        /// Moves down the topics until the one with this name is selected.
        private func select(_ topic: String, _ terminal: TerminalSession) async throws {
            for _ in 0..<60 {
                if terminal.screen.lines.contains(where: { $0.contains("│ \(topic), ") }) { return }
                terminal.type("j")
                _ = try? await terminal.shows("│ \(topic), ", within: .milliseconds(300))
            }
            throw EndToEndFailure("no topic \(topic):\n\(terminal.screen.lines.joined(separator: "\n"))")
        }

        @Test func `the terminal is as before, whatever ends or stops the client`() async throws {
            try await World.with { world in
                try await world.addOrganisation("police-al")
                let device = try await world.member(of: "police-al")
                for signal in [SIGTERM, SIGHUP, SIGTRAP, SIGABRT] {
                    let terminal = try TerminalSession(device)
                    try await terminal.shows("connected")
                    #expect(terminal.modes != terminal.before)
                    terminal.send(signal: signal)
                    _ = try await terminal.status()
                    #expect(terminal.modes == terminal.before, "after signal \(signal)")
                    #expect(await terminal.restores(), "after signal \(signal)")
                }
                let terminal = try TerminalSession(device)
                try await terminal.shows("connected")
                // Nobody could continue it here, so that the kernel does not stop it: it comes back at once.
                terminal.type("\u{1A}")
                terminal.send(signal: SIGCONT)
                try await terminal.shows("All topics")
                terminal.resize(columns: 40, rows: 15)
                try await terminal.shows("All topics, ")
                terminal.resize(columns: 120, rows: 40)
                try await terminal.shows("connected")
                terminal.type("q")
                #expect(try await terminal.status() == 0)
                #expect(terminal.modes == terminal.before)
            }
        }

        @Test func `what was typed before a kill is found again among the drafts`() async throws {
            try await World.with { world in
                try await world.addOrganisation("police-al")
                let device = try await world.member(of: "police-al")
                // Made already, so that it can be watched.
                let drafts = device.home + "/data/lessons/default/drafts"
                try FileManager.default.createDirectory(
                    atPath: drafts, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
                let terminal = try TerminalSession(device)
                try await terminal.shows("connected")
                terminal.type("c")
                try await terminal.shows("A new lesson")
                terminal.type("Half a thought")
                try await terminal.shows("Half a thought")
                try expect("the draft is on the disk", in: drafts) {
                    let names = (try? FileManager.default.contentsOfDirectory(atPath: drafts)) ?? []
                    // Not in the file that is about to take its place.
                    return names.filter { $0.hasSuffix(".md") }.contains { name in
                        (try? String(contentsOfFile: "\(drafts)/\(name)", encoding: .utf8))?.contains("Half a thought")
                            ?? false
                    }
                }
                terminal.send(signal: SIGKILL)
                _ = try await terminal.status()
                let again = try TerminalSession(device)
                try await again.shows("connected")
                again.type("D")
                try await again.shows("Half a thought")
                again.type(Self.enter)
                try await again.shows("A new lesson")
                again.type(Self.escape)
                try await again.shows("All topics")
                again.type("q")
                #expect(try await again.status() == 0)
            }
        }

        /// Waits until `isSo`, which is asked now and whenever a file in `directory` has got its name.
        private func expect(_ what: String, in directory: String, _ isSo: () -> Bool) throws {
            let changes = inotify_init1(Int32(IN_CLOEXEC))
            defer { close(changes) }
            guard inotify_add_watch(changes, directory, UInt32(IN_MOVED_TO)) >= 0 else {
                throw EndToEndFailure("\(directory) cannot be watched")
            }
            var buffer: [UInt8] = Array(repeating: 0, count: 4_096)
            while !isSo() {
                var ready = pollfd(fd: changes, events: Int16(POLLIN), revents: 0)
                guard poll(&ready, 1, 10_000) == 1 else { throw EndToEndFailure("not in time: \(what)") }
                _ = read(changes, &buffer, buffer.count)
            }
        }

        @Test(arguments: ["xterm-256color", "screen", "linux", "vt100"], ["", "1"])
        func `every terminal shows the same text, and no colour where none is wanted`(
            term: String, noColour: String
        ) async throws {
            try await World.with { world in
                try await world.addOrganisation("police-al")
                let device = try await world.member(of: "police-al")
                let terminal = try TerminalSession(device, term: term, further: ["NO_COLOR": noColour])
                let lines = try await terminal.shows("connected")
                #expect(lines[0].contains("First Member (police-al)"))
                #expect(lines[1].contains("All topics"))
                let hasColour = terminal.screen.cells.contains {
                    $0.style.foreground != nil || $0.style.background != nil
                }
                #expect(hasColour == (term != "vt100" && noColour.isEmpty))
                terminal.type("q")
                #expect(try await terminal.status() == 0)
            }
        }

        @Test func `without a screen the client speaks in lines`() async throws {
            try await World.with { world in
                try await world.addOrganisation("police-al")
                let lesson = LessonText(title: "Foot patrols at night")
                try await world.administrator.run("post", "-", input: .text(lesson.markdown)).expecting()
                let device = try await world.member(of: "police-al")
                try await device.run("subscribe", "policing/#", "--from", "beginning").expecting()
                let map = try device.write("Where it rained.", to: "map.txt")
                let client = try device.start(["--plain"], input: .open)
                func say(_ line: String, until text: String) async throws {
                    try client.write(Array((line + "\n").utf8))
                    try await client.wait(for: text) { $0.output.text.contains(text) }
                }
                try await client.wait(for: "the lesson") { $0.output.text.contains("1 new.") }
                try await say("refresh", until: "1. Unread. Foot patrols at night")
                try await say("1", until: "OBSERVATION")
                try await say("reply", until: "Reply to")
                for line in ["In plain words.", ".", "", "", map] { try client.write(Array((line + "\n").utf8)) }
                try await say("", until: "every member of this relay")
                #expect(client.outputLines.contains { $0.contains("With the file: \(map)") })
                try await say("yes", until: "posted as #")
                try await client.wait(for: "the reply") { $0.output.text.contains("1 more post in this thread") }
                try await say("read", until: "In plain words.")
                #expect(!client.outputLines.joined().contains("\u{1B}"))
                try client.write(Array("quit\n".utf8))
                try await client.finish().expecting()
            }
        }
    }
}
