/// A thread as it leaves the relay's members: its lesson, and every further post, each with its marking, its author and
/// what is known of its signature. As a text, see `render`, it is a Markdown file.
package struct ThreadDocument: Hashable, Sendable {
    /// Enough for some thousand posts.
    package static let maxBytes = 64 * 1024 * 1024

    package struct Reply: Hashable, Sendable {
        package var facts: PostFacts
        /// Markdown, with white space as in a section of a `LessonDocument`.
        package var text: String

        package init(facts: PostFacts, text: String) {
            self.facts = facts
            self.text = CleanText.section(text)
        }
    }

    /// The lesson's text; its white space is normalised.
    package let lesson: LessonDocument
    /// Of the lesson.
    package let facts: PostFacts
    /// Nil where only the relay would know.
    package let state: ThreadState?
    /// In the order of the log.
    package let replies: [Reply]

    /// - Parameters:
    ///   - facts: of the post that `lesson` is the text of; marking, audience and language are the document's.
    ///   - replies: in any order.
    package init(lesson: LessonDocument, facts: PostFacts, state: ThreadState?, replies: [Reply]) {
        self.lesson = lesson.normalised()
        var facts = facts
        facts.marking = lesson.marking
        facts.audience = lesson.audience
        facts.language = lesson.language
        self.facts = facts
        self.state = state
        self.replies = replies.sorted { $0.facts.sequence < $1.facts.sequence }
    }

    /// By which the whole is to be handled: the strictest marking of its posts.
    package var handling: Marking {
        replies.map(\.facts.marking).reduce(facts.marking) { $0.rawValue < $1.rawValue ? $1 : $0 }
    }

    // MARK: The tree

    /// A reply with its place in the tree.
    package struct Branch: Hashable, Sendable {
        package var reply: Reply
        /// From 1, for what answers the lesson.
        package var depth: Int
        /// What the reply answers, where that does not stand right above it.
        package var answers: String?
    }

    /// The replies, each after what it answers, siblings in the order of the log. Replies to something that is not here,
    /// and replies that answer each other in a circle, stand at the end as if they answered the lesson.
    package var tree: [Branch] {
        var children: [PostID: [Reply]] = [:]
        var sequences: [PostID: SequenceNumber] = [:]
        for reply in replies {
            children[reply.facts.parent ?? facts.id, default: []].append(reply)
            sequences[reply.facts.id] = sequences[reply.facts.id] ?? reply.facts.sequence
        }
        var branches: [Branch] = []
        var taken: Set<PostID> = [facts.id]
        // No recursion: a chain of replies may be as long as the thread.
        func take(_ root: Reply) {
            var waiting = [(reply: root, depth: 1)]
            while let next = waiting.popLast() {
                guard taken.insert(next.reply.facts.id).inserted else { continue }
                var answers: String?
                if let parent = next.reply.facts.parent, parent != facts.id,
                    branches.last?.reply.facts.id != parent
                {
                    answers = sequences[parent].map { "answers #\($0)" } ?? "answers a post that is not here"
                }
                branches.append(Branch(reply: next.reply, depth: next.depth, answers: answers))
                for child in children[next.reply.facts.id, default: []].reversed() {
                    waiting.append((child, next.depth + 1))
                }
            }
        }
        for reply in children[facts.id, default: []] { take(reply) }
        for reply in replies where reply.facts.parent.map({ sequences[$0] == nil }) ?? true { take(reply) }
        for reply in replies { take(reply) }
        return branches
    }
}
