import LessonModel
import Testing

@testable import TerminalUI

@Suite struct UpdateTests {
    @Test func `a delivery moves neither the list nor what is selected, and a line says that there is more`() {
        var state = ClientWorld.state()
        state.press("j")
        let before = (state.selectedThread, state.threads)
        let effects = state.update(.delivered(count: 3, threads: [ClientWorld.postID(9)]))
        #expect(state.selectedThread == before.0 && state.threads == before.1)
        #expect(!effects.contains(.loadThreads(state.request)))
        #expect(ClientView.frame(state).plainLines.contains { $0.contains("3 new") })
        #expect(state.press("R").contains(.loadThreads(state.request)))
    }

    @Test func `new posts in the thread that is read leave the line at the top where it is`() throws {
        var state = ClientWorld.reading(rows: 14)
        state.press("J")
        let top = try #require(state.reader).lines[try #require(state.reader).top].text
        let early = ClientWorld.post(23, 14, .comment(Comment(parent: ClientWorld.postID(1), text: "Seen.")))
        _ = state.update(.delivered(count: 1, threads: [ClientWorld.postID(1)]))
        _ = state.update(.thread(id: ClientWorld.postID(1), posts: ClientWorld.posts + [early], readThrough: 13))
        let reader = try #require(state.reader)
        #expect(reader.lines[reader.top].text == top)
        #expect(reader.posts.count == 5)
    }

    @Test func `what is read is marked, and a thread without anything new is not`() {
        var state = ClientWorld.state()
        let opened = state.press("enter")
        #expect(opened == [.loadThread(ClientWorld.postID(1), isUpdate: false)])
        let effects = state.update(.thread(id: ClientWorld.postID(1), posts: ClientWorld.posts, readThrough: 0))
        #expect(effects.contains(.markRead(ClientWorld.postID(1), through: 13)))
        var again = ClientWorld.state()
        let none = again.update(.thread(id: ClientWorld.postID(1), posts: ClientWorld.posts, readThrough: 13))
        #expect(none.isEmpty)
    }

    @Test func `the next unread post is below in the thread, and then in another thread`() throws {
        var state = ClientWorld.reading(readThrough: 11)
        let first = try #require(state.reader?.currentPost?.stored.sequence)
        #expect(first == 12, "the thread opens at what is new")
        state.press("n")
        #expect(state.reader?.currentPost?.stored.sequence == 13)
        #expect(state.press("n") == [.openNewestUnread(except: ClientWorld.postID(1), topic: nil)])
    }

    @Test(arguments: [
        ("S", "curators"), ("v", "whose lesson it is"), ("L", "one language"), ("z", "no reply below"),
    ])
    func `a command that can do nothing says why`(key: String, reason: String) throws {
        var state = ClientWorld.reading()
        let effects = state.press(key)
        #expect(effects.isEmpty)
        #expect(try #require(state.notice).text.contains(reason))
    }

    @Test func `folding hides what answers a reply, and shows it again`() throws {
        var state = ClientWorld.reading()
        state.press("J")
        let all = try #require(state.reader).blocks.count
        state.press("z")
        #expect(state.reader?.blocks.count == all - 1)
        #expect(ClientView.frame(state).plainLines.contains { $0.contains("1 more reply folded") })
        state.press("z")
        #expect(state.reader?.blocks.count == all)
    }

    @Test func `a window of another size keeps the line that was at the top`() throws {
        var state = ClientWorld.reading(columns: 80, rows: 12)
        state.press("J")
        let post = try #require(state.reader?.currentPost?.post.id)
        _ = state.update(.resized(columns: 40, rows: 15))
        _ = state.update(.resized(columns: 200, rows: 60))
        _ = state.update(.resized(columns: 80, rows: 12))
        #expect(state.reader?.currentPost?.post.id == post)
    }

    @Test func `a click selects, a second one opens, the wheel scrolls, and a mouse that is off does nothing`() {
        var state = ClientWorld.state()
        // The second row of the threads: below the title line of their pane.
        let click = MouseEvent(action: .press, button: .left, column: 40, row: 3)
        #expect(state.update(.mouse(click)).isEmpty)
        #expect(state.selectedThread == ClientWorld.postID(2) && state.focus == .threads)
        #expect(state.update(.mouse(click)) == [.loadThread(ClientWorld.postID(2), isUpdate: false)])
        let topic = MouseEvent(action: .press, button: .left, column: 2, row: 4)
        #expect(state.update(.mouse(topic)) == [.loadThreads(state.request)])
        #expect(state.request.topic == "policing/community" && state.focus == .topics)

        var reading = ClientWorld.reading(rows: 14)
        let top = reading.reader?.top ?? 0
        _ = reading.update(.mouse(MouseEvent(action: .wheelDown, column: 5, row: 5)))
        #expect(reading.reader?.top == top + 3)
        _ = reading.update(.command(.mouse))
        _ = reading.update(.mouse(MouseEvent(action: .wheelDown, column: 5, row: 5)))
        #expect(reading.reader?.top == top + 3)
    }

    @Test func `a window that changes its size while somebody writes keeps every letter`() {
        var state = ClientWorld.state()
        state.press("c")
        state.type("Patrols")
        for (columns, rows) in [(40, 15), (20, 4), (200, 60), (80, 24)] {
            _ = state.update(.resized(columns: columns, rows: rows))
            state.type("!")
            _ = state.update(.delivered(count: 1, threads: []))
            _ = ClientView.frame(state)
        }
        #expect(state.compose?["title"] == "Patrols!!!!")
    }

    @Test func `every command has a place, and no key means two things in one place`() {
        for id in CommandID.allCases { #expect(!CommandRegistry.command(id).places.isEmpty) }
        for place in CommandPlace.allCases where place != .list {
            var taken: [Key: CommandID] = [:]
            for command in CommandRegistry.all where command.places.contains(place) {
                for key in command.keys {
                    #expect(
                        taken[key] == nil, "\(key) in \(place): \(command.id) and \(String(describing: taken[key]))")
                    taken[key] = command.id
                }
            }
        }
    }

    @Test func `keys can be bound anew, and the old ones are free`() {
        var bindings = KeyBindings()
        bindings.bind(.nextUnread, to: [Key(.character("N"), .control)])
        #expect(bindings.command(for: Key(.character("n")), in: .threads) == nil)
        #expect(bindings.command(for: Key(.character("N"), .control), in: .threads) == .nextUnread)
    }

    @Test func `the palette finds a command by any word, and Enter does it`() {
        var state = ClientWorld.state()
        state.press(":")
        state.type("mark topic")
        state.press("enter")
        #expect(state.dialogs.isEmpty)
        var other = ClientWorld.state()
        other.press(":")
        other.type("unread-only")
        #expect(other.press("enter") == [.loadThreads(other.request)])
        #expect(other.request.unreadOnly)
    }

    @Test func `each letter searches, an answer to an older search is not shown, and Enter opens`() throws {
        var state = ClientWorld.state()
        state.press("/")
        let first = state.type("pat")
        #expect(first.count == 3)
        let old = SearchRequest(text: "pa", scope: .here)
        _ = state.update(.searched(old, rows: ClientWorld.threads, total: 3))
        guard case .search(let search)? = state.dialogs.last else {
            Issue.record("no search")
            return
        }
        #expect(search.total == nil)
        let request = SearchRequest(text: "pat", scope: .here)
        _ = state.update(.searched(request, rows: ClientWorld.threads, total: 2_000, hasMore: true))
        #expect(ClientView.frame(state).plainLines.contains { $0.contains("2000 threads or more") })
        _ = state.update(.searched(request, rows: [ClientWorld.threads[1]], total: 1))
        #expect(state.press("enter") == [.loadThread(ClientWorld.postID(2), isUpdate: false)])
        _ = state.update(.thread(id: ClientWorld.postID(2), posts: ClientWorld.posts, readThrough: 99))
        state.press("esc")
        guard case .search(let again)? = state.dialogs.last else {
            Issue.record("the search is gone")
            return
        }
        #expect(again.editor.text == "pat")
    }

    @Test func `what needs the relay says so while there is no line`() throws {
        var state = ClientWorld.state()
        _ = state.update(.link(.waiting(until: ClientWorld.now + 5_000, because: "refused")))
        state.press("Q")
        #expect(try #require(state.notice).text.contains("no connection"))
        #expect(state.dialogs.isEmpty)
        #expect(ClientView.frame(state).plainLines[0].contains("trying again in 5 s"))
    }

    @Test func `revoking asks for the beginning of the fingerprint, and nothing else will do`() throws {
        var me = ClientWorld.me
        me.isAdministrator = true
        var state = ClientWorld.state(me: me)
        _ = state.update(.command(.certificates))
        let item = ListItem(.certificate("abcdef0123456789"), "Anna")
        _ = state.update(.list(.certificates, [item]))
        state.press("V")
        state.type("yes")
        #expect(state.press("enter").isEmpty)
        guard case .ask(let ask)? = state.dialogs.last else {
            Issue.record("no question")
            return
        }
        #expect(try #require(ask.problem).contains("abcdef01"))
        state.press("ctrl-u")
        state.type("abcdef01")
        #expect(state.press("enter") == [.act(.revoke(reason: "unspecified"), on: item.target)])
    }

    @Test func `the wizard takes an invitation, keeps it when it is refused, and ends among the topics`() throws {
        var state = ClientState(columns: 80, rows: 24, now: ClientWorld.now, me: nil)
        _ = state.update(.paste("lessons://one-line \n"))
        #expect(state.press("enter") == [.join("lessons://one-line")])
        _ = state.update(.failed("the invitation was used"))
        let text = ClientView.frame(state).plainLines.joined(separator: "\n")
        #expect(text.contains("the invitation was used") && text.contains("lessons://one-line"))
        _ = state.update(.joined(ClientWorld.me))
        #expect(state.focus == .topics && state.dialogs.isEmpty)
    }
}
