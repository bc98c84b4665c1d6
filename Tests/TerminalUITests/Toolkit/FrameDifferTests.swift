import TerminalTestSupport
import TestSupport
import Testing

@testable import TerminalUI

@Suite struct FrameDifferTests {
    private static let texts = [
        "a", "Ж", "é", "e\u{301}", "日", "한", "👍", "👩‍👩‍👧", "🇦🇱", "❤️", "ｱ", "x\u{0307}\u{0323}", "·", "─",
    ]

    private func randomFrame(_ columns: Int, _ rows: Int, _ random: inout SeededRandom) -> Frame {
        var frame = Frame(columns: columns, rows: rows)
        for _ in 0..<Int.random(in: 0...12, using: &random) {
            var style = TextStyle.plain
            if random.chance(percent: 50) {
                style.foreground = TextStyle.Colour(UInt8.random(in: 0...255, using: &random))
            }
            if random.chance(percent: 30) {
                style.background = TextStyle.Colour(UInt8.random(in: 0...255, using: &random))
            }
            style.isBold = random.chance(percent: 20)
            style.isReversed = random.chance(percent: 10)
            style.isUnderlined = random.chance(percent: 10)
            let text = (0..<Int.random(in: 1...8, using: &random)).map { _ in random.pick(Self.texts) }.joined()
            frame.draw(
                text, column: Int.random(in: 0..<columns, using: &random),
                row: Int.random(in: 0..<rows, using: &random), style: style)
        }
        if random.chance(percent: 50) {
            frame.cursor = Frame.Position(
                column: Int.random(in: 0..<columns, using: &random), row: Int.random(in: 0..<rows, using: &random))
        }
        return frame
    }

    @Test func `a terminal that is fed the difference shows the next frame, for ten thousand pairs`() {
        var random = SeededRandom(for: "frames")
        let differ = FrameDiffer(TerminalCapabilities(colours: .many))
        var previous: Frame?
        var emulator = ScreenEmulator(columns: 1, rows: 1)
        for _ in 0..<10_000 {
            if previous == nil || random.chance(percent: 2) {
                let columns = Int.random(in: 2...24, using: &random)
                emulator = ScreenEmulator(columns: columns, rows: Int.random(in: 1...6, using: &random))
                previous = nil
            }
            let next = randomFrame(emulator.columns, emulator.rows, &random)
            emulator.feed(differ.bytes(from: previous, to: next))
            #expect(emulator.cells == next.cells, "seed \(random.seed)")
            #expect(emulator.cursor == next.cursor, "seed \(random.seed)")
            #expect(emulator.unknown == [], "seed \(random.seed)")
            guard emulator.cells == next.cells, emulator.cursor == next.cursor else { return }
            previous = next
        }
    }

    @Test func `nothing is sent for a frame that is shown already, and little for a small change`() {
        let differ = FrameDiffer(TerminalCapabilities(colours: .many))
        var frame = Frame(columns: 80, rows: 24)
        frame.draw(String(repeating: "lesson ", count: 10), column: 0, row: 3)
        #expect(differ.bytes(from: frame, to: frame).isEmpty)
        var next = frame
        next.draw("L", column: 7, row: 3)
        #expect(differ.bytes(from: frame, to: next).count < 40)
    }

    @Test(arguments: [
        (TerminalCapabilities.Colours.none, "\u{1B}[0;1m"), (.sixteen, "\u{1B}[0;1;91m"), (.many, "\u{1B}[0;1;91m"),
    ])
    func `colours are as many as the terminal has`(colours: TerminalCapabilities.Colours, expected: String) {
        var frame = Frame(columns: 4, rows: 1)
        frame.draw("x", column: 0, row: 0, style: TextStyle(foreground: TextStyle.Colour(9)).bold)
        let text = String(
            decoding: FrameDiffer(TerminalCapabilities(colours: colours)).bytes(from: nil, to: frame), as: UTF8.self)
        #expect(text.contains(expected))
    }

    @Test func `whatever is drawn, no control and no bidirectional override reaches the terminal`() {
        var random = SeededRandom(for: "hostile")
        let differ = FrameDiffer(TerminalCapabilities(colours: .none, hasAttributes: false))
        let hostile: [Unicode.Scalar] = [
            "\u{1B}", "\u{07}", "\u{08}", "\r", "\n", "\u{7F}", "\u{9B}", "\u{9D}", "\u{85}", "\u{202E}", "\u{202D}",
            "\u{2066}", "\u{2069}", "\u{200F}", "\u{061C}", "\u{2028}", "\u{FEFF}", "\u{301}", "\u{200D}", "\u{0}",
            "[", "]", "3", "m", "a", "Ж", "日", "\u{1F44D}", "\u{AD}", "\u{E0001}", "\u{FFF9}",
        ]
        for _ in 0..<2_000 {
            var text = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 1...40, using: &random) { text.append(random.pick(hostile)) }
            if random.chance(percent: 10) {
                for _ in 0..<300 { text.append("\u{302}") }
            }
            var frame = Frame(columns: 30, rows: 1)
            frame.draw(String(text), column: 0, row: 0)
            let output = String(decoding: differ.bytes(from: Frame(columns: 30, rows: 1), to: frame), as: UTF8.self)
            var emulator = ScreenEmulator(columns: 30, rows: 1)
            emulator.feed(Array(output.utf8))
            for cell in emulator.cells where !cell.isContinuation {
                #expect(cell.character.unicodeScalars.count <= 8, "seed \(random.seed)")
                for scalar in cell.character.unicodeScalars {
                    let category = scalar.properties.generalCategory
                    let isJoiner = scalar.value == 0x200D || scalar.value == 0x200C
                    #expect(
                        category != .control && category != .lineSeparator && (category != .format || isJoiner),
                        "seed \(random.seed): \(scalar.value)")
                }
            }
        }
    }

    @Test(arguments: [
        ("xterm-256color", [:], TerminalCapabilities(colours: .many)),
        ("screen", [:], TerminalCapabilities(colours: .sixteen)),
        ("linux", [:], TerminalCapabilities(colours: .sixteen)),
        ("vt100", [:], TerminalCapabilities(colours: .none)),
        ("xterm-256color", ["NO_COLOR": "1"], TerminalCapabilities(colours: .none)),
        ("dumb", [:], TerminalCapabilities(colours: .none, hasAttributes: false, isScreen: false)),
    ])
    func `what a terminal can do is known by its environment`(
        term: String, further: [String: String], expected: TerminalCapabilities
    ) {
        #expect(TerminalCapabilities(environment: ["TERM": term].merging(further) { $1 }) == expected)
    }
}
