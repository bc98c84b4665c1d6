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
    /// Files that belong to it.
    package var attachments: [Attachment]

    package enum Body: Hashable, Sendable {
        case lesson(Lesson)
        /// A reply. `parent` is the post of the same thread that it answers.
        case comment(Comment)
        case revision(Revision)
        case endorsement(Endorsement)
        case applicationReport(ApplicationReport)
        case stateChange(StateChange)
        case translation(Translation)
        case redaction(Redaction)

        package var kind: PostKind {
            switch self {
            case .lesson: .lesson
            case .comment: .comment
            case .revision: .revision
            case .endorsement: .endorsement
            case .applicationReport: .applicationReport
            case .stateChange: .stateChange
            case .translation: .translation
            case .redaction: .redaction
            }
        }

        /// The lesson that this is a text of: itself, a revision's or a translation's.
        package var lesson: Lesson? {
            switch self {
            case .lesson(let lesson): lesson
            case .revision(let revision): revision.lesson
            case .translation(let translation): translation.lesson
            case .comment, .endorsement, .applicationReport, .stateChange, .redaction: nil
            }
        }
    }

    package init(
        id: PostID, salt: [UInt8], author: MemberID, organisation: OrganisationSlug, createdAt: Milliseconds,
        topic: Topic, thread: PostID, marking: Marking, audience: Audience, language: String, body: Body,
        attachments: [Attachment] = []
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
        self.attachments = attachments
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
        guard (thread == id) == (body.kind == .lesson) else {
            throw PostRuleError(
                field: "thread_id",
                problem: body.kind == .lesson
                    ? "a lesson opens its own thread: its thread id must be its own id"
                    : "\(body.kind.withArticle) belongs to another post's thread")
        }
        switch body {
        case .lesson(let lesson): try lesson.validate()
        case .comment(let comment): try comment.validate()
        case .revision(let revision): try revision.validate()
        case .endorsement(let endorsement): try endorsement.validate()
        case .applicationReport(let report): try report.validate()
        case .stateChange(let change): try change.validate()
        case .translation(let translation): try translation.validate()
        case .redaction(let redaction): try redaction.validate()
        }
        try validateAttachments()
    }
}

/// The raw values are the database's.
package enum PostKind: Int, CaseIterable, Sendable {
    case lesson = 1
    case comment = 2
    case revision = 3
    case endorsement = 4
    case applicationReport = 5
    case stateChange = 6
    case translation = 7
    case redaction = 8

    package var name: String {
        switch self {
        case .lesson: "lesson"
        case .comment: "comment"
        case .revision: "revision"
        case .endorsement: "endorsement"
        case .applicationReport: "application-report"
        case .stateChange: "state-change"
        case .translation: "translation"
        case .redaction: "redaction"
        }
    }

    /// As it stands in a sentence: "a state change".
    package var withArticle: String {
        let words = name.replacing("-", with: " ")
        return (words.first.map { "aeiou".contains($0) } ?? false ? "an " : "a ") + words
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

    /// - Throws: when `text` has more than `maxBytes` bytes.
    static func limit(_ text: String, _ field: String, maxBytes: Int) throws(PostRuleError) {
        guard text.utf8.count <= maxBytes else {
            throw PostRuleError(field: field, problem: "the \(field) is longer than \(maxBytes) bytes; shorten it")
        }
    }

    /// - Throws: when `text` is blank or has more than `maxBytes` bytes.
    static func require(_ text: String, _ field: String, maxBytes: Int) throws(PostRuleError) {
        guard text.contains(where: { !$0.isWhitespace }) else {
            throw PostRuleError(field: field, problem: "the \(field) is missing")
        }
        try limit(text, field, maxBytes: maxBytes)
    }
}
