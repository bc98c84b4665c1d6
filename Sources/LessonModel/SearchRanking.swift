import Foundation

/// BM25 as SQLite's FTS5 computes it, for posts that its index of open posts does not hold: how much a post is about
/// what was searched for, by how often each term occurs in the open posts alone.
package struct SearchRanking: Sendable {
    private static let saturation = 1.2
    private static let lengthShare = 0.75

    /// Of the open posts.
    package var posts: Int
    package var words: Int
    /// For each term of the query, how many open posts it occurs in.
    package var frequencies: [Int]
    /// Of the fields of `Post.SearchText`.
    package var weights: [Double]

    package init(posts: Int, words: Int, frequencies: [Int], weights: [Double]) {
        self.posts = posts
        self.words = words
        self.frequencies = frequencies
        self.weights = weights
    }

    /// Smaller is better, and never above 0.
    package func score(_ text: Post.SearchText, _ query: SearchQuery) -> Double {
        let fields = text.fields.map { $0.split(separator: " ") }
        let length = Double(fields.reduce(0) { $0 + $1.count })
        let average = posts > 0 ? max(1, Double(words) / Double(posts)) : max(1, length)
        var score = 0.0
        for (term, frequency) in zip(query.terms, frequencies) {
            let inverse = log((Double(posts - frequency) + 0.5) / (Double(frequency) + 0.5))
            let count = zip(fields, weights).reduce(0.0) { $0 + $1.1 * Double(Self.count(term, in: $1.0)) }
            let shared = count + Self.saturation * (1 - Self.lengthShare + Self.lengthShare * length / average)
            score -= max(1e-6, inverse) * count * (Self.saturation + 1) / shared
        }
        return score
    }

    private static func count(_ term: SearchQuery.Term, in words: [Substring]) -> Int {
        guard let last = term.words.indices.last, words.count > last else { return 0 }
        return (0..<(words.count - last)).count { start in
            term.words.indices.allSatisfy { offset in
                let word = words[start + offset]
                let wanted = term.words[offset]
                // Stems are not known here: a word that goes on after the term's counts as one of its forms.
                return word == wanted
                    || word.hasPrefix(wanted) && (term.isPrefix || word.utf8.count - wanted.utf8.count <= 3)
            }
        }
    }
}
