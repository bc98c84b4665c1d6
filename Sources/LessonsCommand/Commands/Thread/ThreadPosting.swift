import LessonModel
import RelayClient
import TerminalUI

/// What the commands that add to a thread have in common: find it, make a post with the thread's marking and audience, and
/// send it.
struct ThreadPosting {
    let context: CommandContext
    let identity: ClientIdentity
    let thread: ShownThread
    let standing: ThreadStanding
    /// The post that was named.
    let named: ShownPost

    /// - Parameter name: a post of the thread, as a person calls it.
    init(_ name: String, _ source: SourceOptions, _ context: CommandContext) async throws {
        let reference = try PostReference(name)
        self.context = context
        identity = try context.identity()
        (thread, named) = try await source.readThread(context, showsResult: false) { try await $0.find(reference) }
        standing = ThreadStanding(thread: thread.id, posts: thread.posts)
    }

    /// The lesson, for its marking and audience.
    /// - Throws: NOT_FOUND when it is not here.
    func lesson() throws -> ShownPost {
        if let lesson = thread.lesson { return lesson }
        throw CommandFailure(
            .missingInput, "NOT_FOUND", "the thread's lesson is not here: it was redacted, or has not been received",
            hint: "receive what is new with: lessons sync")
    }

    /// The lesson's present text.
    func text() throws -> ThreadStanding.Text {
        if let text = standing.texts.last { return text }
        throw CommandFailure(.missingInput, "NOT_FOUND", "the lesson was redacted, or has not been received")
    }

    /// Makes the post.
    /// - Parameters:
    ///   - about: whose marking and audience it takes over; nil for the lesson's.
    ///   - marking: nil for that marking.
    func make(
        _ body: Post.Body, about: Post? = nil, marking: Marking? = nil, audience: [String] = [],
        language: String? = nil,
        attachments: [Attachment] = []
    ) throws -> Post {
        let model = try about ?? lesson().post
        let handling = try ReplyHandling(to: model, from: identity.viewer, marking: marking, audience: audience)
        let post = try PostSigner(identity).post(
            body, in: thread.id, topic: model.topic, marking: handling.marking, audience: handling.audience,
            language: language ?? model.language, attachments: attachments, now: context.now)
        do { try post.validate() } catch { throw CommandFailure(error) }
        return post
    }

    /// Sends it, and says how it ended.
    func send(_ post: Post) async throws {
        let delivery = PostDelivery(context: context, identity: identity)
        let title = standing.texts.last?.lesson.title ?? thread.id.description
        let outcome = try await delivery.deliver(
            post, title: "\(post.body.kind.name.replacing("-", with: " ")): \(title)")
        try delivery.report(outcome, of: post)
    }

    /// Another post of this thread, as a person calls it.
    func post(_ name: String) throws -> ShownPost {
        let reference = try PostReference(name)
        let found = thread.posts.filter { reference.names($0) }
        guard found.count == 1, let post = found.first else {
            throw CommandFailure(
                .missingInput, "NOT_FOUND", "there is no post \(name) in this thread",
                hint: "see it with: lessons show \(named.stored.sequence)")
        }
        return post
    }
}

extension PostReference {
    fileprivate func names(_ shown: ShownPost) -> Bool {
        switch self {
        case .id(let id): shown.post.id == id
        case .prefix(let prefix): shown.post.id.description.hasPrefix(prefix)
        case .sequence(let sequence): shown.stored.sequence == sequence
        }
    }
}
