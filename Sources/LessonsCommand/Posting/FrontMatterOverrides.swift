import LessonModel

/// Puts values from the command line into the front matter of a lesson, in place of those that stand there.
struct FrontMatterOverrides: Equatable {
    var title: String?
    var topic: String?
    var language: String?
    var marking: String?
    /// Empty: as in the file.
    var audience: [String] = []

    /// A lesson's text with the values in it.
    struct Result: Equatable {
        var text: String
        /// Lines that stand in `text` right before its line `firstLineAfter`, and not in the file.
        var addedLines: Int
        var firstLineAfter: Int

        /// The line of the file that stands in line `line` of `text`; for one that was added, the line before it.
        func originalLine(_ line: Int) -> Int {
            if line >= firstLineAfter { return max(1, line - addedLines) }
            return max(1, min(line, firstLineAfter - 1 - addedLines))
        }
    }

    var isEmpty: Bool { entries.isEmpty }

    private var entries: [(key: String, line: String)] {
        var entries: [(String, String)] = []
        for (key, value) in [("title", title), ("topic", topic), ("language", language), ("marking", marking)] {
            if let value { entries.append((key, "\(key): \(Self.quoted(value))")) }
        }
        if !audience.isEmpty {
            entries.append(("audience", "audience: [\(audience.map(Self.quoted).joined(separator: ", "))]"))
        }
        return entries
    }

    /// - Returns: `text` as it is when there is nothing to put in, or when its front matter has no end.
    func applied(to text: String) -> Result {
        let unchanged = Result(text: text, addedLines: 0, firstLineAfter: .max)
        let entries = entries
        guard !entries.isEmpty else { return unchanged }
        var lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init)
        if lines[0].hasPrefix("\u{FEFF}") { lines[0].unicodeScalars.removeFirst() }
        guard let start = lines.firstIndex(where: { !Self.trimmed($0).isEmpty }), Self.isFence(lines[start]) else {
            removeTitleHeading(from: &lines, after: 0)
            let matter = ["---"] + entries.map(\.line) + ["---"]
            return Result(
                text: (matter + lines).joined(separator: "\n"), addedLines: matter.count,
                firstLineAfter: matter.count + 1)
        }
        guard let end = lines[(start + 1)...].firstIndex(where: Self.isFence) else { return unchanged }
        removeTitleHeading(from: &lines, after: end + 1)
        var added: [String] = []
        for entry in entries where !Self.replace(entry.key, by: entry.line, in: &lines, start + 1..<end) {
            added.append(entry.line)
        }
        lines.insert(contentsOf: added, at: end)
        return Result(
            text: lines.joined(separator: "\n"), addedLines: added.count, firstLineAfter: end + added.count + 1)
    }

    /// A heading `# Title` would say the title a second time.
    private func removeTitleHeading(from lines: inout [String], after start: Int) {
        guard title != nil, start < lines.count,
            let first = lines[start...].firstIndex(where: { !Self.trimmed($0).isEmpty }), lines[first].hasPrefix("# ")
        else { return }
        lines[first] = ""
    }

    /// Replaces the value of `key` with its continuation lines, which become empty so that no line moves.
    private static func replace(
        _ key: String, by line: String, in lines: inout [String], _ range: Range<Int>
    ) -> Bool {
        guard let start = range.first(where: { Self.key(of: lines[$0]) == key }) else { return false }
        lines[start] = line
        for index in start + 1..<range.upperBound {
            let next = lines[index]
            guard next.hasPrefix(" ") || next.hasPrefix("\t") || next.hasPrefix("- ") || next == "-" else { break }
            lines[index] = ""
        }
        return true
    }

    private static func key(of line: String) -> String? {
        line.firstIndex(of: ":").map { trimmed(String(line[..<$0])) }
    }

    private static func isFence(_ line: String) -> Bool { line.hasPrefix("---") && trimmed(line) == "---" }

    /// Without white space at its end.
    private static func trimmed(_ line: String) -> String {
        var text = line
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }

    /// A double-quoted YAML scalar (YAML 1.2 §7.3.1).
    private static func quoted(_ value: String) -> String { JSONNode.string(value).line }
}
