import TestSupport
import Testing

@testable import TerminalUI

@Suite struct TextEditorTests {
    private func typed(_ keys: [String], in text: String = "", isMultiline: Bool = true) -> TextEditor {
        var editor = TextEditor(text, isMultiline: isMultiline)
        for name in keys {
            guard let key = Key(name) else {
                Issue.record("\(name) is no key")
                continue
            }
            _ = editor.handle(key)
        }
        return editor
    }

    @Test func `letters, marks and emoji are edited as one reads them`() {
        #expect(typed(["a", "space", "b"]).text == "a b")
        #expect(typed(["backspace"], in: "é👩‍👩‍👧").text == "é")
        var editor = TextEditor("e", isMultiline: false)
        editor.insert("\u{301}")
        #expect(editor.characters.count == 1)
        #expect(editor.cursor == 1)
    }

    @Test func `words, lines and the whole are moved over and deleted`() {
        #expect(typed(["ctrl-w"], in: "one two three").text == "one two ")
        #expect(typed(["ctrl-u"], in: "one\ntwo").text == "one\n")
        #expect(typed(["home", "ctrl-k"], in: "one\ntwo").text == "one\n")
        #expect(typed(["ctrl-left", "x"], in: "one two").text == "one xtwo")
        #expect(typed(["up", "x"], in: "one\ntwo").text == "onex\ntwo")
    }

    @Test func `the first and last line let the arrow out of the field`() {
        var editor = TextEditor("one\ntwo", isMultiline: true)
        let moved = [editor.handle(Key(.up)), editor.handle(Key(.up))]
        #expect(moved == [true, false])
        var line = TextEditor("one", isMultiline: false)
        let taken = [line.handle(Key(.up)), line.handle(Key(.enter))]
        #expect(taken == [false, false])
    }

    @Test func `undo takes back a run of typing, then what was before`() {
        #expect(typed(["a", "b", "ctrl-w", "alt-z"]).text == "ab")
        #expect(typed(["a", "b", "ctrl-w", "alt-z", "alt-z"]).text == "")
    }

    @Test func `a line has no line breaks, and no text has controls`() {
        var editor = TextEditor("", isMultiline: false)
        editor.insert("a\nb\u{1B}[31m\u{07}c")
        #expect(editor.text == "a b[31mc")
    }

    @Test func `wherever the cursor is, it is shown before its character, in lines that hold the text`() {
        var random = SeededRandom(for: "editor")
        let pieces = ["a", "bb", " ", "  ", "日", "\n", "wörter", "👍", "e\u{301}"]
        for _ in 0..<500 {
            let text = (0..<Int.random(in: 0...30, using: &random)).map { _ in random.pick(pieces) }.joined()
            let width = Int.random(in: 4...12, using: &random)
            var editor = TextEditor(text, isMultiline: true)
            _ = editor.handle(Key(.home, .control))
            for index in 0...editor.characters.count {
                let laid = editor.lines(width: width)
                #expect(laid.lines.joined() == text.filter { $0 != "\n" }, "seed \(random.seed)")
                #expect(laid.lines.allSatisfy { DisplayWidth.of($0) <= width }, "seed \(random.seed)")
                guard laid.lines.indices.contains(laid.row) else {
                    Issue.record("seed \(random.seed): row \(laid.row) of \(laid.lines.count)")
                    return
                }
                let before = laid.lines[..<laid.row].joined().count
                var column = 0
                var inLine = 0
                for character in laid.lines[laid.row] {
                    guard column < laid.column else { break }
                    column += DisplayWidth.of(character)
                    inLine += 1
                }
                let shown = editor.characters.prefix(index).count { $0 != "\n" }
                #expect(
                    before + inLine == shown,
                    "seed \(random.seed): \(text.debugDescription) at \(index), width \(width)")
                _ = editor.handle(Key(.right))
            }
        }
    }
}
