/// The part of Markdown that is shown with its form: paragraphs, headings, lists, quotes, code, emphasis and links. Whatever
/// else a text holds, HTML among it, is text.
package struct MarkdownText: Hashable, Sendable {
    package indirect enum Block: Hashable, Sendable {
        case paragraph([MarkdownInline])
        /// Level 1 to 6.
        case heading(level: Int, [MarkdownInline])
        /// Nil for a list without numbers; else the first number. Items may be nested: by their depth from 0.
        case list(start: Int?, items: [Item])
        case quote([MarkdownInline])
        case code(String)
    }

    package struct Item: Hashable, Sendable {
        package var depth: Int
        package var text: [MarkdownInline]

        package init(depth: Int, text: [MarkdownInline]) {
            self.depth = depth
            self.text = text
        }
    }

    package static let maxDepth = 5

    package let blocks: [Block]

    /// Takes time proportional to the length of `text`.
    package init(_ text: String) {
        var reader = MarkdownBlockReader(CleanText.section(text))
        blocks = reader.read()
    }
}

/// Takes a text apart line by line.
private struct MarkdownBlockReader {
    private let lines: [Substring]
    private let roles: [MarkdownStructure.Role]
    private var index = 0
    private var blocks: [MarkdownText.Block] = []

    init(_ text: String) {
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        roles = MarkdownStructure.roles(of: MarkdownStructure.lines(of: text))
    }

    mutating func read() -> [MarkdownText.Block] {
        while index < lines.count {
            if roles[index] == .code {
                readCode()
            } else if isBlank(lines[index]) {
                index += 1
            } else if let (level, text) = heading(lines[index]) {
                blocks.append(.heading(level: level, MarkdownInline.parse(text)))
                index += 1
            } else if lines[index].hasPrefix(">") {
                let quoted = take { $0.hasPrefix(">") }.map { $0.dropFirst().drop { $0 == ">" || $0 == " " } }
                blocks.append(.quote(MarkdownInline.parse(quoted.joined(separator: "\n"))))
            } else if let marker = marker(lines[index]) {
                readList(isOrdered: marker.number != nil, start: marker.number)
            } else {
                readParagraph()
            }
        }
        return blocks
    }

    private mutating func readCode() {
        let end = lines.indices[index...].first { roles[$0] != .code } ?? lines.count
        let code = lines[index..<end]
        // Its first and last lines are the fences.
        blocks.append(.code(code.dropFirst().dropLast().joined(separator: "\n")))
        index = end
    }

    private mutating func readParagraph() {
        var text: [Substring] = []
        while index < lines.count, roles[index] != .code, !isBlank(lines[index]) {
            if !text.isEmpty, heading(lines[index]) != nil || marker(lines[index]) != nil { break }
            text.append(lines[index])
            index += 1
        }
        blocks.append(.paragraph(MarkdownInline.parse(text.joined(separator: "\n"))))
    }

    private mutating func readList(isOrdered: Bool, start: Int?) {
        var items: [(depth: Int, lines: [Substring])] = []
        while index < lines.count, roles[index] != .code {
            if let marker = marker(lines[index]) {
                guard marker.indent >= 2 || (marker.number != nil) == isOrdered else { break }
                items.append((min(marker.indent / 2, MarkdownText.maxDepth), [marker.text]))
            } else if isBlank(lines[index]) {
                // A blank line between items does not end the list; one before anything else does.
                guard index + 1 < lines.count, let next = marker(lines[index + 1]),
                    next.indent >= 2 || (next.number != nil) == isOrdered
                else { break }
            } else if heading(lines[index]) == nil, let last = items.indices.last {
                items[last].lines.append(lines[index].drop { $0 == " " || $0 == "\t" })
            } else {
                break
            }
            index += 1
        }
        blocks.append(
            .list(
                start: start,
                items: items.map {
                    MarkdownText.Item(depth: $0.depth, text: MarkdownInline.parse($0.lines.joined(separator: "\n")))
                }))
    }

    private mutating func take(while isTaken: (Substring) -> Bool) -> [Substring] {
        let start = index
        while index < lines.count, roles[index] != .code, isTaken(lines[index]) { index += 1 }
        return Array(lines[start..<index])
    }

    private func isBlank(_ line: Substring) -> Bool { line.utf8.allSatisfy { $0 == 0x20 || $0 == 0x09 } }

    private func heading(_ line: Substring) -> (level: Int, text: String)? {
        let level = line.utf8.prefix { $0 == UInt8(ascii: "#") }.count
        guard (1...6).contains(level), line.dropFirst(level).hasPrefix(" ") else { return nil }
        return (level, CleanText.trimmed(String(line.dropFirst(level))))
    }

    /// `- `, `* `, `+ `, `• `, `1. ` or `1) `, after spaces.
    private func marker(_ line: Substring) -> (indent: Int, number: Int?, text: Substring)? {
        let indent = line.prefix { $0 == " " }.count
        let rest = line.dropFirst(indent)
        guard let first = rest.first else { return nil }
        if "-*+•".contains(first) {
            let after = rest.dropFirst()
            return after.hasPrefix(" ") ? (indent, nil, after.drop { $0 == " " }) : nil
        }
        let digits = rest.prefix { $0.isASCII && $0.isNumber }
        guard (1...9).contains(digits.count), let number = Int(digits) else { return nil }
        let after = rest.dropFirst(digits.count)
        guard after.hasPrefix(". ") || after.hasPrefix(") ") else { return nil }
        return (indent, number, after.dropFirst(2).drop { $0 == " " })
    }
}
