/// Tells the structure of a lesson's Markdown from its text, line by line, and writes text so that it stays text.
///
/// Structure is, with at most three spaces before it and outside a fenced code block (CommonMark §4.5): a heading of
/// level 1 or 2 (`# `, `## `), the opening line of a code block (three or more backquotes or tildes), and a line of
/// help (`<!-- help: ... -->`). A line of text that looks like one of these is written with one backslash before the
/// mark, which Markdown shows as the mark itself; a line that already begins with backslashes gets one more. Reading
/// takes one backslash away again, so that every text comes back as it was.
enum MarkdownStructure {
    typealias Line = ArraySlice<UInt8>

    enum Role: Equatable {
        /// Of a fenced code block, its first and last line included: taken as it is.
        case code
        /// `escapeOffset` is where a backslash stands or would have to be put; nil where the line cannot be mistaken.
        case text(escapeOffset: Int?)
        case heading(level: Int, text: String)
        case help
        /// Opens a code block that nothing closes.
        case unclosedFence(escapeOffset: Int)
    }

    private enum Mark: Equatable {
        case heading(level: Int)
        case fence(Fence)
        case help
    }

    private struct Fence: Equatable {
        var byte: UInt8
        var count: Int
    }

    private static let helpStart = Array("<!-- help:".utf8)
    private static let helpEnd = Array("-->".utf8)

    static func lines(of text: String) -> [Line] {
        Array(text.utf8)[...].split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    }

    static func isBlank(_ line: Line) -> Bool { line.allSatisfy(isBlank) }

    /// The role of each of `lines`, in time proportional to their bytes.
    static func roles(of lines: [Line]) -> [Role] {
        let longestCloser = longestClosers(after: lines)
        var roles: [Role] = []
        roles.reserveCapacity(lines.count)
        var open: Fence?
        for (index, line) in lines.enumerated() {
            if let fence = open {
                roles.append(.code)
                if let closer = closer(line), closer.byte == fence.byte, closer.count >= fence.count { open = nil }
                continue
            }
            guard let (offset, backslashes, mark) = mark(in: line) else {
                roles.append(.text(escapeOffset: nil))
                continue
            }
            guard backslashes == 0 else {
                roles.append(.text(escapeOffset: offset))
                continue
            }
            switch mark {
            case .heading(let level):
                roles.append(.heading(level: level, text: headingText(line, from: offset + level)))
            case .help:
                roles.append(endsHelp(line) ? .help : .text(escapeOffset: nil))
            case .fence(let fence):
                if longestCloser[index][fence.byte] >= fence.count {
                    roles.append(.code)
                    open = fence
                } else {
                    roles.append(.unclosedFence(escapeOffset: offset))
                }
            }
        }
        return roles
    }

    /// `text` as lines for a section, every line that could be mistaken for structure escaped.
    static func escaped(_ text: String) -> String {
        let lines = lines(of: text)
        var result: [UInt8] = []
        result.reserveCapacity(text.utf8.count + 16)
        for (index, (line, role)) in zip(lines, roles(of: lines)).enumerated() {
            if index > 0 { result.append(UInt8(ascii: "\n")) }
            guard role != .code, let (offset, _, _) = mark(in: line) else {
                result += line
                continue
            }
            result += line.prefix(offset)
            result.append(UInt8(ascii: "\\"))
            result += line.dropFirst(offset)
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// A line of text as it was before `escaped`. `role` must be the line's own.
    static func unescaped(_ line: Line, role: Role) -> [UInt8] {
        guard case .text(let escapeOffset?) = role else { return Array(line) }
        return Array(line.prefix(escapeOffset)) + line.dropFirst(escapeOffset + 1)
    }

    /// The mark that `line` begins with, after spaces and backslashes; `offset` counts the spaces.
    private static func mark(in line: Line) -> (offset: Int, backslashes: Int, mark: Mark)? {
        let offset = line.prefix(3).prefix { $0 == UInt8(ascii: " ") }.count
        let marked = line.dropFirst(offset)
        let backslashes = marked.prefix { $0 == UInt8(ascii: "\\") }.count
        let rest = marked.dropFirst(backslashes)
        guard let first = rest.first else { return nil }
        let run = rest.prefix { $0 == first }.count
        let after = rest.dropFirst(run)
        switch first {
        case UInt8(ascii: "#"):
            guard run <= 2, after.first.map(isBlank) ?? true else { return nil }
            return (offset, backslashes, .heading(level: run))
        case UInt8(ascii: "`"):
            guard run >= 3, !after.contains(first) else { return nil }
            return (offset, backslashes, .fence(Fence(byte: first, count: run)))
        case UInt8(ascii: "~"):
            guard run >= 3 else { return nil }
            return (offset, backslashes, .fence(Fence(byte: first, count: run)))
        default:
            return rest.starts(with: helpStart) ? (offset, backslashes, .help) : nil
        }
    }

    private static func closer(_ line: Line) -> Fence? {
        let marked = line.dropFirst(line.prefix(3).prefix { $0 == UInt8(ascii: " ") }.count)
        guard let first = marked.first, first == UInt8(ascii: "`") || first == UInt8(ascii: "~") else { return nil }
        let run = marked.prefix { $0 == first }.count
        return run >= 3 && marked.dropFirst(run).allSatisfy(isBlank) ? Fence(byte: first, count: run) : nil
    }

    /// For each line, the longest fences that could close a code block on any later line.
    private static func longestClosers(after lines: [Line]) -> [LongestClosers] {
        var result = Array(repeating: LongestClosers(), count: lines.count)
        var longest = LongestClosers()
        for index in lines.indices.reversed() {
            result[index] = longest
            if let fence = closer(lines[index]) { longest[fence.byte] = max(longest[fence.byte], fence.count) }
        }
        return result
    }

    private struct LongestClosers {
        private var backquotes = 0
        private var tildes = 0

        subscript(byte: UInt8) -> Int {
            get { byte == UInt8(ascii: "`") ? backquotes : tildes }
            set { if byte == UInt8(ascii: "`") { backquotes = newValue } else { tildes = newValue } }
        }
    }

    private static func headingText(_ line: Line, from offset: Int) -> String {
        let text = line.dropFirst(offset)
        guard let first = text.firstIndex(where: { !isBlank($0) }), let last = text.lastIndex(where: { !isBlank($0) })
        else { return "" }
        return String(decoding: text[first...last], as: UTF8.self)
    }

    private static func endsHelp(_ line: Line) -> Bool {
        var text = line
        while let last = text.last, isBlank(last) { text.removeLast() }
        return text.suffix(helpEnd.count).elementsEqual(helpEnd)
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
}
