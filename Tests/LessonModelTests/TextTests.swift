import LessonModel
import Testing

@Suite struct TextTests {
    @Test func `nothing that moves a cursor or turns text round reaches a terminal`() {
        let hostile = "a\u{1B}[2J\u{7}b\u{9B}31m\u{7F}\u{0}\r\nc\td\u{202E}e\u{2066}f\u{2069}\u{200E}\u{200F}\u{061C}g"
        #expect(SafeText.terminal(hostile) == "a[2Jb31m\nc\tdefg")
        for value in UInt32(0)...0x2100 {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let isRemoved =
                value < 0x20 && value != 9 && value != 10 || (0x7F...0x9F).contains(value)
                || [0x061C, 0x200E, 0x200F].contains(value) || (0x202A...0x202E).contains(value)
                || (0x2066...0x2069).contains(value)
            #expect(SafeText.terminal(String(Character(scalar))).isEmpty == isRemoved, "U+\(String(value, radix: 16))")
        }
    }

    @Test func `harmless text stays as it is`() {
        for text in ["", "مرحبا שלום", "👩‍👩‍👧‍👦 Türkiye e\u{301}", "a\n\tb"] {
            #expect(Array(SafeText.terminal(text).utf8) == Array(text.utf8))
        }
    }

    @Test func `a line stays one line`() {
        #expect(SafeText.line(" a\r\n\u{2028}b\u{85} \tc\u{1B}\n") == "a b c")
        #expect(SafeText.line("\n\u{7}") == "")
    }

    @Test func `the word that was meant is found, and none where nothing is near`() {
        let keys = ["title", "topic", "event-date", "due-date", "marking"]
        #expect(Suggestion.nearest(to: "titel", among: keys) == "title")
        #expect(Suggestion.nearest(to: "Event_Date", among: keys) == "event-date")
        #expect(Suggestion.nearest(to: "mark", among: keys) == "marking")
        #expect(Suggestion.nearest(to: "colour", among: keys) == nil)
        #expect(Suggestion.nearest(to: "", among: keys) == nil)
        #expect(Suggestion.nearest(to: String(repeating: "t", count: 100_000), among: keys) == nil)
        #expect(Suggestion.question(for: "topc", among: keys) == "; did you mean topic?")
        #expect(Suggestion.question(for: "zzzzzz", among: keys) == "")
    }

    @Test func `moments are written in UTC, before 1970 and at the ends of time too`() {
        #expect(TimestampText.rfc3339(0) == "1970-01-01T00:00:00.000Z")
        #expect(TimestampText.rfc3339(-1) == "1969-12-31T23:59:59.999Z")
        #expect(TimestampText.rfc3339(951_782_400_000) == "2000-02-29T00:00:00.000Z")
        #expect(TimestampText.seconds(1_795_514_709_999) == "2026-11-24 10:05:09Z")
        #expect(TimestampText.rfc3339(253_402_300_799_999) == "9999-12-31T23:59:59.999Z")
        #expect(!TimestampText.seconds(.max).isEmpty)
        #expect(TimestampText.rfc3339(.min).hasPrefix("-"))
    }
}
