/// Text that is being written, with a cursor between two characters. Bounded; one step can be taken back at a time.
package struct TextEditor: Hashable, Sendable {
    package static let maxBytes = 512 << 10
    private static let maxUndo = 50

    private struct Snapshot: Hashable, Sendable {
        var characters: [Character]
        var cursor: Int
    }

    package private(set) var characters: [Character]
    /// 0 to the number of characters.
    package private(set) var cursor: Int
    package let isMultiline: Bool
    private var undo: [Snapshot] = []
    /// The last change was typing, which one undo takes back together.
    private var isTyping = false

    package init(_ text: String, isMultiline: Bool) {
        self.isMultiline = isMultiline
        characters = TextEditor.clean(text, isMultiline)
        cursor = characters.count
    }

    package var text: String { String(characters) }

    private static func clean(_ text: String, _ isMultiline: Bool) -> [Character] {
        var result: [Character] = []
        var bytes = 0
        for character in text {
            bytes += character.utf8.count
            guard bytes <= maxBytes else { break }
            if character.isNewline {
                result.append(isMultiline ? "\n" : " ")
            } else if character == "\t" {
                result.append("\t")
            } else if !character.unicodeScalars.allSatisfy({ $0.properties.generalCategory == .control }) {
                result.append(character)
            }
        }
        return result
    }

    // MARK: Changing

    package mutating func insert(_ text: String) {
        let new = TextEditor.clean(text, isMultiline)
        guard !new.isEmpty, self.text.utf8.count + text.utf8.count <= TextEditor.maxBytes else { return }
        remember(typing: new.count == 1 && new[0] != "\n")
        // What is put behind a character may join it to one, as a combining mark does.
        characters.replaceSubrange(cursor..<cursor, with: new)
        cursor += new.count
        if new.contains(where: TextEditor.mayJoin) {
            let before = String(characters[..<cursor])
            characters = Array(String(characters))
            cursor = min(before.count, characters.count)
        }
    }

    private static func mayJoin(_ character: Character) -> Bool {
        guard let first = character.unicodeScalars.first else { return false }
        return !first.isASCII
    }

    private mutating func delete(_ range: Range<Int>) {
        guard !range.isEmpty else { return }
        remember(typing: false)
        characters.removeSubrange(range)
        cursor = range.lowerBound
    }

    private mutating func remember(typing: Bool) {
        defer { isTyping = typing }
        guard !(typing && isTyping) else { return }
        undo.append(Snapshot(characters: characters, cursor: cursor))
        if undo.count > TextEditor.maxUndo { undo.removeFirst() }
    }

    /// - Returns: false for a key that edits nothing.
    package mutating func handle(_ key: Key) -> Bool {
        switch (key.code, key.modifiers) {
        case (.character(let character), []), (.character(let character), .shift): insert(String(character))
        case (.enter, []) where isMultiline, (.enter, .alt) where isMultiline: insert("\n")
        case (.backspace, []): delete(max(0, cursor - 1)..<cursor)
        case (.backspace, .alt), (.backspace, .control), (.character("w"), .control): delete(wordStart..<cursor)
        case (.delete, []): delete(cursor..<min(cursor + 1, characters.count))
        case (.character("d"), .control): delete(cursor..<min(cursor + 1, characters.count))
        case (.character("k"), .control):
            delete(cursor..<(cursor == lineEnd ? min(cursor + 1, characters.count) : lineEnd))
        case (.character("u"), .control): delete(lineStart..<cursor)
        case (.character("z"), .alt), (.character("_"), .control): return takeBack()
        case (.left, []), (.character("b"), .control): return move(to: max(0, cursor - 1))
        case (.right, []): return move(to: min(cursor + 1, characters.count))
        case (.left, .control), (.left, .alt), (.character("b"), .alt): return move(to: wordStart)
        case (.right, .control), (.right, .alt), (.character("f"), .alt): return move(to: wordEnd)
        case (.home, []), (.character("a"), .control): return move(to: lineStart)
        case (.end, []): return move(to: lineEnd)
        case (.home, .control): return move(to: 0)
        case (.end, .control): return move(to: characters.count)
        case (.up, []) where isMultiline: return moveLine(by: -1)
        case (.down, []) where isMultiline: return moveLine(by: 1)
        case (.pageUp, []) where isMultiline: return moveLine(by: -10)
        case (.pageDown, []) where isMultiline: return moveLine(by: 10)
        default: return false
        }
        return true
    }

    private mutating func takeBack() -> Bool {
        guard let last = undo.popLast() else { return true }
        characters = last.characters
        cursor = last.cursor
        isTyping = false
        return true
    }

    // MARK: Moving

    private mutating func move(to place: Int) -> Bool {
        cursor = place
        isTyping = false
        return true
    }

    private var lineStart: Int { (characters[..<cursor].lastIndex(of: "\n") ?? -1) + 1 }
    private var lineEnd: Int { characters[cursor...].firstIndex(of: "\n") ?? characters.count }

    private var wordStart: Int {
        var place = cursor
        while place > 0, !TextEditor.isWord(characters[place - 1]) { place -= 1 }
        while place > 0, TextEditor.isWord(characters[place - 1]) { place -= 1 }
        return place
    }

    private var wordEnd: Int {
        var place = cursor
        while place < characters.count, !TextEditor.isWord(characters[place]) { place += 1 }
        while place < characters.count, TextEditor.isWord(characters[place]) { place += 1 }
        return place
    }

    private static func isWord(_ character: Character) -> Bool { character.isLetter || character.isNumber }

    /// - Returns: false at the first or last line, so that the key can leave the field.
    private mutating func moveLine(by count: Int) -> Bool {
        var start = lineStart
        let column = cursor - start
        var moved = false
        for _ in 0..<abs(count) {
            if count < 0 {
                guard start > 0 else { break }
                start = (characters[..<(start - 1)].lastIndex(of: "\n") ?? -1) + 1
            } else {
                guard let end = characters[start...].firstIndex(of: "\n") else { break }
                start = end + 1
            }
            moved = true
        }
        guard moved else { return false }
        let end = characters[start...].firstIndex(of: "\n") ?? characters.count
        return move(to: min(start + column, end))
    }

    // MARK: Showing

    /// The text in lines of at most `width` cells, broken behind spaces where that can be, and where the cursor is among
    /// them.
    package func lines(width: Int) -> (lines: [String], row: Int, column: Int) {
        let ranges = lineRanges(width: max(2, width))
        let row = ranges.lastIndex { $0.lowerBound <= cursor } ?? 0
        let column = characters[ranges[row].lowerBound..<min(cursor, ranges[row].upperBound)].reduce(0) {
            $0 + TextEditor.width(of: $1)
        }
        let lines = ranges.map { range in
            String(characters[range].flatMap { $0 == "\t" ? [" ", " "] : [$0] })
        }
        return (lines, row, column)
    }

    /// The lines' characters, line breaks left out.
    private func lineRanges(width: Int) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var start = 0
        var used = 0
        // Behind the last space of the line.
        var place: Int?
        for (index, character) in characters.enumerated() {
            guard character != "\n" else {
                ranges.append(start..<index)
                start = index + 1
                used = 0
                place = nil
                continue
            }
            let cells = TextEditor.width(of: character)
            while used > 0, used + cells > width {
                let end = place ?? index
                ranges.append(start..<end)
                start = end
                used = characters[start..<index].reduce(0) { $0 + TextEditor.width(of: $1) }
                place = nil
            }
            used += cells
            if character == " " { place = index + 1 }
        }
        ranges.append(start..<characters.count)
        return ranges
    }

    private static func width(of character: Character) -> Int {
        character == "\t" ? 2 : DisplayWidth.of(character)
    }
}
