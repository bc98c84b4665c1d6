package import LessonModel

/// A post of the user's own that the relay is to receive.
package struct OutboxItem: Hashable, Sendable {
    /// The record that an imported post was made of: the same one is not imported twice.
    package struct ImportKey: Hashable, Sendable {
        package var source: String
        package var key: String

        package init(source: String, key: String) {
            self.source = source
            self.key = key
        }
    }

    package var id: PostID
    package var post: SignedPost
    /// What a listing of the outbox shows of it.
    package var title: String
    package var createdAt: Milliseconds
    package var importKey: ImportKey?

    package init(id: PostID, post: SignedPost, title: String, createdAt: Milliseconds, importKey: ImportKey? = nil) {
        self.id = id
        self.post = post
        self.title = title
        self.createdAt = createdAt
        self.importKey = importKey
    }
}

/// How far an item has come.
package enum OutboxState: Hashable, Sendable {
    case pending
    /// The relay has it on its disk. The outbox keeps the fact, and no longer the text.
    case sent(SequenceNumber)
    /// The relay refused it, with a stable code and a sentence. It stays until it is retried or dropped.
    case refused(code: Int, reason: String)
}

/// An item with what happened to it.
package struct OutboxEntry: Hashable, Sendable {
    /// With empty content and signature once it was sent.
    package var item: OutboxItem
    package var state: OutboxState
    package var attempts: Int
    package var lastAttemptAt: Milliseconds?
}
