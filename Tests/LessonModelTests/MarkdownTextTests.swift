import LessonModel
import TestSupport
import Testing

@Suite struct MarkdownTextTests {
    @Test func `paragraphs, lists, quotes, code and headings are told apart`() {
        let text = """
            First line
            of a paragraph.

            ### Heading
            - one
            - two
              goes on
              - deeper

            3. three
            4) four

            > quoted
            > text

            ```
            <code> # no heading
            ```
            After.
            """
        #expect(
            MarkdownText(text).blocks == [
                .paragraph([.text("First line\nof a paragraph.")]),
                .heading(level: 3, [.text("Heading")]),
                .list(
                    start: nil,
                    items: [
                        .init(depth: 0, text: [.text("one")]), .init(depth: 0, text: [.text("two\ngoes on")]),
                        .init(depth: 1, text: [.text("deeper")]),
                    ]),
                .list(
                    start: 3,
                    items: [.init(depth: 0, text: [.text("three")]), .init(depth: 0, text: [.text("four")])]),
                .quote([.text("quoted\ntext")]),
                .code("<code> # no heading"),
                .paragraph([.text("After.")]),
            ])
    }

    @Test func `emphasis, code and links have their form`() {
        #expect(
            MarkdownInline.parse("a *b* **c** `d*` [e](https://e.example/x) _f_ g_h_i 2 * 3 * 4 \\*no\\*") == [
                .text("a "), .emphasis([.text("b")]), .text(" "), .strong([.text("c")]), .text(" "), .code("d*"),
                .text(" "), .link([.text("e")], url: "https://e.example/x"), .text(" "), .emphasis([.text("f")]),
                .text(" g_h_i 2 * 3 * 4 *no*"),
            ])
        #expect(
            MarkdownInline.parse("see https://a.example/b?c=d. <mailto:x@y.example>") == [
                .text("see "), .link([.text("https://a.example/b?c=d")], url: "https://a.example/b?c=d"), .text(". "),
                .link([.text("mailto:x@y.example")], url: "mailto:x@y.example"),
            ])
        #expect(
            MarkdownInline.parse("one  \ntwo\\\nthree") == [
                .text("one"), .lineBreak, .text("two"), .lineBreak, .text("three"),
            ])
    }

    @Test(arguments: [
        "[x](javascript:alert(1))", "[x](data:text/html,y)", "[x](file:///etc/passwd)", "<javascript:x>",
        "[x](//e.example)",
        "[x](https://)", "[x](https://a\u{202E}b)",
    ])
    func `a link that leads elsewhere than to the web or to mail is text`(text: String) {
        for piece in MarkdownInline.parse(text) {
            if case .link(_, let url) = piece { Issue.record("\(url) of \(text)") }
        }
    }

    private func plain(_ pieces: [MarkdownInline]) -> String {
        pieces.map { piece in
            switch piece {
            case .text(let text), .code(let text): text
            case .emphasis(let inner), .strong(let inner), .link(let inner, _): plain(inner)
            case .lineBreak: "\n"
            }
        }.joined()
    }

    private func plain(_ blocks: [MarkdownText.Block]) -> String {
        blocks.map { block in
            switch block {
            case .paragraph(let text), .heading(_, let text), .quote(let text): plain(text)
            case .list(_, let items): items.map { plain($0.text) }.joined(separator: "\n")
            case .code(let text): text
            }
        }.joined(separator: "\n")
    }

    @Test func `nothing of a text is lost or takes long`() {
        var random = SeededRandom(for: "markdown")
        for _ in 0..<300 {
            let words = (0..<8).map { _ in
                random.pick(["word", "*a*", "**b**", "`c`", "- d", "1. e", "> f", "\n", "\n\n", "[g](h)", "\\i"])
            }
            let text = words.joined(separator: " ")
            let letters = plain(MarkdownText(text).blocks).filter(\.isLetter)
            #expect(letters == text.filter(\.isLetter), "seed \(random.seed): \(text)")
        }
        // What grew with the square of the length would not come to an end here.
        for piece in ["*", "`", "[", "_a ", "**a", "[](", " ", "> ", "- ", "<", "\\", "http", "`` ", "*a _b "] {
            let text = String(repeating: piece, count: Lesson.maxSectionBytes / piece.utf8.count)
            #expect(!MarkdownText(text).blocks.isEmpty || text.allSatisfy(\.isWhitespace), "\(piece)")
        }
    }
}
