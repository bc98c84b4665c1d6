import LessonModel
import Testing

@testable import TerminalUI

@Suite struct MouseTests {
    /// Clicks where the screen shows `text`.
    @discardableResult
    private func click(_ text: String, _ state: inout ClientState) throws -> [ClientEffect] {
        let lines = ClientView.frame(state).plainLines
        let row = try #require(lines.firstIndex { $0.contains(text) }, "\(text)")
        let column = lines[row].distance(
            from: lines[row].startIndex, to: try #require(lines[row].firstRange(of: text)).lowerBound)
        return state.update(.mouse(MouseEvent(action: .press, button: .left, column: column, row: row)))
    }

    @Test func `a click on a hint does what its key does`() throws {
        var state = ClientWorld.reading()
        try click("reply", &state)
        #expect(state.compose?.kind == .reply(thread: ClientWorld.postID(1), parent: ClientWorld.postID(1)))
        state.type("Clicked.")
        try click("review and send", &state)
        #expect(state.compose?.review != nil)
        let effects = try click("review and send", &state)
        #expect(effects.contains { if case .submit = $0 { true } else { false } })
    }

    @Test func `a click on a field gives it the focus, one on a row chooses it, and a second one opens it`() throws {
        var state = ClientWorld.state()
        state.press("c")
        try click("Tags", &state)
        #expect(state.compose?.fields[state.compose?.focus ?? 0].name == "tags")
        state.press("esc")
        state.press("/")
        state.type("pat")
        let request = SearchRequest(text: "pat", scope: .here)
        _ = state.update(.searched(request, rows: ClientWorld.threads, total: 3))
        #expect(try click("A lesson that was read", &state).isEmpty)
        guard case .search(let search)? = state.dialogs.last else {
            Issue.record("no search")
            return
        }
        #expect(search.selected == 2)
        #expect(try click("A lesson that was read", &state) == [.loadThread(ClientWorld.postID(3), isUpdate: false)])
    }

    @Test func `where the mouse is off a click means nothing`() throws {
        var state = ClientWorld.reading()
        state.begin(usesMouse: false, ringsBell: false)
        try click("reply", &state)
        #expect(state.compose == nil)
    }

    @Test func `a file on its way is told with a bar, and is saved from a post that has one`() throws {
        var state = ClientWorld.reading()
        state.press("s")
        #expect(state.notice?.text.contains(Texts.Why.noFiles) == true)
        _ = state.update(.tick(ClientWorld.now + 100_000))
        _ = state.update(.transfer(TransferState(name: "plan.pdf", bytes: 50, size: 200)))
        let line = try #require(ClientView.frame(state).plainLines.first { $0.contains("plan.pdf") })
        #expect(line.contains("[##########....") && line.contains("25 %"))
        _ = state.update(.transfer(nil))
        #expect(!ClientView.frame(state).plainLines.contains { $0.contains("plan.pdf") })
    }

    @Test func `a flag asks for its reason`() throws {
        var state = ClientWorld.reading()
        state.press("!")
        state.type("Names a victim.")
        #expect(state.press("enter") == [.flag(ClientWorld.postID(1), reason: "Names a victim.")])
    }
}
