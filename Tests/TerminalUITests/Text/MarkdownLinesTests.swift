import Testing

@testable import TerminalUI

@Suite struct MarkdownLinesTests {
    private func lines(_ text: String, width: Int = 30) -> [String] {
        MarkdownLines.lines(text, width: width).map(\.plainText)
    }

    @Test func `marks become form`() {
        #expect(lines("# What\n\nWe *walked* and `counted`.") == ["What", "", "We walked and counted."])
        let styles = MarkdownLines.lines("a **b** c", width: 30)[0].runs.filter { !$0.text.isEmpty }
        #expect(styles.contains(StyledText.Run(text: "b", style: .bold)))
        #expect(lines("[the report](https://example.org/r)") == ["the report", "<https://example.org/r>"])
        #expect(lines("https://example.org/r") == ["https://example.org/r"])
    }

    @Test func `lists hang, also nested and numbered`() {
        #expect(
            lines("1. one and more words than fit\n   - inner\n2. two", width: 20)
                == ["1. one and more", "   words than fit", "  - inner", "2. two"])
        #expect(lines("> told\n> twice", width: 20) == ["> told twice"])
    }

    @Test func `lines flow, breaks that the author wants stay, and a long word is whole`() {
        #expect(lines("one\ntwo") == ["one two"])
        #expect(lines("one  \ntwo") == ["one", "two"])
        #expect(
            lines("see https://example.org/a/very/long/address now", width: 12)
                == ["see", "https://example.org/a/very/long/address", "now"])
        #expect(lines("```\n  code  stays\n```") == ["      code  stays"])
        #expect(lines("") == [])
    }
}
