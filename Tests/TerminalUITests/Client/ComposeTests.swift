import LessonModel
import Testing

@testable import TerminalUI

@Suite struct ComposeTests {
    private func filled() -> ClientState {
        var state = ClientWorld.state()
        state.press("c")
        state.type("Patrols")
        state.press("tab")
        state.type("policing/c")
        state.press("tab")
        state.press("tab")
        state.press("G")
        for _ in 0..<3 { state.press("tab") }
        state.type("It happened.\nTwice.")
        for _ in 0..<3 { state.press("tab") }
        state.type("Do better.")
        return state
    }

    @Test func `a lesson is written field by field, shown with who receives it, and sent`() throws {
        var state = filled()
        #expect(state.compose?["topic"] == "policing/community", "Tab completes a topic")
        let asked = state.press("ctrl-s")
        let review = try #require(state.compose?.review)
        #expect(asked.contains(.findSimilar("Patrols ")))
        #expect(review.lines.map(\.plainText).contains { $0.contains("every member of this relay") })
        _ = state.update(.similar([ClientWorld.threads[0]]))
        #expect(ClientView.frame(state).plainLines.contains { $0.contains("Foot patrols at night") })
        let sent = state.press("enter")
        guard case .submit(.lesson(let document), _, let draft)? = sent.last else {
            Issue.record("nothing is sent: \(sent)")
            return
        }
        #expect(document.lesson.observation == "It happened.\nTwice.")
        #expect(document.marking == .green)
        #expect(draft != nil)
        let ended = state.update(.submitted(.sent(42), draft: draft))
        #expect(state.compose == nil)
        #expect(ended.contains(.removeDraft(name: try #require(draft))))
        #expect(try #require(state.notice).text.contains("#42"))
    }

    @Test func `a refused post is still there to be mended`() {
        var state = filled()
        state.press("ctrl-s", "enter")
        _ = state.update(.submitted(.refused("there is no topic x"), draft: "d"))
        #expect(state.compose?["title"] == "Patrols")
        #expect(state.compose?.isSending == false && state.compose?.review == nil)
    }

    @Test func `what is wrong is told at its field, and the cursor goes there`() throws {
        var state = ClientWorld.state()
        state.press("c")
        state.type("Patrols")
        state.press("ctrl-s")
        let form = try #require(state.compose)
        #expect(form.review == nil)
        #expect(form.fields.filter { $0.problem != nil }.map(\.name).contains("observation"))
        #expect(form.fields[form.focus].problem != nil)
        state.press("ctrl-s")
        for name in ["observation", "recommendation", "topic"] { state.compose?[name] = "policing" }
        state.press("ctrl-s")
        #expect(try #require(state.compose).fields[2].problem == Texts.Form.chooseMarkingFirst)
    }

    @Test func `typing is on the disk within a second, however it goes on`() {
        var state = ClientWorld.state()
        state.press("c")
        var saves = 0
        var longest: Milliseconds = 0
        var unsavedSince: Milliseconds?
        var now = ClientWorld.now
        for _ in 0..<200 {
            now += 50
            var effects = state.update(.tick(now))
            effects += state.type("x")
            if unsavedSince == nil { unsavedSince = now }
            if effects.contains(where: { if case .saveDraft = $0 { true } else { false } }) {
                saves += 1
                unsavedSince = nil
            }
            if let unsavedSince { longest = max(longest, now - unsavedSince) }
        }
        #expect(longest <= ClientState.draftMilliseconds)
        #expect((8...12).contains(saves), "and not at every key")
    }

    @Test func `leaving keeps the draft, and it opens again as it was`() throws {
        var state = filled()
        guard case .saveDraft(let name, let draft)? = state.press("esc").last else {
            Issue.record("nothing is kept")
            return
        }
        #expect(state.compose == nil)
        _ = state.update(.draft(name: name, draft, about: nil))
        let form = try #require(state.compose)
        #expect(form["title"] == "Patrols" && form["observation"] == "It happened.\nTwice.")
        #expect(form["marking"] == "GREEN" && form["topic"] == "policing/community")
    }

    @Test func `a reply, a report and a revision open again whole, and say what they are about`() throws {
        for (key, subject) in [
            ("r", ClientWorld.postID(1)), ("a", ClientWorld.postID(1)), ("v", ClientWorld.postID(1)),
        ] {
            var state = ClientWorld.reading()
            if key == "v" { state.me?.organisation = ClientWorld.slug("ngo-de") }
            state.press(key)
            let opened = try #require(state.compose)
            for index in opened.fields.indices {
                state.compose?.focus = index
                state.type(opened.fields[index].name == "marking" ? "R" : "x")
            }
            let filled = try #require(state.compose)
            guard case .saveDraft(let name, let draft)? = state.press("esc").last else {
                Issue.record("nothing is kept of \(key)")
                continue
            }
            _ = state.press("esc")
            let about = DraftSubject(thread: ClientWorld.postID(1), post: subject)
            _ = state.update(.draft(name: name, draft, about: about))
            let again = try #require(state.compose)
            #expect(again.kind == filled.kind && again.title == filled.title)
            #expect(again.fields.map(\.name) == filled.fields.map(\.name))
            #expect(again.fields.map(\.value) == filled.fields.map(\.value), "\(key)")
        }
    }

    @Test func `an editor's text comes back into the fields, and what no field can hold is not lost`() throws {
        var state = filled()
        guard case .edit(let text, kind: "lesson")? = state.press("ctrl-e").last else {
            Issue.record("no editor")
            return
        }
        _ = state.update(.edited(text.replacing("Patrols", with: "Night patrols")))
        #expect(state.compose?["title"] == "Night patrols")
        _ = state.update(.edited("no front matter: [\n---"))
        #expect(state.compose?["title"] == "Night patrols")
        #expect(state.compose?.draftText == "no front matter: [\n---")
    }

    @Test func `files go with a post, and stay when an editor gives the text back`() throws {
        var state = filled()
        let index = try #require(state.compose?.fields.firstIndex { $0.name == "attachments" })
        state.compose?.focus = index
        state.type("~/plan.pdf, /tmp/b c.png")
        guard case .edit(let text, kind: "lesson")? = state.press("ctrl-e").last else {
            Issue.record("no editor")
            return
        }
        _ = state.update(.edited(text))
        state.press("ctrl-s")
        #expect(state.compose?.review?.lines.contains { $0.plainText.contains("/tmp/b c.png") } == true)
        guard case .submit(_, let files, _)? = state.press("enter").last else {
            Issue.record("nothing is sent")
            return
        }
        #expect(files == ["~/plan.pdf", "/tmp/b c.png"])
    }

    @Test func `a reply goes to what is read, an empty one is not sent`() {
        var state = ClientWorld.reading()
        state.press("J", "r")
        state.press("ctrl-s")
        #expect(state.compose?.fields[0].problem == Texts.Form.writeText)
        state.type("Forty.")
        state.press("ctrl-s")
        guard case .submit(let submission, _, _)? = state.press("enter").last else {
            Issue.record("nothing is sent")
            return
        }
        #expect(
            submission
                == .reply(
                    thread: ClientWorld.postID(1), parent: ClientWorld.postID(20), text: "Forty.", marking: nil,
                    audience: .everybody))
    }

    @Test func `an application report says what became of the lesson`() {
        var state = ClientWorld.reading()
        state.press("a")
        state.press("right")
        state.press("tab")
        state.type("Half the complaints.")
        state.press("ctrl-s")
        guard case .submit(let submission, _, _)? = state.press("enter").last else {
            Issue.record("nothing is sent")
            return
        }
        #expect(
            submission
                == .report(
                    thread: ClientWorld.postID(1), ApplicationReport(status: .adopted, outcome: "Half the complaints."))
        )
    }

    @Test func `redacting needs the number typed`() throws {
        var state = ClientWorld.reading()
        state.press("X", "ctrl-s")
        #expect(try #require(state.compose).fields[1].problem == "type 10 to confirm")
        state.type("10")
        state.press("ctrl-s")
        #expect(state.compose?.review != nil)
    }
}
