import Foundation
import LessonModel
import TerminalUI
import Testing

@testable import LessonsCommand

@Suite struct DisplayWidthTests {
    @Test(arguments: [
        ("", 0), ("abc", 3), ("Türkiye", 7), ("e\u{301}", 1), ("日本", 4), ("👩‍👩‍👧", 2), ("한국", 4), ("ѝ", 1),
        ("a\u{200B}b", 2),
    ])
    func `a text takes the cells that a terminal gives it`(text: String, cells: Int) {
        #expect(DisplayWidth.of(text) == cells)
    }

    @Test func `a cut text is never wider than asked and says that something is missing`() {
        for cells in 0...12 {
            let cut = DisplayWidth.cut("日本語のテキスト and more", to: cells)
            #expect(DisplayWidth.of(cut) <= cells)
            if cells > 0 { #expect(cut.hasSuffix("…")) }
        }
        #expect(DisplayWidth.cut("abc", to: 3) == "abc")
    }

    @Test func `wrapping keeps every word and every line break`() {
        let text = "one two three\n\n  four five sixsixsixsixsix seven"
        let lines = DisplayWidth.wrap(text, to: 10)
        #expect(lines == ["one two", "three", "", "  four", "  five", "  sixsixsixsixsix", "  seven"])
    }
}

@Suite struct StyledTextTests {
    @Test func `no escape sequence of a post reaches the terminal`() {
        let hostile = "\u{1B}]0;owned\u{7}\u{1B}[2Jhello\u{9B}31m\u{202E}"
        let rendered = StyledText(hostile, .bold).rendered(inColour: true)
        #expect(rendered == "\u{1B}[1m]0;owned[2Jhello31m\u{1B}[0m")
        #expect(StyledText(hostile).plainText.unicodeScalars.allSatisfy { $0.value >= 0x20 })
    }

    @Test(arguments: Marking.allCases)
    func `a marking is told by its text with and without colour`(marking: Marking) {
        #expect(StyledText(marking).rendered(inColour: false) == "TLP:\(marking.label)")
        #expect(StyledText(marking).rendered(inColour: true).contains("TLP:\(marking.label)"))
    }

    @Test func `a table aligns its columns by cells and keeps a row on one line`() {
        var table = TextTable(("NAME", .left), ("COUNT", .right), ("ABOUT", .left))
        table.add("日本", "7", "x")
        table.add("a\nb", "12345678", "y")
        #expect(
            table.lines(width: nil).map(\.plainText) == [
                "NAME     COUNT  ABOUT", "日本         7  x", "a b   12345678  y",
            ])
    }

    @Test func `the last column of a table is cut to the terminal`() {
        var table = TextTable(("A", .left), ("B", .left))
        table.add("1", StyledText(String(repeating: "x", count: 50), .red) + StyledText("tail"))
        let line = table.lines(width: 20)[1]
        #expect(DisplayWidth.of(line.plainText) == 20)
        #expect(line.plainText.hasSuffix("…"))
    }
}

@Suite struct JSONNodeTests {
    @Test func `fields keep their order and every text survives a decoder`() throws {
        let texts = [
            "", "quote \" slash \\ /", "line\nbreak\r\ttab", "\u{0}\u{1B}\u{7F}\u{9B}", "\u{202E}rtl\u{2069}", "日本 👩‍👩‍👧",
            "\u{2028}",
        ]
        for text in texts {
            let line = JSONNode.object([("b", .string(text)), ("a", .integer(-1)), ("c", .null), ("d", .bool(true))])
                .line
            #expect(line.hasPrefix("{\"b\":") && line.hasSuffix(",\"a\":-1,\"c\":null,\"d\":true}"))
            #expect(
                line.unicodeScalars.allSatisfy {
                    $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) && $0.value != 0x202E
                })
            let decoded = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            #expect(decoded["b"] as? String == text)
        }
    }
}

@Suite struct TimeTextTests {
    @Test(arguments: [
        ("2026-11-24", 1_795_478_400_000), ("2026-11-24Z", 1_795_478_400_000 + 3_600_000),
        ("2026-11-24T10:00", 1_795_514_400_000), ("2026-11-24T10:00:30Z", 1_795_514_430_000 + 3_600_000),
        ("1970-01-01Z", 0), ("2000-02-29Z", 951_782_400_000), ("0000-01-01Z", -62_167_219_200_000),
    ])
    func `a time is read in the zone it is written in`(text: String, expected: Int64) {
        // One hour east of UTC.
        let inUTC = text.hasSuffix("Z")
        let time = TimeText.point(text, now: 0, zoneSeconds: 3_600)
        #expect(time == (inUTC && !text.hasPrefix("2026") ? expected : expected - 3_600_000))
    }

    @Test func `a span stands for that long ago`() {
        let time: Milliseconds = 200_000_000
        #expect(TimeText.point("2d", now: time, zoneSeconds: 0) == time - 172_800_000)
    }

    @Test(arguments: [
        "", "yesterday", "2026-13-01", "2026-02-30", "2026-11-24T24:00", "2026-11-24T1:00", "5x", "-5d", "99999999999d",
    ])
    func `what is no time is refused`(text: String) {
        #expect(TimeText.point(text, now: 0, zoneSeconds: 0) == nil)
    }

    @Test(arguments: [Int64.min, Int64.max, 0, -1, 1_795_478_400_123])
    func `no time of a peer crashes the formatting`(time: Int64) {
        #expect(TimeText.iso(time).hasSuffix("Z"))
        #expect(TimeText.local(time).count == 16)
        #expect(TimeText.minutes(time, zoneSeconds: 50_400).count == 16)
    }

    @Test func `what a time is written as can be read again`() {
        for seconds in stride(from: Int64(-60_000_000_000), to: 250_000_000_000, by: 7_777_777_771) {
            let text = String(TimeText.iso(seconds * 1_000).dropLast(5)) + "Z"
            #expect(TimeText.point(text, now: 0, zoneSeconds: 0) == seconds * 1_000, "\(text)")
        }
    }

    @Test(arguments: [
        (0, "0 seconds"), (1_000, "1 second"), (119_000, "119 seconds"), (120_000, "2 minutes"), (7_200_000, "2 hours"),
        (172_800_000, "2 days"), (-5, "0 seconds"),
    ])
    func `a span reads as people say it`(milliseconds: Int64, text: String) {
        #expect(TimeText.span(milliseconds) == text)
    }
}
