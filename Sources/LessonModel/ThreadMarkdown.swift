/// A thread as Markdown, for people: `lessons show` and `lessons export`.
///
/// The lesson is a `LessonDocument` with further keys in its front matter, so that `parse` refuses it: a thread is not
/// to be posted as a lesson. Replies follow as nested quotes, each below a line with its author, moment and marking.
/// Text of others cannot end its quote. For a terminal, pass the result through `SafeText.terminal`.
package enum ThreadMarkdown {
    /// One post of the thread with what the relay and the member list say of it.
    package struct Entry: Hashable, Sendable {
        package var post: Post
        package var sequence: SequenceNumber
        /// By the relay's clock.
        package var receivedAt: Milliseconds
        /// Nil where the author is not known any more.
        package var authorName: String?

        package init(post: Post, sequence: SequenceNumber, receivedAt: Milliseconds, authorName: String?) {
            self.post = post
            self.sequence = sequence
            self.receivedAt = receivedAt
            self.authorName = authorName
        }
    }

    /// Replies deeper than this are shown at this depth, with a word on what they answer.
    package static let maxDepth = 8

    /// - Parameters:
    ///   - lesson: the post that opens the thread.
    ///   - replies: in any order. Those whose parent is not among them stand at the end, with a word on that.
    /// - Precondition: none; an entry whose post is no lesson is shown as a reply without a lesson.
    package static func render(
        lesson: Entry, state: ThreadState? = nil, replies: [Entry], style: LessonSection.Style = .odcr
    ) -> String {
        var text = head(lesson, state: state, style: style)
        let ordered = ordered(replies, below: lesson.post.id)
        guard !ordered.isEmpty else { return text }
        text += "\n## \(ordered.count) \(ordered.count == 1 ? "reply" : "replies")\n"
        for reply in ordered { text += "\n" + quote(reply) }
        return text
    }

    private static func head(_ lesson: Entry, state: ThreadState?, style: LessonSection.Style) -> String {
        let post = lesson.post
        guard case .lesson(let body) = post.body else {
            return quote(OrderedReply(entry: lesson, depth: 1, answers: nil))
        }
        let document = LessonDocument(
            lesson: body.normalised(), topic: post.topic, language: post.language, marking: post.marking,
            audience: post.audience)
        var frontMatter = document.frontMatter
        frontMatter.add("thread", post.id.description)
        frontMatter.add("author", lesson.authorName.map(SafeText.line) ?? post.author.description)
        frontMatter.add("organisation", post.organisation.text)
        frontMatter.add("received", TimestampText.seconds(lesson.receivedAt))
        frontMatter.add("sequence", String(lesson.sequence))
        if let state { frontMatter.add("state", state.name) }
        return "---\n" + frontMatter.render() + "---\n\n# \(inline(document.lesson.title))\n" + document.sections(style)
    }

    // MARK: Replies

    private struct OrderedReply {
        var entry: Entry
        /// From 1.
        var depth: Int
        /// What the reply answers where its place does not show it.
        var answers: String?
    }

    /// The replies as they stand in the tree, each after what it answers, siblings by sequence number.
    ///
    /// Without recursion: a chain of replies may be as long as the thread. Replies that answer each other in a circle
    /// or a post that is not given come last, as if they answered the lesson.
    private static func ordered(_ replies: [Entry], below lesson: PostID) -> [OrderedReply] {
        var order = ReplyOrder(replies.sorted { $0.sequence < $1.sequence }, below: lesson)
        order.showTree()
        order.showOrphans()
        order.showCircles()
        return order.result
    }

    /// Replies taken into their order, each once.
    private struct ReplyOrder {
        private let lesson: PostID
        private let bySequence: [Entry]
        private var children: [PostID: [Entry]] = [:]
        private var sequences: [PostID: SequenceNumber] = [:]
        private var shown: Set<PostID>
        private(set) var result: [OrderedReply] = []

        init(_ bySequence: [Entry], below lesson: PostID) {
            self.lesson = lesson
            self.bySequence = bySequence
            shown = [lesson]
            for reply in bySequence {
                let parent = ThreadMarkdown.parent(of: reply) ?? lesson
                var siblings = children[parent] ?? []
                siblings.append(reply)
                children[parent] = siblings
                if sequences[reply.post.id] == nil { sequences[reply.post.id] = reply.sequence }
            }
        }

        mutating func showTree() {
            for reply in children[lesson] ?? [] { show(from: OrderedReply(entry: reply, depth: 1, answers: nil)) }
        }

        mutating func showOrphans() {
            for reply in bySequence {
                guard let parent = ThreadMarkdown.parent(of: reply), sequences[parent] == nil else { continue }
                show(from: OrderedReply(entry: reply, depth: 1, answers: "answers a post that is not shown"))
            }
        }

        mutating func showCircles() {
            for reply in bySequence {
                var answers: String?
                if let parent = ThreadMarkdown.parent(of: reply), let sequence = sequences[parent] {
                    answers = "answers #\(sequence)"
                }
                show(from: OrderedReply(entry: reply, depth: 1, answers: answers))
            }
        }

        /// Takes in `root` and what answers it.
        private mutating func show(from root: OrderedReply) {
            var waiting = [root]
            while let next = waiting.popLast() {
                guard shown.insert(next.entry.post.id).inserted else { continue }
                result.append(next)
                let isDeepest = next.depth == ThreadMarkdown.maxDepth
                for child in (children[next.entry.post.id] ?? []).reversed() {
                    waiting.append(
                        OrderedReply(
                            entry: child, depth: isDeepest ? ThreadMarkdown.maxDepth : next.depth + 1,
                            answers: isDeepest ? "answers #\(next.entry.sequence)" : nil))
                }
            }
        }
    }

    private static func parent(of reply: Entry) -> PostID? {
        if case .comment(let comment) = reply.post.body { comment.parent } else { nil }
    }

    private static func quote(_ reply: OrderedReply) -> String {
        let entry = reply.entry
        let name = entry.authorName.map { inline(SafeText.line($0)) } ?? "unknown author"
        var facts =
            "\(entry.post.organisation.text), \(TimestampText.seconds(entry.receivedAt)), \(entry.post.marking.label)"
        facts += ", #\(entry.sequence)"
        if let answers = reply.answers { facts += ", \(answers)" }
        let prefix = String(repeating: "> ", count: reply.depth)
        var text = "\(prefix)**\(name)** (\(facts))\n\(prefix.dropLast())\n"
        for line in MarkdownStructure.lines(of: CleanText.section(entry.post.body.text)) {
            text += (line.isEmpty ? String(prefix.dropLast()) : prefix + String(decoding: line, as: UTF8.self)) + "\n"
        }
        return text
    }

    /// `text` of one line so that Markdown shows it as it is.
    private static func inline(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            if "\\`*_[]<>#&".unicodeScalars.contains(scalar) { result.append("\\") }
            result.unicodeScalars.append(scalar)
        }
        return result
    }
}
