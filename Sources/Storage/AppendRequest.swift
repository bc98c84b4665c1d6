package import LessonModel

/// A post that its author's session has checked: the signature, the certificate, the roles and the post's own rules.
package struct AppendRequest: Sendable {
    package var post: Post
    package var signed: SignedPost
    /// SHA-256 of `signed.content`, 32 bytes.
    package var contentHash: [UInt8]
    /// Of the author's organisation: ISO 3166-1 alpha-2; nil for an institution.
    package var country: String?
    /// Of the author's organisation.
    package var organisationKind: OrganisationKind
    /// What the author may do in a thread beyond contributing.
    package var rights: ThreadRights
    /// A curator lets the post through to a moderated topic: the entry that says so, written with the post.
    package var approval: AuditEntry?
    /// Asked for each post in a thread with the visibility of its thread's lesson, on the thread that appends, inside the
    /// transaction: it must be quick and must not call the store.
    package var mayReply: @Sendable (Visibility) -> ReplyDecision

    package init(
        post: Post, signed: SignedPost, contentHash: [UInt8], country: String?, organisationKind: OrganisationKind,
        rights: ThreadRights = ThreadRights(), mayReply: @escaping @Sendable (Visibility) -> ReplyDecision
    ) {
        self.post = post
        self.signed = signed
        self.contentHash = contentHash
        self.country = country
        self.organisationKind = organisationKind
        self.rights = rights
        self.mayReply = mayReply
    }
}

/// Whether the author of a post may add it to a thread.
package enum ReplyDecision: Sendable {
    case allowed
    /// The author may not see the thread, and is not told that it exists.
    case unseen
    /// The post could be seen by somebody who may not see the lesson.
    case wider
}

/// What became of one request. Only `appended` changed the log.
package enum AppendOutcome: Sendable {
    case appended(LoggedPost)
    /// The same post is in the log already, at this place.
    case duplicate(PostPlace)
    /// Another content is in the log under the same id.
    case conflict
    /// The topic does not exist or is archived.
    case unknownTopic
    /// The thread does not exist or the author may not see it.
    case unknownThread
    /// The post that the comment answers is not in its thread or the author may not see it.
    case unknownParent
    /// A post in a thread names another topic than its thread's.
    case topicMismatch
    case widerThanThread
    /// The author has not uploaded the bytes of this attachment, and may see no post that carries them.
    case attachmentMissing(name: String)
    /// It waits for a curator of its topic, durably. The log is unchanged.
    case held
    /// Too many posts of its author, or of all, wait for a curator.
    case tooManyHeld(limit: Int)
    /// A curator let it through that was returned, rejected or let through meanwhile.
    case notWaiting
    /// The thread, as it stands, does not take it.
    case ruledOut(ThreadRuleError)
}

/// Where a post stands in the log.
package struct PostPlace: Hashable, Sendable {
    package var sequence: SequenceNumber
    package var receivedAt: Milliseconds

    package init(sequence: SequenceNumber, receivedAt: Milliseconds) {
        self.sequence = sequence
        self.receivedAt = receivedAt
    }
}

/// A post that has just become durable, with all that its delivery is decided by.
package struct LoggedPost: Sendable {
    package var stored: StoredPost
    package var id: PostID
    package var thread: PostID
    package var kind: PostKind
    package var visibility: Visibility
    /// The lesson's, for a post in its thread, which is seen by those who may see both. Nil for a lesson.
    package var threadVisibility: Visibility?
    /// Of the thread, as it is after the post.
    package var facts: ThreadFacts

    package init(
        stored: StoredPost, id: PostID, thread: PostID, kind: PostKind, visibility: Visibility,
        threadVisibility: Visibility?, facts: ThreadFacts
    ) {
        self.stored = stored
        self.id = id
        self.thread = thread
        self.kind = kind
        self.visibility = visibility
        self.threadVisibility = threadVisibility
        self.facts = facts
    }
}

/// An acknowledgement of a durable subscription. It never lowers the cursor, nor lifts it above the head of the log;
/// one for a subscription that does not exist is ignored.
package struct CursorUpdate: Hashable, Sendable {
    package var member: MemberID
    package var durable: String
    package var through: SequenceNumber

    package init(member: MemberID, durable: String, through: SequenceNumber) {
        self.member = member
        self.durable = durable
        self.through = through
    }
}
