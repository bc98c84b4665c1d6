import Foundation
import Testing

extension EndToEnd {
    /// The full-screen client in tmux, at the sizes and with the terminal types that people have. The captures are kept in
    /// Goldens/; LESSONS_RECORD_GOLDENS=1 writes them anew, to be looked at before they are committed.
    @Suite(.timeLimit(.minutes(5)), .enabled(if: TmuxSession.program != nil, "tmux is not installed"))
    struct TmuxTests {
        /// A relay with a lesson and a reply, and a member who has received them.
        private func reader(_ world: World) async throws -> Device {
            try await world.addOrganisation("police-al")
            let lesson = try await world.administrator.post(LessonText(title: "Foot patrols at night"))
            try await world.administrator.run(
                "reply", lesson.id, "-m", "We tried it: \u{9759}\u{304B}, тихо, e\u{301}."
            )
            .expecting()
            let device = try await world.member(of: "police-al", name: "Bella Benoit")
            try await device.run("subscribe", "policing/#", "--from", "beginning").expecting()
            try await device.run("sync").expecting()
            return device
        }

        /// Waits until the screen is as it is kept: a frame may be half drawn when it is looked at.
        private func check(_ name: String, _ terminal: TmuxSession, isStyled: Bool = false) async throws {
            let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Goldens/\(name).txt")
            if ProcessInfo.processInfo.environment["LESSONS_RECORD_GOLDENS"] == "1" {
                try Data(Self.text(await terminal.settled(isStyled: isStyled)).utf8).write(to: file)
            }
            let kept = try String(contentsOf: file, encoding: .utf8)
            try await terminal.until("\(name) is not as kept; record it anew when this is right", isStyled: isStyled) {
                Self.text($0) == kept
            }
        }

        /// Without what differs from run to run.
        private static func text(_ lines: [String]) -> String {
            lines.joined(separator: "\n").replacing(/127\.0\.0\.1:\d{5}/, with: "127.0.0.1:#####")
                .replacing(/\d{4}-\d\d-\d\d \d\d:\d\d/, with: "yyyy-mm-dd hh:mm")
                .replacing(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f\-]*(\n│ +[0-9a-f]+)?/, with: "ID") + "\n"
        }

        @Test(arguments: [(80, 24), (120, 40), (200, 60), (40, 15)])
        func `lists, a thread and a form at every size`(columns: Int, rows: Int) async throws {
            try await World.with { world in
                let terminal = try await TmuxSession(try await reader(world), columns: columns, rows: rows)
                let size = "\(columns)x\(rows)"
                try await terminal.shows("connected")
                try await terminal.shows("Foot patrols")
                try await check("tmux-list-\(size)", terminal)
                try await terminal.press("Enter")
                try await terminal.until("the thread is not shown and read") { lines in
                    lines.contains { $0.contains("signed by") } && !lines[0].contains("unread")
                }
                try await check("tmux-thread-\(size)", terminal)
                try await terminal.press("r")
                try await terminal.shows("Reply to")
                try await terminal.type("Written in tmux.")
                try await terminal.shows("Written in tmux.")
                try await check("tmux-reply-\(size)", terminal)
                try await terminal.end()
            }
        }

        @Test(
            arguments: ["xterm-256color", "screen", "linux", "vt100", "dumb"].map { ($0, [:]) } + [
                ("xterm-256color", ["NO_COLOR": "1"])
            ])
        func `every terminal type shows the same text in what colours it has`(
            term: String, further: [String: String]
        ) async throws {
            try await World.with { world in
                let terminal = try await TmuxSession(
                    try await reader(world), columns: 80, rows: 24, term: term, further: further)
                let name = term + (further.isEmpty ? "" : "-no-color")
                guard term != "dumb" else {
                    try await terminal.shows("Type help")
                    try await terminal.type("refresh")
                    try await terminal.press("Enter")
                    let lines = try await terminal.shows("1. Unread. Foot patrols at night.")
                    // Nothing but text: no sequence, no box.
                    #expect(try await terminal.capture(isStyled: true).allSatisfy { !$0.contains("\u{1B}") })
                    #expect(lines.joined().allSatisfy { $0.isASCII }, "\(lines)")
                    return try await terminal.end()
                }
                try await terminal.shows("connected")
                try await terminal.shows("Foot patrols")
                try await check("tmux-list-80x24", terminal)
                try await check("tmux-styled-\(name)", terminal, isStyled: true)
                let styled = try await terminal.capture(isStyled: true)
                let isPlain = !styled.joined().contains(/\u{1B}\[[0-9;]*(3[0-8]|4[0-8]|9[0-7])[;m]/)
                #expect(isPlain == (term == "vt100" || !further.isEmpty))
                try await terminal.end()
            }
        }

        @Test func `stopped and continued from a shell, the terminal is the shell's, then the client's again`()
            async throws
        {
            try await World.with { world in
                let terminal = try await TmuxSession(
                    try await reader(world), "PS1='shell> ' bash --norc --noprofile", columns: 80, rows: 24)
                try await terminal.shows("shell>")
                try await terminal.type("'\(try BuiltProgram.client.path)'")
                try await terminal.press("Enter")
                try await terminal.shows("connected")
                for _ in 0..<2 {
                    try await terminal.press("C-z")
                    try await terminal.shows("Stopped")
                    try await terminal.type(
                        "clear; stty -a | grep -o -e '.icanon' -e '.echo ' | tr -d '\\n'; echo is so")
                    try await terminal.press("Enter")
                    let modes = try await terminal.shows("is so")
                    #expect(modes.contains { $0.contains(" icanon") && $0.contains(" echo ") }, "\(modes)")
                    try await terminal.type("fg")
                    try await terminal.press("Enter")
                    try await terminal.shows("Foot patrols")
                }
                try await terminal.press("q")
                try await terminal.shows("shell>")
                try await terminal.end()
            }
        }

        @Test func `a resize loses nothing: in a form, in the editor, and while posts come in`() async throws {
            try await World.with { world in
                let device = try await reader(world)
                let gate = device.home + "/gate"
                #expect(mkfifo(gate, 0o600) == 0)
                let editor = try device.write(
                    "#!/bin/sh\necho THE EDITOR\ncat '\(gate)' > /dev/null\nprintf ' And edited.' >> \"$1\"\n",
                    to: "editor.sh")
                chmod(editor, 0o700)
                let terminal = try await TmuxSession(device, columns: 100, rows: 30, further: ["EDITOR": editor])
                try await terminal.shows("Foot patrols")
                try await terminal.press("Enter")
                try await terminal.shows("signed by")

                // In a form.
                try await terminal.press("r")
                try await terminal.type("Half a")
                try await terminal.resize(columns: 50, rows: 18)
                try await terminal.until("the form is not as narrow") { lines in
                    lines.contains { $0.contains("Half a") } && lines.allSatisfy { $0.count <= 50 }
                }
                try await terminal.type(" thought")
                try await terminal.shows("Half a thought")

                // In the editor.
                try await terminal.press("C-e")
                try await terminal.shows("THE EDITOR")
                try await terminal.resize(columns: 90, rows: 26)
                try Data("go\n".utf8).write(to: URL(filePath: gate))
                try await terminal.shows("Half a thought And edited.")
                try await terminal.press("Escape")
                try await terminal.shows("OBSERVATION")

                // While posts come in: what is read stays where it is.
                for index in 1...5 {
                    try await terminal.resize(columns: 90 + index, rows: 26 - index)
                    _ = try await world.administrator.post(LessonText(title: "News \(index)"))
                }
                try await terminal.shows("5 new")
                let lines = try await terminal.shows("OBSERVATION")
                #expect(lines.count == 21)
                try await terminal.press("q")
                try await terminal.until("the screen of before is not back") { lines in
                    !lines.contains { $0.contains("OBSERVATION") || $0.contains("connected") }
                }
                try await terminal.end()
            }
        }
    }
}
