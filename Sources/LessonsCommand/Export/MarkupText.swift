import LessonModel

/// Text of outsiders made fit for HTML and XML: no markup, no character that XML 1.0 does not allow, and none that reorders
/// what stands around it.
enum MarkupText {
    static func escaped(_ text: String) -> String {
        var result = ""
        result.reserveCapacity(text.utf8.count + 16)
        for scalar in SafeText.terminal(text).unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            // No character of XML 1.0 (§2.2).
            case "\u{FFFE}", "\u{FFFF}": continue
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

/// Markdown as HTML that is well-formed XML too.
struct MarkdownHTML {
    /// The level that a heading of the text's level 3 has on the page; deeper ones follow, up to 6.
    var headingLevel = 4

    func render(_ text: String) -> String { MarkdownText(text).blocks.map(block).joined() }

    private func block(_ block: MarkdownText.Block) -> String {
        switch block {
        case .paragraph(let text): return "<p>\(inline(text))</p>\n"
        case .heading(let level, let text):
            let level = min(6, max(headingLevel, headingLevel + level - 3))
            return "<h\(level)>\(inline(text))</h\(level)>\n"
        case .list(let start, let items): return list(start, items)
        case .quote(let text): return "<blockquote><p>\(inline(text))</p></blockquote>\n"
        case .code(let text): return "<pre><code>\(MarkupText.escaped(text))</code></pre>\n"
        }
    }

    /// Items that are deeper than others are set in by their class, so that no odd nesting of a text breaks the list.
    private func list(_ start: Int?, _ items: [MarkdownText.Item]) -> String {
        let name = start == nil ? "ul" : "ol"
        let first = start.map { $0 == 1 ? "" : " start=\"\($0)\"" } ?? ""
        let lines = items.map { item in
            let depth = item.depth == 0 ? "" : " class=\"in\(item.depth)\""
            return "<li\(depth)>\(inline(item.text))</li>\n"
        }
        return "<\(name)\(first)>\n\(lines.joined())</\(name)>\n"
    }

    private func inline(_ pieces: [MarkdownInline]) -> String {
        pieces.map { piece in
            switch piece {
            case .text(let text): MarkupText.escaped(text)
            case .code(let text): "<code>\(MarkupText.escaped(text))</code>"
            case .emphasis(let text): "<em>\(inline(text))</em>"
            case .strong(let text): "<strong>\(inline(text))</strong>"
            case .lineBreak: "<br />"
            case .link(let text, let url): link(text, url)
            }
        }.joined()
    }

    /// The address stands beside the text, so that it is seen where the link leads, on paper too.
    private func link(_ text: [MarkdownInline], _ url: String) -> String {
        let address = MarkupText.escaped(url)
        let anchor = "<a href=\"\(address)\" rel=\"noopener noreferrer nofollow\">\(inline(text))</a>"
        return text == [.text(url)] ? anchor : "\(anchor) (\(address))"
    }
}
