package import LessonModel

/// Which threads the list shows.
package struct ThreadsRequest: Hashable, Sendable {
    /// With what is below it; nil for all topics.
    package var topic: String?
    package var unreadOnly = false
    /// Nil for any.
    package var state: ThreadState?
    package var limit = ThreadsRequest.pageThreads

    package static let pageThreads = 200

    package init(topic: String? = nil) { self.topic = topic }
}

/// What is searched for, and where.
package struct SearchRequest: Hashable, Sendable {
    package enum Scope: Hashable, Sendable { case here, relay }

    package var text: String
    package var scope: Scope
    package var topic: String?

    package init(text: String, scope: Scope, topic: String? = nil) {
        self.text = text
        self.scope = scope
        self.topic = topic
    }
}

/// The lists that dialogs show.
package enum ListKind: Hashable, Sendable {
    case outbox, drafts, subscriptions, queue, owed
    case organisations, members, invitations, certificates, audit
}

/// A post that a person has finished writing.
package enum Submission: Hashable, Sendable {
    case lesson(LessonDocument)
    /// With a marking of its own where it is to be narrower than what it answers.
    case reply(thread: PostID, parent: PostID, text: String, marking: Marking?, audience: Audience)
    case endorsement(thread: PostID, isWithdrawal: Bool, note: String)
    case report(thread: PostID, ApplicationReport)
    case translation(thread: PostID, source: PostID, language: String, Lesson)
    case revision(thread: PostID, base: PostID, note: String, LessonDocument)
    case state(thread: PostID, from: ThreadState, to: ThreadState, reason: String, supersededBy: String)
    case redaction(thread: PostID, target: PostID, reason: String)
}

/// Something done to a row of a list.
package enum ListAction: Hashable, Sendable {
    case retry, drop
    case approve
    case giveBack(reason: String)
    case reject(reason: String)
    case revoke(reason: String)
    case remove
    /// Of an invitation: who is invited, and as what.
    case invite(organisation: String, name: String, roles: [String])
}

/// A form as it is kept on the disk.
package struct DraftText: Hashable, Sendable {
    /// For any editor: a lesson's document, or the main text of another form.
    package var text: String
    /// The form's own, which says what it is about.
    package var title: String
    /// The values that `text` does not hold, by the names of their fields.
    package var fields: [String: String]

    package init(text: String, title: String = "", fields: [String: String] = [:]) {
        self.text = text
        self.title = title
        self.fields = fields
    }
}

/// What the program around the state is asked to do. Answers come back as events.
package enum ClientEffect: Hashable, Sendable {
    case loadTopics
    case loadThreads(ThreadsRequest)
    /// - Parameter isUpdate: the thread is open already, and only what is new is wanted.
    case loadThread(PostID, isUpdate: Bool)
    case loadList(ListKind)
    case openNewestUnread(except: PostID?, topic: String?)
    case search(SearchRequest)
    case findSimilar(String)
    case markRead(PostID, through: SequenceNumber)
    case markUnread(PostID)
    case markAllRead(topic: String?)
    case setAttention(PostID, ThreadRow.Attention)
    /// Tells the member's other devices of marks that have changed.
    case shareMarks
    case subscribe(String)
    case unsubscribe(String)
    /// With the files that go with it, by their paths.
    case submit(Submission, attachments: [String], draft: String?)
    case act(ListAction, on: ListItem.Target)
    /// Fetches all files of a post.
    case saveFiles(of: PostID, in: PostID)
    /// Asks the curators to look at a post.
    case flag(PostID, reason: String)
    case saveDraft(name: String, DraftText)
    case removeDraft(name: String)
    case loadDraft(name: String)
    /// Opens $EDITOR on the text.
    case edit(String, kind: String)
    case copy(String)
    case setOffline(Bool)
    case join(String)
    /// For posts that have come; the text says how many.
    case ring(String)
    case redraw
    case suspend
    case quit
}
