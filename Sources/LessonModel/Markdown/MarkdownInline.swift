/// A piece of a line of Markdown.
package indirect enum MarkdownInline: Hashable, Sendable {
    case text(String)
    case code(String)
    case emphasis([MarkdownInline])
    case strong([MarkdownInline])
    /// `url` is http, https or mailto; a link with another is text.
    case link([MarkdownInline], url: String)
    case lineBreak

    /// Takes time proportional to the length of `text`: nothing is closed further than `maxSpan` away.
    package static func parse(_ text: String) -> [MarkdownInline] {
        var reader = MarkdownInlineReader(Array(text.unicodeScalars))
        return reader.read(0..<reader.count, depth: 0)
    }

    /// Scalars between the marks of a link, an emphasis or code.
    static let maxSpan = 1_000
    static let maxDepth = 4

    /// Whether a link may lead there: http, https and mailto, without white space or controls.
    package static func isLinkable(_ url: String) -> Bool {
        let lower = url.lowercased()
        return ["http://", "https://", "mailto:"].contains { lower.hasPrefix($0) && url.utf8.count > $0.utf8.count }
            && url.utf8.count <= maxSpan
            && url.unicodeScalars.allSatisfy { !$0.properties.isWhitespace && $0.value >= 0x20 && $0.value != 0x7F }
            && SafeText.terminal(url) == url
    }
}

private struct MarkdownInlineReader {
    private let scalars: [Unicode.Scalar]
    private var plain = String.UnicodeScalarView()
    private var result: [MarkdownInline] = []

    init(_ scalars: [Unicode.Scalar]) { self.scalars = scalars }

    var count: Int { scalars.count }

    mutating func read(_ range: Range<Int>, depth: Int) -> [MarkdownInline] {
        var index = range.lowerBound
        /// Marks that nothing closes any more; they are not looked for again.
        var hopeless: Set<String> = []
        while index < range.upperBound {
            let scalar = scalars[index]
            if scalar == "\\", index + 1 < range.upperBound {
                if scalars[index + 1] == "\n" {
                    flush()
                    result.append(.lineBreak)
                } else {
                    if !isPunctuation(scalars[index + 1]) { plain.append("\\") }
                    plain.append(scalars[index + 1])
                }
                index += 2
            } else if scalar == " ", isHardBreak(index, range) {
                flush()
                result.append(.lineBreak)
                while scalars[index] != "\n" { index += 1 }
                index += 1
            } else if let end = readMarked(at: index, range, depth, &hopeless) {
                index = end
            } else {
                plain.append(scalar)
                index += 1
            }
        }
        flush()
        return result
    }

    /// Reads code, emphasis or a link that begins at `index`.
    /// - Returns: where it ends; nil where nothing begins.
    private mutating func readMarked(
        at index: Int, _ range: Range<Int>, _ depth: Int, _ hopeless: inout Set<String>
    ) -> Int? {
        switch scalars[index] {
        case "`": readCode(at: index, range, &hopeless)
        case "*", "_": depth < MarkdownInline.maxDepth ? readEmphasis(at: index, range, depth, &hopeless) : nil
        case "[": depth < MarkdownInline.maxDepth ? readLink(at: index, range, depth, &hopeless) : nil
        case "<": readAutolink(at: index, range)
        case "h": readBareLink(at: index, range)
        default: nil
        }
    }

    private mutating func readCode(at index: Int, _ range: Range<Int>, _ hopeless: inout Set<String>) -> Int? {
        let run = runLength(at: index, range)
        guard let end = find("`", count: run, after: index + run, range, &hopeless) else { return skip(index, run) }
        flush()
        result.append(.code(text(index + run..<end)))
        return end + run
    }

    private mutating func readEmphasis(
        at index: Int, _ range: Range<Int>, _ depth: Int, _ hopeless: inout Set<String>
    ) -> Int? {
        let mark = scalars[index]
        let run = runLength(at: index, range)
        let isInWord = mark == "_" && index > 0 && isWord(scalars[index - 1])
        guard run <= 2, index + run < range.upperBound, !scalars[index + run].properties.isWhitespace, !isInWord,
            let end = find(mark, count: run, after: index + run, range, &hopeless),
            !scalars[end - 1].properties.isWhitespace,
            mark == "*" || end + run >= range.upperBound || !isWord(scalars[end + run])
        else { return skip(index, run) }
        flush()
        var inner = MarkdownInlineReader(scalars)
        let content = inner.read(index + run..<end, depth: depth + 1)
        result.append(run == 2 ? .strong(content) : .emphasis(content))
        return end + run
    }

    private mutating func readLink(
        at index: Int, _ range: Range<Int>, _ depth: Int, _ hopeless: inout Set<String>
    ) -> Int? {
        guard let middle = find("]", count: 1, after: index + 1, range, &hopeless), middle + 1 < range.upperBound,
            scalars[middle + 1] == "(", let end = find(")", count: 1, after: middle + 2, range, &hopeless)
        else { return nil }
        let url = text(middle + 2..<end)
        guard MarkdownInline.isLinkable(url) else { return nil }
        flush()
        var inner = MarkdownInlineReader(scalars)
        result.append(.link(inner.read(index + 1..<middle, depth: MarkdownInline.maxDepth), url: url))
        return end + 1
    }

    private mutating func readAutolink(at index: Int, _ range: Range<Int>) -> Int? {
        var end = index + 1
        while end < range.upperBound, end - index < MarkdownInline.maxSpan, scalars[end] != ">" {
            if scalars[end].properties.isWhitespace || scalars[end] == "<" { return nil }
            end += 1
        }
        guard end < range.upperBound, scalars[end] == ">", case let url = text(index + 1..<end),
            MarkdownInline.isLinkable(url)
        else { return nil }
        flush()
        result.append(.link([.text(url)], url: url))
        return end + 1
    }

    private mutating func readBareLink(at index: Int, _ range: Range<Int>) -> Int? {
        guard index == range.lowerBound || !isWord(scalars[index - 1]),
            text(index..<min(index + 8, range.upperBound)).hasPrefix("http")
        else { return nil }
        var end = index
        while end < range.upperBound, end - index < MarkdownInline.maxSpan, !scalars[end].properties.isWhitespace,
            !"<>\"[]{}|\\^`*".unicodeScalars.contains(scalars[end])
        {
            end += 1
        }
        while end > index, ".,;:!?')".unicodeScalars.contains(scalars[end - 1]) { end -= 1 }
        let url = text(index..<end)
        guard MarkdownInline.isLinkable(url) else { return nil }
        flush()
        result.append(.link([.text(url)], url: url))
        return end
    }

    /// Takes the marks for text.
    private mutating func skip(_ index: Int, _ run: Int) -> Int {
        plain.append(contentsOf: scalars[index..<index + run])
        return index + run
    }

    /// The next run of exactly `count` of `mark`.
    private func find(
        _ mark: Unicode.Scalar, count: Int, after start: Int, _ range: Range<Int>, _ hopeless: inout Set<String>
    ) -> Int? {
        let key = "\(mark)\(count)"
        guard !hopeless.contains(key) else { return nil }
        let limit = min(range.upperBound, start + MarkdownInline.maxSpan)
        var index = start
        while index < limit {
            guard scalars[index] == mark else {
                // Marks within code do not count, nor do those after a backslash.
                index += scalars[index] == "\\" && mark != "`" ? 2 : 1
                continue
            }
            let run = runLength(at: index, range)
            if run == count || count == 1 && (mark == "]" || mark == ")") { return index }
            index += run
        }
        if limit == range.upperBound { hopeless.insert(key) }
        return nil
    }

    private func runLength(at index: Int, _ range: Range<Int>) -> Int {
        var end = index
        while end < range.upperBound, scalars[end] == scalars[index] { end += 1 }
        return end - index
    }

    private func isHardBreak(_ index: Int, _ range: Range<Int>) -> Bool {
        var end = index
        while end < range.upperBound, end - index < 16, scalars[end] == " " { end += 1 }
        return end - index >= 2 && end < range.upperBound && scalars[end] == "\n"
    }

    private func isWord(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isAlphabetic || scalar.properties.numericType != nil
    }

    private func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
        scalar.isASCII && (0x21...0x7E).contains(scalar.value) && !isWord(scalar)
    }

    private func text(_ range: Range<Int>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars[range])
        return String(view)
    }

    private mutating func flush() {
        if !plain.isEmpty { result.append(.text(String(plain))) }
        plain.removeAll()
    }
}
