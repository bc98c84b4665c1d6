package import LessonModel

/// How the line to the relay stands.
package enum LinkState: Hashable, Sendable {
    /// Asked for by the person.
    case offline
    case connecting
    /// Receiving what came while nobody was connected.
    case catchingUp(received: Int, of: Int)
    case connected
    /// Tries again at this time, milliseconds since 1970.
    case waiting(until: Milliseconds, because: String)
    /// No further try is of use until somebody acts.
    case refused(String)
}

/// How far a file has come or gone.
package struct TransferState: Hashable, Sendable {
    package var name: String
    package var bytes: Int64
    package var size: Int64

    package init(name: String, bytes: Int64, size: Int64) {
        self.name = name
        self.bytes = bytes
        self.size = size
    }

    /// 0 to 100.
    var percent: Int { size > 0 ? Int(min(100, max(0, bytes * 100 / size))) : 100 }
}

/// Who is at the keyboard, for what may be shown and done.
package struct ClientIdentityFacts: Hashable, Sendable {
    package var name: String
    package var organisation: OrganisationSlug
    package var member: MemberID
    /// Host and port.
    package var relay: String
    package var isAdministrator: Bool
    /// Topics are the relay's to check; this only tells what to offer.
    package var isCurator: Bool
    package var language: String

    package init(
        name: String, organisation: OrganisationSlug, member: MemberID, relay: String, isAdministrator: Bool,
        isCurator: Bool, language: String
    ) {
        self.name = name
        self.organisation = organisation
        self.member = member
        self.relay = relay
        self.isAdministrator = isAdministrator
        self.isCurator = isCurator
        self.language = language
    }
}

/// What the draft of a reply or the like is about.
package struct DraftSubject: Hashable, Sendable {
    package var thread: PostID
    package var post: PostID

    package init(thread: PostID, post: PostID) {
        self.thread = thread
        self.post = post
    }
}

/// What became of a submission.
package enum SubmissionOutcome: Hashable, Sendable {
    case sent(SequenceNumber)
    /// A curator of the topic reads it first.
    case held
    /// In the outbox, with why it was not sent.
    case queued(String)
    /// Not taken; the text is still the person's to mend.
    case refused(String)
}

/// What happens to the client: keys, answers to effects, news from the relay. Times are milliseconds since 1970.
package enum ClientEvent: Sendable {
    case key(Key)
    case paste(String)
    case mouse(MouseEvent)
    case resized(columns: Int, rows: Int)
    /// Comes about once a second, and after every wait.
    case tick(Milliseconds)
    /// A command by its registered name, from the palette of the linear client.
    case command(CommandID)
    case topics([TopicRow])
    /// The relay has told what topics there are, or what is followed has changed.
    case topicsChanged
    case threads([ThreadRow], for: ThreadsRequest)
    case thread(id: PostID, posts: [ShownPost], readThrough: SequenceNumber)
    case list(ListKind, [ListItem])
    case searched(SearchRequest, rows: [ThreadRow], total: Int, hasMore: Bool = false)
    case similar([ThreadRow])
    case link(LinkState)
    /// Posts came, of these threads.
    case delivered(count: Int, threads: Set<PostID>)
    case submitted(SubmissionOutcome, draft: String?)
    case acted(String)
    /// Lines to read in a box of their own.
    case page(title: String, lines: [StyledText])
    /// - Parameter about: the thread and the post that a draft of something other than a lesson is about.
    case draft(name: String, DraftText, about: DraftSubject?)
    case edited(String?)
    case outboxCount(Int)
    /// A file is on its way, or no more.
    case transfer(TransferState?)
    case failed(String)
    case joined(ClientIdentityFacts)
}
