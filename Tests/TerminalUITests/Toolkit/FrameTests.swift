import Testing

@testable import TerminalUI

@Suite struct FrameTests {
    @Test func `half a wide character is none`() {
        var frame = Frame(columns: 6, rows: 1)
        frame.draw("日本語", column: 0, row: 0)
        frame.draw("x", column: 1, row: 0)
        #expect(frame.plainLines == [" x本語"])
        frame.draw("y", column: 2, row: 0)
        #expect(frame.plainLines == [" xy 語"])
    }

    @Test func `nothing is drawn beyond an edge or a limit`() {
        var frame = Frame(columns: 5, rows: 2)
        let ends = [
            frame.draw("123日", column: 1, row: 0), frame.draw("abcdef", column: 0, row: 1, limit: 3),
            frame.draw("nowhere", column: 0, row: 7),
        ]
        #expect(ends == [4, 3, 0])
        #expect(frame.plainLines == [" 123", "abc"])
    }

    @Test(arguments: [
        ("a", 1), ("é", 1), ("e\u{301}", 1), ("日", 2), ("👍", 2), ("🇦🇱", 2), ("👩‍👩‍👧", 2), ("❤️", 2), ("ｱ", 1), ("Ｆ", 2),
        ("\u{301}", 0), ("\u{200B}", 0), ("\u{AD}", 0), ("한", 2), ("ё", 1), ("ﷺ", 1),
    ])
    func `a cluster is as wide as its scalars say, an emoji two`(text: String, width: Int) {
        #expect(DisplayWidth.of(text) == width)
    }
}
