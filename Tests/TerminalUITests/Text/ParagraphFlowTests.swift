import Testing

@testable import TerminalUI

@Suite struct ParagraphFlowTests {
    @Test(arguments: [
        ("one\ntwo\n\nthree", "one two\n\nthree"), ("one  \ntwo", "one  \ntwo"), ("one\\\ntwo", "one\\\ntwo"),
        ("- one\n  more\n- two", "- one more\n- two"), ("1. one\n2. two", "1. one\n2. two"),
        ("# Head\ntext\ntext", "# Head\ntext text"), ("> quote\n> quote", "> quote\n> quote"),
        ("```\na\nb\n```\ntext\nmore", "```\na\nb\n```\ntext more"), ("| a | b |\n|---|---|", "| a | b |\n|---|---|"),
        ("text\n---\ntext", "text\n---\ntext"), ("    code\n    code", "    code\n    code"), ("", ""),
    ])
    func `paragraphs stand on one line, and nothing else is joined`(text: String, wanted: String) {
        #expect(ParagraphFlow.joined(text) == wanted)
    }
}
