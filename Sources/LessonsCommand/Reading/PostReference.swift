import LessonModel

/// How a person names a post: by its whole id, by the beginning of its id, or by its sequence number.
enum PostReference: Equatable, Sendable {
    case id(PostID)
    /// Lower case, 6 characters or more, hyphens as in the whole id.
    case prefix(String)
    case sequence(SequenceNumber)

    static let minPrefixCharacters = 6

    /// `#12` and `12` are sequence numbers, since shells take `#` for a comment; a number that begins with 0 or has more
    /// than 9 digits is the beginning of an id.
    init(_ text: String) throws(CommandFailure) {
        let trimmed = text.lowercased()
        if let id = PostID(text: trimmed) {
            self = .id(id)
            return
        }
        let isMarked = trimmed.hasPrefix("#")
        let body = isMarked ? trimmed.dropFirst() : trimmed[...]
        let isDecimal = !body.isEmpty && body.utf8.allSatisfy { (48...57).contains($0) }
        if isDecimal, isMarked || body.utf8.count <= 9 && !body.hasPrefix("0"), let number = Int64(body), number > 0 {
            self = .sequence(number)
            return
        }
        guard !isMarked, body.count >= Self.minPrefixCharacters, Self.isPrefixOfID(body) else {
            throw CommandFailure(
                .usage, "BAD_REFERENCE", "\"\(text)\" names no post",
                hint:
                    "write its number such as 12, or the first \(Self.minPrefixCharacters) or more characters of its id"
            )
        }
        self = .prefix(String(body))
    }

    private static func isPrefixOfID(_ text: Substring) -> Bool {
        guard text.utf8.count < 36 else { return false }
        return text.utf8.enumerated().allSatisfy { index, unit in
            if [8, 13, 18, 23].contains(index) { return unit == UInt8(ascii: "-") }
            return (48...57).contains(unit) || (97...102).contains(unit)
        }
    }
}
