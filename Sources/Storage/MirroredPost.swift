package import LessonModel

/// What the client found out about a post's signature. The raw values are the database's.
package enum PostVerification: Int, CaseIterable, Sendable {
    /// The signature is its author's, whose certificate was made by the relay's authority.
    case verified = 1
    /// The author's certificate is not known yet.
    case unchecked = 2
    /// The signature or the certificate is not right: the text must not be taken for its author's.
    case failed = 3
}

/// A post on its way into the mirror.
package struct MirroredPost: Hashable, Sendable {
    package var stored: StoredPost
    /// The decoded content of `stored`.
    package var post: Post
    package var verification: PostVerification

    package init(stored: StoredPost, post: Post, verification: PostVerification) {
        self.stored = stored
        self.post = post
        self.verification = verification
    }
}

/// A post in the mirror. Its content is the signed bytes, to be decoded again by who shows it.
package struct MirrorEntry: Hashable, Sendable {
    package var id: PostID
    package var thread: PostID
    package var stored: StoredPost
    package var verification: PostVerification
}

/// Which threads of the mirror to list.
package struct MirrorQuery: Hashable, Sendable {
    /// Nil selects all topics; only the topics, languages and states of the filter are asked for, since the mirror does
    /// not know the rest.
    package var filter: SubscriptionFilter?
    package var organisation: OrganisationSlug?
    package var order: ThreadQuery.Order
    /// Only threads with something unread.
    package var unreadOnly = false
    /// Continues a listing: the last thread's `sequence`, or its `lastSequence` when ordered by activity.
    package var before: SequenceNumber?
    package var limit: Int

    package init(
        filter: SubscriptionFilter? = nil, organisation: OrganisationSlug? = nil, order: ThreadQuery.Order = .newest,
        before: SequenceNumber? = nil, limit: Int = 50
    ) {
        self.filter = filter
        self.organisation = organisation
        self.order = order
        self.before = before
        self.limit = limit
    }
}

/// A thread as far as it is in the mirror.
package struct MirrorThread: Hashable, Sendable {
    package var id: PostID
    package var sequence: SequenceNumber
    package var lastSequence: SequenceNumber
    package var topic: Topic
    package var title: String
    package var language: String
    package var marking: Marking
    package var organisation: OrganisationSlug
    package var author: MemberID
    package var postCount: Int
    package var createdAt: Milliseconds
    package var receivedAt: Milliseconds
    /// Posts that the owner of the mirror has not read.
    package var unread: Int
    /// By the curators' posts that are here, as what follows is by the organisations'.
    package var state: ThreadState
    package var endorsements: Int
    /// Organisations whose last report says that they adopted the lesson, or that they tried it and failed.
    package var adopted: Int
    package var failed: Int
    package var attention: ThreadMark.Attention
}

/// How much is in the mirror.
package struct MirrorCounts: Hashable, Sendable {
    package var threads: Int
    package var posts: Int
    /// 0 for an empty mirror.
    package var lastSequence: SequenceNumber
}
