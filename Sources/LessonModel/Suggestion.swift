/// Finds what a person probably meant to write.
package enum Suggestion {
    private static let maxWordBytes = 64

    /// The candidate nearest to `word`, in the first of `candidates`' order where several are; nil where none is near.
    ///
    /// Near means at most a third of the word's characters wrong (at least one), counting insertions, deletions,
    /// replacements and swapped neighbours; letter case, `_` and `-` do not count.
    package static func nearest(to word: String, among candidates: some Sequence<String>) -> String? {
        guard (1...maxWordBytes).contains(word.utf8.count) else { return nil }
        let wanted = folded(word)
        let limit = max(1, wanted.count / 3)
        var best: (distance: Int, candidate: String)?
        for candidate in candidates where candidate.utf8.count <= maxWordBytes {
            let other = folded(candidate)
            let distance = other.starts(with: wanted) && wanted.count >= 3 ? 1 : distance(wanted, other)
            if distance <= limit, distance < best?.distance ?? .max { best = (distance, candidate) }
        }
        return best?.candidate
    }

    /// `; did you mean X?` for the end of an error's sentence, empty where nothing is near.
    package static func question(for word: String, among candidates: some Sequence<String>) -> String {
        nearest(to: word, among: candidates).map { "; did you mean \($0)?" } ?? ""
    }

    private static func folded(_ word: String) -> [Character] {
        word.lowercased().map { $0 == "_" ? "-" : $0 }
    }

    /// Optimal string alignment distance.
    private static func distance(_ left: [Character], _ right: [Character]) -> Int {
        var beforePrevious: [Int] = []
        var previous = Array(0...right.count)
        for i in left.indices {
            var current = [i + 1]
            for j in right.indices {
                var cost = min(previous[j] + (left[i] == right[j] ? 0 : 1), previous[j + 1] + 1, current[j] + 1)
                if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
                    cost = min(cost, beforePrevious[j - 1] + 1)
                }
                current.append(cost)
            }
            beforePrevious = previous
            previous = current
        }
        return previous[right.count]
    }
}
