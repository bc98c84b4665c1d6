package import LessonModel

/// A stretch of the log as one viewer sees it.
package struct LogPage: Hashable, Sendable {
    /// In order of their sequence numbers.
    package var posts: [StoredPost]
    /// Everything up to here was looked at: the next page begins after it, also when `posts` is empty. It lies behind
    /// the requested end or the head only when the page is full or much had to be passed over.
    package var scannedThrough: SequenceNumber

    package init(posts: [StoredPost], scannedThrough: SequenceNumber) {
        self.posts = posts
        self.scannedThrough = scannedThrough
    }
}

/// A thread as a listing shows it. Whatever is counted is counted for the viewer who asked.
package struct ThreadSummary: Hashable, Sendable {
    package var id: PostID
    /// Of the lesson.
    package var sequence: SequenceNumber
    /// Of the last post that the viewer may see.
    package var lastSequence: SequenceNumber
    package var topic: Topic
    package var title: String
    /// BCP 47, as the author wrote it.
    package var language: String
    package var state: ThreadState
    package var marking: Marking
    package var organisation: OrganisationSlug
    package var author: MemberID
    /// Of the organisation, when the lesson was posted.
    package var country: String?
    /// The lesson included.
    package var postCount: Int
    /// By the author's clock.
    package var createdAt: Milliseconds
    /// By the relay's clock.
    package var receivedAt: Milliseconds
    /// What became of the lesson.
    package var reception: ThreadReception

    package init(
        id: PostID, sequence: SequenceNumber, lastSequence: SequenceNumber, topic: Topic, title: String,
        language: String,
        state: ThreadState, marking: Marking, organisation: OrganisationSlug, author: MemberID, country: String?,
        postCount: Int, createdAt: Milliseconds, receivedAt: Milliseconds, reception: ThreadReception
    ) {
        self.id = id
        self.sequence = sequence
        self.lastSequence = lastSequence
        self.topic = topic
        self.title = title
        self.language = language
        self.state = state
        self.marking = marking
        self.organisation = organisation
        self.author = author
        self.country = country
        self.postCount = postCount
        self.createdAt = createdAt
        self.receivedAt = receivedAt
        self.reception = reception
    }
}

/// What others made of a lesson, as far as the viewer may see it.
package struct ThreadReception: Hashable, Sendable {
    /// Organisations that endorse it.
    package var endorsements = 0
    /// How many organisations' last report says so.
    package var applications: [ApplicationReport.Status: Int] = [:]
    /// BCP 47, each once, in order.
    package var translations: [String] = []
    package var supersededBy: PostID?
    /// The lesson was erased.
    package var isRedacted = false

    package init() {}
}

/// A part of a thread.
package struct ThreadPage: Hashable, Sendable {
    package var thread: ThreadSummary
    /// In order of their sequence numbers.
    package var posts: [StoredPost]
    /// True when posts after the last of these remain.
    package var hasMore: Bool

    package init(thread: ThreadSummary, posts: [StoredPost], hasMore: Bool) {
        self.thread = thread
        self.posts = posts
        self.hasMore = hasMore
    }
}

/// Which threads to list, and in what order.
package struct ThreadQuery: Hashable, Sendable {
    package static let maxLimit = 500

    package enum Order: Hashable, Sendable {
        /// By the lesson's sequence number, highest first.
        case newest
        /// By the sequence number of the last post that the viewer may see, highest first.
        case lastActivity
    }

    /// Nil selects all topics.
    package var filter: SubscriptionFilter?
    /// Lessons of this organisation only.
    package var organisation: OrganisationSlug?
    package var order: Order
    /// Continues a listing: the last thread's `sequence`, or its `lastSequence` when ordered by activity.
    package var before: SequenceNumber?
    /// 1 to `maxLimit`; a number outside is brought inside.
    package var limit: Int

    package init(
        filter: SubscriptionFilter? = nil, organisation: OrganisationSlug? = nil, order: Order = .newest,
        before: SequenceNumber? = nil, limit: Int = 50
    ) {
        self.filter = filter
        self.organisation = organisation
        self.order = order
        self.before = before
        self.limit = limit
    }
}

/// A topic as one viewer sees it.
package struct TopicSummary: Hashable, Sendable {
    package var topic: Topic
    /// What it was called before it moved.
    package var formerNames: [Topic]
    package var description: String
    package var isArchived: Bool
    package var isModerated: Bool
    package var threadCount: Int
    package var postCount: Int
    /// 0 when the viewer sees no post of the topic.
    package var lastSequence: SequenceNumber
    package var retention: TopicRetention

    package init(
        topic: Topic, formerNames: [Topic] = [], description: String, isArchived: Bool, isModerated: Bool = false,
        threadCount: Int, postCount: Int, lastSequence: SequenceNumber, retention: TopicRetention = TopicRetention()
    ) {
        self.topic = topic
        self.formerNames = formerNames
        self.description = description
        self.isArchived = isArchived
        self.isModerated = isModerated
        self.threadCount = threadCount
        self.postCount = postCount
        self.lastSequence = lastSequence
        self.retention = retention
    }
}
