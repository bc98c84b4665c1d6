package import LessonModel

/// The posts of a thread as a tree, flattened: each reply after what it answers.
package struct ReplyTree {
    package struct Reply: Equatable {
        package var post: ShownPost
        /// From 1, for what answers the lesson.
        package var depth: Int
        /// The sequence number of what it answers, where that does not stand right above it.
        package var answers: SequenceNumber?
    }

    /// Nil when the lesson is not among the posts.
    package let lesson: ShownPost?
    package let replies: [Reply]

    /// - Parameter posts: of one thread, in any order. A reply to something that is not among them, or to itself in a
    ///   circle, stands at the end as if it answered the lesson.
    package init(thread: PostID, posts: [ShownPost]) {
        let ordered = posts.sorted { $0.stored.sequence < $1.stored.sequence }
        lesson = ordered.first { $0.post.id == thread && $0.post.body.kind == .lesson }
        let sequences = Dictionary(ordered.map { ($0.post.id, $0.stored.sequence) }) { first, _ in first }
        var children: [PostID: [ShownPost]] = [:]
        var comments: [ShownPost] = []
        for post in ordered {
            guard case .comment(let comment) = post.post.body else { continue }
            comments.append(post)
            children[comment.parent, default: []].append(post)
        }
        var replies: [Reply] = []
        var taken: Set<PostID> = []
        // No recursion: a chain of replies may be as long as the thread.
        func take(from roots: [ShownPost]) {
            var waiting = roots.reversed().map { Reply(post: $0, depth: 1) }
            while var next = waiting.popLast() {
                guard taken.insert(next.post.post.id).inserted else { continue }
                if case .comment(let comment) = next.post.post.body {
                    let above = replies.last?.post.post.id ?? thread
                    next.answers =
                        comment.parent == above || next.depth == 1 && comment.parent == thread
                        ? nil : sequences[comment.parent]
                }
                replies.append(next)
                waiting += children[next.post.post.id, default: []].reversed().map {
                    Reply(post: $0, depth: next.depth + 1)
                }
            }
        }
        take(from: children[thread, default: []])
        take(
            from: comments.filter { post in
                if case .comment(let comment) = post.post.body { sequences[comment.parent] == nil } else { false }
            })
        take(from: comments)
        self.replies = replies
    }
}
