import LessonModel

/// Posts that were appended of late, kept until they are indexed for search, so that they need not be read and decoded
/// again. Of a backlog only the first are kept.
struct UnindexedPosts: Sendable {
    static let maxBytes = 8 << 20

    private var posts: [SequenceNumber: (post: Post, bytes: Int)] = [:]
    private var byteCount = 0

    mutating func add(_ post: Post, bytes: Int, at sequence: SequenceNumber) {
        guard byteCount + bytes <= UnindexedPosts.maxBytes else { return }
        byteCount += bytes
        posts[sequence] = (post, bytes)
    }

    /// Nil for what is not kept, which says nothing about the log.
    subscript(sequence: SequenceNumber) -> Post? { posts[sequence]?.post }

    mutating func remove(_ sequences: some Sequence<SequenceNumber>) {
        for sequence in sequences {
            if let known = posts.removeValue(forKey: sequence) { byteCount -= known.bytes }
        }
    }
}
