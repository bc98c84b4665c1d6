/// A short piece of a text around what was found in it.
package struct SearchSnippet: Hashable, Sendable {
    package struct Fragment: Hashable, Sendable {
        package var text: String
        package var isMatch: Bool

        package init(text: String, isMatch: Bool) {
            self.text = text
            self.isMatch = isMatch
        }
    }

    /// Words of a piece.
    package static let maxWords = 28
    /// Bytes of a text that are looked at.
    private static let maxSearchedBytes = 64 * 1024

    /// In order; empty when nothing was found.
    package var fragments: [Fragment]

    /// The piece with the most different terms of `query`, of the first of `texts` that has as many.
    package init(of texts: [String], for query: SearchQuery) {
        // By their first letters, which what matches shares: a long query is not compared with each word of a long text.
        let wanted = Dictionary(grouping: query.terms.flatMap(\.words), by: \.unicodeScalars.first)
        let prefixes = Set(query.terms.filter(\.isPrefix).compactMap(\.words.last))
        var best: (score: Int, text: String, words: [SearchFolding.Word], matches: Set<Int>, start: Int)?
        for text in texts {
            let text = String(
                text.utf8.count > Self.maxSearchedBytes ? text.prefix(Self.maxSearchedBytes / 4) : text[...])
            let words = SearchFolding.words(in: text)
            let found = words.map { word in
                wanted[word.folded.unicodeScalars.first]?.first {
                    Self.matches(word.folded, $0, isPrefix: prefixes.contains($0))
                }
            }
            guard let (start, score) = Self.window(found), score > best?.score ?? 0 else { continue }
            best = (score, text, words, Set(found.indices.filter { found[$0] != nil }), start)
        }
        guard let best else {
            fragments = []
            return
        }
        let end = min(best.words.count, best.start + Self.maxWords)
        fragments = Self.fragments(best.text, best.words[best.start..<end], of: best.words.count, best.matches)
    }

    /// Where a window of `maxWords` holds the most different terms, and how many; begun a little before its first.
    private static func window(_ found: [String?]) -> (start: Int, score: Int)? {
        var counts: [String: Int] = [:]
        var best: (end: Int, score: Int)?
        for (index, term) in found.enumerated() {
            if index >= maxWords, let leaving = found[index - maxWords] {
                counts[leaving, default: 1] -= 1
                if counts[leaving] == 0 { counts[leaving] = nil }
            }
            guard let term else { continue }
            counts[term, default: 0] += 1
            if counts.count > best?.score ?? 0 { best = (index, counts.count) }
        }
        guard let best else { return nil }
        let reach = max(0, best.end - maxWords + 1)
        let first = found[reach...best.end].firstIndex { $0 != nil } ?? best.end
        return (max(0, min(first - 6, found.count - maxWords)), best.score)
    }

    private static func fragments(
        _ text: String, _ words: ArraySlice<SearchFolding.Word>, of count: Int, _ matches: Set<Int>
    ) -> [Fragment] {
        guard let first = words.first, let last = words.last else { return [] }
        var fragments: [Fragment] = []
        func add(_ range: Range<String.Index>, isMatch: Bool) {
            guard !range.isEmpty else { return }
            let piece = text[range].map { $0.isWhitespace ? " " : String($0) }.joined()
            fragments.append(Fragment(text: piece, isMatch: isMatch))
        }
        // What stands before the first word and after the last one, such as a full stop, belongs to them.
        var position = words.startIndex == 0 ? text.startIndex : first.range.lowerBound
        let end = words.endIndex == count ? text.endIndex : last.range.upperBound
        for index in words.indices where matches.contains(index) {
            add(position..<words[index].range.lowerBound, isMatch: false)
            add(words[index].range, isMatch: true)
            position = words[index].range.upperBound
        }
        add(position..<end, isMatch: false)
        if words.startIndex > 0 { fragments.insert(Fragment(text: "… ", isMatch: false), at: 0) }
        if end < text.endIndex { fragments.append(Fragment(text: " …", isMatch: false)) }
        return fragments
    }

    /// The index compares stems; here a word counts as found when all but its last letters are those of the term.
    private static func matches(_ word: String, _ term: String, isPrefix: Bool) -> Bool {
        if word == term || isPrefix && word.hasPrefix(term) { return true }
        let shared = zip(word.unicodeScalars, term.unicodeScalars).prefix { $0 == $1 }.count
        return shared >= 4 && max(word.unicodeScalars.count, term.unicodeScalars.count) - shared <= 3
    }
}
