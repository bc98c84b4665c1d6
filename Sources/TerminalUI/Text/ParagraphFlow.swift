import LessonModel

/// Markdown whose paragraphs stand on one line each, so that they can be broken to any width: a line break within a
/// paragraph means no more than a space (CommonMark 0.31 §6.8). Lists, quotes, headings, tables and code stay as they are.
package enum ParagraphFlow {
    package static func joined(_ text: String) -> String {
        var lines: [String] = []
        var isInCode = false
        var mayGoOn = false
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init) {
            let trimmed = line.drop { $0 == " " || $0 == "\t" }
            let isFence = trimmed.hasPrefix("```") || trimmed.hasPrefix("~~~")
            if mayGoOn, !isInCode, !isFence, isText(trimmed), let last = lines.last {
                lines[lines.count - 1] = last + " " + trimmed
            } else {
                lines.append(line)
            }
            if isFence { isInCode.toggle() }
            // A break that its author wants: two spaces or a backslash at the end.
            let isBroken = line.hasSuffix("  ") || line.hasSuffix("\\")
            let isParagraph = !trimmed.isEmpty && (isText(trimmed) && !isIndentedCode(line) || isListItem(trimmed))
            mayGoOn = !isInCode && !isFence && !isBroken && (isParagraph || mayGoOn && isText(trimmed))
        }
        return lines.joined(separator: "\n")
    }

    private static func isIndentedCode(_ line: String) -> Bool { line.hasPrefix("    ") || line.hasPrefix("\t") }

    /// False for what begins something of its own.
    private static func isText(_ trimmed: Substring) -> Bool {
        guard let first = trimmed.first else { return false }
        return !"#>|".contains(first) && !isListItem(trimmed) && !trimmed.allSatisfy { "-=*_ ".contains($0) }
    }

    private static func isListItem(_ trimmed: Substring) -> Bool {
        if let marker = trimmed.first, "-*+".contains(marker) { return trimmed.dropFirst().first == " " }
        let rest = trimmed.drop { $0.isNumber }
        guard rest.startIndex != trimmed.startIndex, let mark = rest.first, mark == "." || mark == ")" else {
            return false
        }
        return rest.dropFirst().first == " "
    }
}
