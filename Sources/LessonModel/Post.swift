/// One entry of a thread as its author signed it. Posts are never changed, only followed by further posts.
package struct Post: Hashable, Sendable {
    package static let saltBytes = 16

    package var id: PostID
    /// Random, so that the hash which outlives a redaction says nothing of the erased text.
    package var salt: [UInt8]
    package var author: MemberID
    package var organisation: OrganisationSlug
    /// By the author's clock.
    package var createdAt: Milliseconds
    package var topic: Topic
    /// The id of the thread's lesson; the post's own id when it is the lesson.
    package var thread: PostID
    package var marking: Marking
    package var audience: Audience
    /// BCP 47.
    package var language: String
    package var body: Body

    package enum Body: Hashable, Sendable {
        case lesson(Lesson)
        /// A reply. `parent` is the post of the same thread that it answers.
        case comment(Comment)

        /// The raw values are the database's.
        package var kind: PostKind {
            switch self {
            case .lesson: .lesson
            case .comment: .comment
            }
        }
    }

    package init(
        id: PostID, salt: [UInt8], author: MemberID, organisation: OrganisationSlug, createdAt: Milliseconds,
        topic: Topic, thread: PostID, marking: Marking, audience: Audience, language: String, body: Body
    ) {
        self.id = id
        self.salt = salt
        self.author = author
        self.organisation = organisation
        self.createdAt = createdAt
        self.topic = topic
        self.thread = thread
        self.marking = marking
        self.audience = audience
        self.language = language
        self.body = body
    }

    /// - Throws: the first rule that the post breaks, with the field at fault.
    package func validate() throws(PostRuleError) {
        guard salt.count == Post.saltBytes else {
            throw PostRuleError(field: "salt", problem: "the salt must be \(Post.saltBytes) random bytes")
        }
        guard LanguageTag.isValid(language) else {
            throw PostRuleError(
                field: "language",
                problem: "\"\(language.prefix(40))\" is no BCP 47 language tag; write en, fr, de, it, ru, es, …")
        }
        do { try audience.validate(for: marking) } catch { throw PostRuleError(field: "audience", problem: "\(error)") }
        switch body {
        case .lesson(let lesson):
            guard thread == id else {
                throw PostRuleError(
                    field: "thread_id", problem: "a lesson opens its own thread: its thread id must be its own id")
            }
            try lesson.validate()
        case .comment(let comment):
            guard thread != id else {
                throw PostRuleError(field: "thread_id", problem: "a comment belongs to another post's thread")
            }
            try comment.validate()
        }
    }
}

/// The raw values are the database's.
package enum PostKind: Int, CaseIterable, Sendable {
    case lesson = 1
    case comment = 2

    package var name: String {
        switch self {
        case .lesson: "lesson"
        case .comment: "comment"
        }
    }
}

/// A reply in a thread.
package struct Comment: Hashable, Sendable {
    package static let maxTextBytes = 64 * 1024

    /// The post of the same thread that this answers: the lesson or another comment.
    package var parent: PostID
    package var text: String

    package init(parent: PostID, text: String) {
        self.parent = parent
        self.text = text
    }

    package func validate() throws(PostRuleError) {
        guard text.contains(where: { !$0.isWhitespace }) else {
            throw PostRuleError(field: "text", problem: "the comment is empty")
        }
        guard text.utf8.count <= Comment.maxTextBytes else {
            throw PostRuleError(field: "text", problem: "the comment is longer than \(Comment.maxTextBytes / 1024) KiB")
        }
    }
}

/// Why a post is not acceptable, with the field at fault and a sentence a person can act on.
package struct PostRuleError: Error, Hashable, CustomStringConvertible {
    package let field: String
    package let problem: String

    package init(field: String, problem: String) {
        self.field = field
        self.problem = problem
    }

    package var description: String { problem }
}
