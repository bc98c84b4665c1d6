import LessonModel

/// Markdown as lines of a terminal: headings and stressed words in bold, lists with their marks, quotes and code set off,
/// links with where they lead. Raw marks are shown only where they mean nothing.
enum MarkdownLines {
    private typealias Letter = (character: Character, style: StyledText.Style)

    /// Stands for a line break that the author wants; a line feed within a text is a space, as Markdown has it.
    private static let hardBreak: Character = "\u{2028}"

    /// - Parameter width: cells of a line; a word that is longer is left whole, so that a link can be copied.
    static func lines(_ text: String, width: Int) -> [StyledText] {
        var lines: [StyledText] = []
        for block in MarkdownText(text).blocks {
            if !lines.isEmpty { lines.append("") }
            switch block {
            case .paragraph(let inlines): lines += wrap(letters(inlines, .plain), first: "", rest: "", width)
            case .heading(_, let inlines): lines += wrap(letters(inlines, .bold), first: "", rest: "", width)
            case .quote(let inlines): lines += wrap(letters(inlines, .plain), first: "> ", rest: "> ", width)
            case .code(let code):
                lines += code.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map {
                    StyledText("    " + $0, .cyan)
                }
            case .list(let start, let items): lines += list(items, start: start, width)
            }
        }
        return lines
    }

    private static func list(_ items: [MarkdownText.Item], start: Int?, _ width: Int) -> [StyledText] {
        var number = start ?? 0
        return items.flatMap { item -> [StyledText] in
            let indent = String(repeating: "  ", count: item.depth)
            // Nested items have their own marks; only the outer ones are counted.
            let mark = start != nil && item.depth == 0 ? "\(number). " : "- "
            if item.depth == 0 { number += 1 }
            let rest = indent + String(repeating: " ", count: mark.count)
            return wrap(letters(item.text, .plain), first: indent + mark, rest: rest, width)
        }
    }

    private static func letters(_ inlines: [MarkdownInline], _ style: StyledText.Style) -> [Letter] {
        inlines.flatMap { inline -> [Letter] in
            switch inline {
            case .text(let text): text.map { ($0, style) }
            case .code(let code): code.map { ($0, .cyan) }
            case .emphasis(let inner), .strong(let inner): letters(inner, .bold)
            case .link(let inner, let url):
                letters(inner, .cyan) + (plain(inner) == url ? [] : " <\(url)>".map { ($0, .dim) })
            case .lineBreak: [(hardBreak, style)]
            }
        }
    }

    private static func plain(_ inlines: [MarkdownInline]) -> String {
        String(letters(inlines, .plain).map(\.character))
    }

    /// Breaks at spaces.
    private static func wrap(_ letters: [Letter], first: String, rest: String, _ width: Int) -> [StyledText] {
        var lines: [StyledText] = []
        var line: [Letter] = []
        var used = 0
        var word: [Letter] = []
        func margin() -> String { lines.isEmpty ? first : rest }
        func endLine() {
            lines.append(StyledText(margin()) + styled(line))
            line = []
            used = 0
        }
        func endWord() {
            guard !word.isEmpty else { return }
            let cells = word.reduce(0) { $0 + DisplayWidth.of($1.character) }
            if !line.isEmpty, used + 1 + cells > width - DisplayWidth.of(margin()) { endLine() }
            if !line.isEmpty {
                line.append((" ", line.last?.style == word.first?.style ? word[0].style : .plain))
                used += 1
            }
            line += word
            used += cells
            word = []
        }
        for letter in letters {
            if letter.character == hardBreak {
                endWord()
                endLine()
            } else if letter.character.isWhitespace {
                endWord()
            } else {
                word.append(letter)
            }
        }
        endWord()
        if !line.isEmpty || lines.isEmpty { endLine() }
        return lines
    }

    private static func styled(_ letters: [Letter]) -> StyledText {
        var text = StyledText("")
        var run: (text: String, style: StyledText.Style) = ("", .plain)
        for letter in letters {
            if letter.style != run.style, !run.text.isEmpty {
                text += StyledText(run.text, run.style)
                run.text = ""
            }
            run.style = letter.style
            run.text.append(letter.character)
        }
        return run.text.isEmpty ? text : text + StyledText(run.text, run.style)
    }
}
