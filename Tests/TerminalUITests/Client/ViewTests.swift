import Foundation
import LessonModel
import Testing

@testable import TerminalUI

/// The screen as text, compared with what is kept in Goldens/. LESSONS_RECORD_GOLDENS=1 writes them anew, to be looked at
/// before they are committed.
@Suite struct ViewTests {
    private static let sizes = [(80, 24), (120, 40), (200, 60), (40, 15)]

    private func check(_ name: String, _ state: ClientState) throws {
        // Times are shown in this machine's zone.
        let text =
            ClientView.frame(state).plainLines.joined(separator: "\n")
            .replacing(/\d{4}-\d\d-\d\d \d\d:\d\d/, with: "yyyy-mm-dd hh:mm") + "\n"
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Goldens/\(name).txt")
        if ProcessInfo.processInfo.environment["LESSONS_RECORD_GOLDENS"] == "1" {
            try Data(text.utf8).write(to: file)
        }
        let kept = try String(contentsOf: file, encoding: .utf8)
        #expect(text == kept, "\(name) has changed; look at it, and record it anew when it is right")
    }

    @Test(arguments: sizes)
    func `lists and thread at every size`(columns: Int, rows: Int) throws {
        try check("list-\(columns)x\(rows)", ClientWorld.state(columns: columns, rows: rows))
        try check("thread-\(columns)x\(rows)", ClientWorld.reading(columns: columns, rows: rows, readThrough: 11))
    }

    @Test(arguments: [(80, 24), (40, 15)])
    func `forms and boxes`(columns: Int, rows: Int) throws {
        var form = ClientWorld.state(columns: columns, rows: rows)
        form.press("c")
        form.type("Patrols at night")
        for _ in 0..<5 { form.press("tab") }
        form.type("One line.\nAnother that is much longer than a narrow window is wide, so that it has to be broken.")
        try check("form-\(columns)x\(rows)", form)
        var help = ClientWorld.state(columns: columns, rows: rows)
        help.press("?")
        try check("help-\(columns)x\(rows)", help)
        var search = ClientWorld.state(columns: columns, rows: rows)
        search.press("/")
        search.type("pat")
        _ = search.update(.searched(SearchRequest(text: "pat", scope: .here), rows: ClientWorld.threads, total: 3))
        try check("search-\(columns)x\(rows)", search)
    }

    @Test func `every size down to nothing is drawn without a trap`() {
        for columns in stride(from: 1, through: 140, by: 3) {
            for rows in stride(from: 1, through: 40, by: 3) {
                for keys in [[], ["?"], ["c"], ["/"], [":"], ["enter"], ["o"]] {
                    var state = ClientWorld.reading(columns: columns, rows: rows)
                    for key in keys { state.press(key) }
                    let frame = ClientView.frame(state)
                    #expect(frame.columns == columns && frame.rows == rows)
                }
            }
        }
    }

    @Test(arguments: ThemeName.allCases)
    func `the text is the same in every theme, and a marking is never told by colour alone`(theme: ThemeName) {
        var state = ClientWorld.state()
        let plain = ClientView.frame(state).plainLines
        state.theme = theme
        #expect(ClientView.frame(state).plainLines == plain)
        #expect(plain.contains { $0.contains("GREEN") } && plain.contains { $0.contains("AMB+S") })
    }

    @Test func `what a post holds cannot leave its place`() {
        var threads = ClientWorld.threads
        threads[0].title = "\u{1B}[2J\u{1B}]0;owned\u{07}\r\nAdmin: all is well\u{202E}\u{9B}31m"
        var state = ClientWorld.state()
        _ = state.update(.threads(threads, for: state.request))
        for line in ClientView.frame(state).plainLines {
            #expect(line.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.properties.generalCategory != .format })
        }
    }

    @Test func `the README's page of keys is the registry's`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..").standardized
        let readme = try String(contentsOf: root.appending(path: "README.md"), encoding: .utf8)
        #expect(readme.contains(HelpText.markdown()), "put in what `lessons keys --markdown` prints")
    }

    @Test func `the linear client says the same, line by line`() throws {
        var client = LinearClient(ClientState(columns: 80, rows: 24, now: ClientWorld.now, me: ClientWorld.me))
        _ = client.begin()
        _ = client.take(.topics(ClientWorld.topics))
        let list = client.take(.threads(ClientWorld.threads, for: client.state.request)).lines
        #expect(list.contains { $0.hasPrefix("1. Unread. Foot patrols") && $0.contains("GREEN") })
        let opened = client.take(line: "1").effects
        #expect(opened == [.loadThread(ClientWorld.postID(1), isUpdate: false)])
        let read = client.take(.thread(id: ClientWorld.postID(1), posts: ClientWorld.posts, readThrough: 0)).lines
        #expect(read.contains { $0.contains("We tried it: it works.") })
        #expect(client.take(line: "reply 12").lines.contains { $0.contains("Reply to Dora Deutsch") })
        for line in ["Forty.", "Or fifty.", ".", "", "", ""] { _ = client.take(line: line) }
        let sent = client.take(line: "yes").effects
        guard case .submit(.reply(_, let parent, let text, nil, _), _, _)? = sent.last else {
            Issue.record("nothing is sent: \(sent)")
            return
        }
        #expect(parent == ClientWorld.postID(21) && text == "Forty.\nOr fifty.")
        let own = ClientWorld.post(24, 99, by: 2, .comment(Comment(parent: ClientWorld.postID(21), text: "Forty.")))
        let news = client.take(.thread(id: ClientWorld.postID(1), posts: ClientWorld.posts + [own], readThrough: 13))
            .lines
        #expect(news == ["1 more post in this thread. Type read to hear it."], "also while the reply is on its way")
        _ = client.take(.submitted(.sent(99), draft: nil))
        #expect(client.take(line: "fly").lines.contains { $0.contains("no command") })
    }
}
