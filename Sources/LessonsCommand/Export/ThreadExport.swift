import LessonModel
import TerminalUI

extension ShownThread {
    /// The thread as exports write it; nil when its lesson is not here.
    ///
    /// The lesson's text is the present one, its place that of the post that opens the thread.
    var document: ThreadDocument? {
        let standing = ThreadStanding(thread: id, posts: posts)
        guard let opening = lesson, let text = standing.texts.last?.lesson ?? opening.post.body.lesson else {
            return nil
        }
        let post = opening.post
        return ThreadDocument(
            lesson: LessonDocument(
                lesson: text, topic: post.topic, language: post.language, marking: post.marking, audience: post.audience
            ),
            facts: opening.facts, state: state ?? standing.projection?.state,
            replies: posts.filter { $0.post.id != id }.map {
                ThreadDocument.Reply(facts: $0.facts, text: $0.post.body.exportedText)
            })
    }
}

extension ShownPost {
    var facts: PostFacts {
        let state: PostFacts.Signature =
            switch signature {
            case .verified: .verified
            case .unchecked: .unchecked
            case .failed: .failed
            }
        return PostFacts(
            post: post, sequence: stored.sequence, receivedAt: stored.receivedAt, authorName: authorName,
            signature: state)
    }
}
