package import LessonModel

/// A topic in the list of topics.
package struct TopicRow: Hashable, Sendable {
    package var path: String
    package var description: String
    package var threads: Int
    package var unread: Int
    package var isArchived: Bool
    package var isModerated: Bool
    /// A filter of this device's subscription selects it.
    package var isFollowed: Bool

    package init(
        path: String, description: String = "", threads: Int = 0, unread: Int = 0, isArchived: Bool = false,
        isModerated: Bool = false, isFollowed: Bool = false
    ) {
        self.path = path
        self.description = description
        self.threads = threads
        self.unread = unread
        self.isArchived = isArchived
        self.isModerated = isModerated
        self.isFollowed = isFollowed
    }
}

/// A thread in a list of threads.
package struct ThreadRow: Hashable, Sendable {
    package enum Attention: Hashable, Sendable { case normal, followed, muted }

    package var id: PostID
    /// The lesson's place in the log.
    package var sequence: SequenceNumber
    package var lastSequence: SequenceNumber
    package var topic: String
    package var title: String
    package var organisation: String
    package var language: String
    package var marking: Marking
    package var state: ThreadState
    package var posts: Int
    package var unread: Int
    package var endorsements: Int
    package var adopted: Int
    package var failed: Int
    package var attention: Attention
    /// Of a search: the words around what was found.
    package var snippet: StyledText?

    package init(
        id: PostID, sequence: SequenceNumber, lastSequence: SequenceNumber, topic: String, title: String,
        organisation: String, language: String, marking: Marking, state: ThreadState, posts: Int = 1, unread: Int = 0,
        endorsements: Int = 0, adopted: Int = 0, failed: Int = 0, attention: Attention = .normal,
        snippet: StyledText? = nil
    ) {
        self.id = id
        self.sequence = sequence
        self.lastSequence = lastSequence
        self.topic = topic
        self.title = title
        self.organisation = organisation
        self.language = language
        self.marking = marking
        self.state = state
        self.posts = posts
        self.unread = unread
        self.endorsements = endorsements
        self.adopted = adopted
        self.failed = failed
        self.attention = attention
        self.snippet = snippet
    }
}

/// A row of a list that a dialog shows: posts that wait, drafts, members, certificates and the like.
package struct ListItem: Hashable, Sendable {
    /// What an action on the row is about.
    package enum Target: Hashable, Sendable {
        case none
        case post(PostID)
        case outbox(PostID)
        /// A post that waits for a curator, by its number.
        case held(Int64)
        /// By the draft's name.
        case draft(String)
        case organisation(String)
        case member(String)
        /// By its id, in hexadecimal.
        case invitation(String)
        /// By its SHA-256 fingerprint, in hexadecimal.
        case certificate(String)
        /// A topic filter of the subscription.
        case filter(String)
    }

    package var target: Target
    package var line: StyledText
    /// Shown below the list while the row is selected.
    package var detail: [StyledText]

    package init(_ target: Target, _ line: StyledText, detail: [StyledText] = []) {
        self.target = target
        self.line = line
        self.detail = detail
    }
}
