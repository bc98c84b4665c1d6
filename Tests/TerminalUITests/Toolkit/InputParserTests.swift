import TestSupport
import Testing

@testable import TerminalUI

@Suite struct InputParserTests {
    private static let sequences: [(String, [InputEvent])] = [
        ("j", [.key(Key(.character("j")))]), ("Ж日👍", ["Ж", "日", "👍"].map { .key(Key(.character($0))) }),
        ("\r", [.key(Key(.enter))]), ("\t", [.key(Key(.tab))]), ("\u{7F}", [.key(Key(.backspace))]),
        ("\u{13}", [.key(Key(.character("s"), .control))]), ("\u{1B}[A", [.key(Key(.up))]),
        ("\u{1B}OB", [.key(Key(.down))]), ("\u{1B}[1;5C", [.key(Key(.right, .control))]),
        ("\u{1B}[5~", [.key(Key(.pageUp))]), ("\u{1B}[3~", [.key(Key(.delete))]),
        ("\u{1B}OP", [.key(Key(.function(1)))]),
        ("\u{1B}[[A", [.key(Key(.function(1)))]), ("\u{1B}[15~", [.key(Key(.function(5)))]),
        ("\u{1B}[Z", [.key(Key(.tab, .shift))]), ("\u{1B}x", [.key(Key(.character("x"), .alt))]),
        ("\u{1B}[115;5u", [.key(Key(.character("s"), .control))]), ("\u{1B}[I", [.focus(true)]),
        ("\u{1B}[<0;3;4M", [.mouse(MouseEvent(action: .press, button: .left, column: 2, row: 3))]),
        ("\u{1B}[<65;1;1M", [.mouse(MouseEvent(action: .wheelDown, column: 0, row: 0))]),
        ("\u{1B}[200~two\r\nlines\u{1B}[31m\u{1B}[201~", [.paste("two\nlines\u{1B}[31m")]),
        ("\u{1B}]11;rgb:0/0/0\u{07}q", [.key(Key(.character("q")))]),
        ("\u{1B}P1$r0m\u{1B}\\q", [.key(Key(.character("q")))]),
        ("\u{1B}[?62;4cq", [.key(Key(.character("q")))]),
    ]

    @Test(arguments: sequences.indices)
    func `a sequence means the same wherever its bytes are split`(index: Int) {
        let (text, expected) = Self.sequences[index]
        let bytes = Array(text.utf8)
        for split in 0...bytes.count {
            var parser = InputParser()
            let events = parser.feed(bytes[..<split]) + parser.feed(bytes[split...])
            #expect(events == expected, "\(text.debugDescription) split at \(split)")
        }
        var parser = InputParser()
        var events: [InputEvent] = []
        for byte in bytes { events += parser.feed([byte]) }
        #expect(events == expected, "byte by byte")
    }

    @Test func `an escape alone is a key once nothing follows, and two are alt and escape`() {
        var parser = InputParser()
        let before = parser.feed([0x1B])
        #expect(before.isEmpty && parser.isWaiting)
        let flushed = parser.flush()
        #expect(flushed == [.key(Key(.escape))] && !parser.isWaiting)
        let again = parser.flush()
        #expect(again.isEmpty)
    }

    @Test func `random bytes never trap, and what follows them is understood again`() {
        var random = SeededRandom(for: "keys")
        for _ in 0..<3_000 {
            var parser = InputParser()
            let count = Int.random(in: 1...200, using: &random)
            _ = parser.feed((0..<count).map { _ in UInt8.random(in: 0...255, using: &random) })
            _ = parser.flush()
            // Ends whatever a sequence may have begun: a paste, a string, a CSI.
            _ = parser.feed(Array("\u{1B}[201~\u{1B}\\\u{1B}\\".utf8))
            _ = parser.feed(Array("\u{07}\u{18}".utf8))
            _ = parser.feed(Array("\u{1B}[A".utf8))
            let last = parser.feed([UInt8(ascii: "j")]).last
            #expect(last == .key(Key(.character("j"))), "seed \(random.seed)")
        }
    }

    @Test func `a paste of any length is held to its bound`() {
        var parser = InputParser()
        _ = parser.feed(Array("\u{1B}[200~".utf8))
        _ = parser.feed(repeatElement(UInt8(ascii: "a"), count: InputParser.maxPasteBytes + 100_000))
        let events = parser.feed(Array("\u{1B}[201~".utf8))
        guard case .paste(let text)? = events.first else {
            Issue.record("no paste: \(events.count)")
            return
        }
        #expect(text.utf8.count == InputParser.maxPasteBytes)
    }

    @Test(arguments: ["j", "G", "ctrl-p", "alt-enter", "shift-tab", "f5", "space", "pgdn", "esc", "?", "-"])
    func `a key's text names it again`(text: String) throws {
        #expect(try #require(Key(text)).description == text)
    }

    @Test(arguments: ["", "ctrl-", "foo", "f99"])
    func `what names no key is none`(text: String) { #expect(Key(text) == nil) }
}
