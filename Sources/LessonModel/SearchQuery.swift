/// What somebody searches for: `police complaint*  "use of force"  -drones`.
///
/// All words and phrases must be found in a post, in any order; a word with `*` at its end finds every word that begins
/// with it; what has `-` before it must not be found.
package struct SearchQuery: Hashable, Sendable {
    package static let maxTextBytes = 1_000
    package static let maxTerms = 32

    /// A word, or words that stand side by side.
    package struct Term: Hashable, Sendable {
        /// Folded.
        package var words: [String]
        /// The last word is the beginning of one.
        package var isPrefix = false
    }

    /// At least one.
    package private(set) var terms: [Term]
    package private(set) var excluded: [Term]
    /// One term is enough; more of them, and rarer ones, rank higher.
    package private(set) var isAny: Bool

    /// - Throws: when nothing is searched for, or too much, with a sentence that says what to write.
    package init(_ text: String) throws(PostRuleError) {
        guard text.utf8.count <= SearchQuery.maxTextBytes else {
            throw PostRuleError(field: "text", problem: "a search has at most \(SearchQuery.maxTextBytes) bytes")
        }
        terms = []
        excluded = []
        isAny = false
        var rest = text[...]
        while let first = rest.first {
            if first.isWhitespace {
                rest.removeFirst()
                continue
            }
            let isExcluded = first == "-"
            if isExcluded { rest.removeFirst() }
            let term = SearchQuery.takeTerm(&rest)
            guard !term.words.isEmpty else { continue }
            if isExcluded { excluded.append(term) } else { terms.append(term) }
        }
        guard !terms.isEmpty else {
            throw PostRuleError(field: "text", problem: "write a word to search for, such as: complaints")
        }
        guard terms.count + excluded.count <= SearchQuery.maxTerms else {
            throw PostRuleError(field: "text", problem: "a search has at most \(SearchQuery.maxTerms) words")
        }
    }

    /// What is like `text`: any of its longer words.
    /// - Returns: nil when it has none.
    package init?(similarTo text: String) {
        var seen: Set<String> = []
        let words = SearchFolding.words(in: text).map(\.folded)
            .filter { $0.unicodeScalars.count >= 4 && seen.insert($0).inserted }
        guard !words.isEmpty else { return nil }
        terms = words.prefix(SearchQuery.maxTerms).map { Term(words: [$0]) }
        excluded = []
        isAny = true
    }

    /// The same terms, of which one is enough; nil when that is no other search.
    package var loosened: SearchQuery? {
        guard !isAny, terms.count > 1 else { return nil }
        var query = self
        query.isAny = true
        return query
    }

    /// The query with those of its terms alone, at least one, that stand at `indices`.
    package func keeping(_ indices: Set<Int>) -> SearchQuery {
        var query = self
        query.terms = terms.indices.filter(indices.contains).map { terms[$0] }
        precondition(!query.terms.isEmpty, "a query has a term")
        return query
    }

    /// Takes a phrase in quotes, or what stands before the next white space.
    private static func takeTerm(_ rest: inout Substring) -> Term {
        let text: Substring
        if rest.first == "\"" {
            rest.removeFirst()
            let end = rest.firstIndex(of: "\"") ?? rest.endIndex
            text = rest[..<end]
            rest = end == rest.endIndex ? "" : rest[rest.index(after: end)...]
        } else {
            let end = rest.firstIndex { $0.isWhitespace || $0 == "\"" } ?? rest.endIndex
            text = rest[..<end]
            rest = rest[end...]
        }
        var isPrefix = text.last == "*"
        if rest.first == "*" {
            rest.removeFirst()
            isPrefix = true
        }
        // What punctuation takes apart, such as e-mail, stands side by side.
        return Term(words: SearchFolding.words(in: String(text)).map(\.folded), isPrefix: isPrefix)
    }
}
