import LessonModel

/// Every text of the interface that is no command's, in one place, so that a translation replaces this file alone.
package enum Texts {
    static let allTopics = "All topics"
    static let noTopics = "no topic is known yet"
    static let noThreads = "no lesson here yet"
    static let noThreadsUnread = "nothing unread here; u shows all"
    static let loading = "reading…"
    static let nothingSelected = "choose a lesson first"
    static let allRead = "everything is read"
    static let sending = "sending…"
    static let nothingWritten = "nothing is written yet"
    static let unsavedKept = "kept as a draft; see drafts with D"
    static let notOnline = "this needs the relay, and there is no connection"
    static let notSearchable = "write what to look for"
    static let copied = "copied"
    static let notifyOn = "the bell rings for new posts"
    static let notifyOff = "the bell stays silent"
    static let mouseOn = "the mouse is used"
    static let mouseOff = "the mouse is the terminal's"
    static let tooSmall = "the window is too small: 30 columns and 6 rows are needed"
    static let palettePrompt = ":"
    static let searchHere = "search what is here: "
    static let searchRelay = "search at the relay: "

    static func newPosts(_ count: Int) -> String { "\(count) new, R shows" }
    static func unread(_ count: Int) -> String { "\(count) unread" }
    static func waiting(_ count: Int) -> String { "outbox \(count)" }
    static func found(_ count: Int) -> String { count == 1 ? "1 thread" : "\(count) threads" }
    static func sent(_ number: SequenceNumber) -> String { "posted as #\(number)" }
    static func transfer(_ file: TransferState) -> String {
        "\(file.percent) % of \(SafeText.line(file.name)), \(ByteText.short(file.size))"
    }
    static func flag(_ number: SequenceNumber) -> String { "Ask the curators to look at #\(number)" }
    static let flagHelp = "What is wrong with it; its author is not told who asked"
    static let held = "with the relay; a curator of the topic reads it first"
    static func queued(_ why: String) -> String { "kept in the outbox: \(why)" }
    static func refused(_ why: String) -> String { "not taken: \(why)" }
    static func marked(_ count: Int) -> String { "\(count) marked as read" }
    static func cannot(_ command: String, _ why: String) -> String { "\(command): \(why)" }
    static func unknownCommand(_ name: String) -> String { "there is no command \"\(name)\"; ? lists them" }

    enum Link {
        static let offline = "offline"
        static let connecting = "connecting…"
        static let connected = "connected"
        static func waiting(_ seconds: Int64) -> String { "offline, trying again in \(seconds) s" }
        static func refused(_ why: String) -> String { "no connection: \(why)" }
        static func catchingUp(_ received: Int, _ all: Int) -> String { "catching up \(received)/\(all)" }
    }

    package enum Why {
        static let notAdministrator = "for administrators of your organisation or of the relay"
        static let notCurator = "for curators"
        static let ownLesson = "a lesson is endorsed by others than its own organisation"
        static let notOwnLesson = "only the organisation whose lesson it is revises it"
        static let noLesson = "the thread's lesson is not here"
        static let noThread = "open a lesson first"
        static let noTopic = "choose a topic first"
        static let noSelection = "nothing is selected"
        static let noFiles = "no files are attached to this post"
        package static let notSigned = "the post's signature is not proved, so its files are not fetched"
        static let nothingFolded = "there is no reply below this one"
        static let oneLanguage = "the lesson is in one language only"
    }

    enum Form {
        static let thePost = "the post"
        static let newLesson = "A new lesson"
        static let title = "Title"
        static let titleHelp = "In one line: what was learned."
        static let topic = "Topic"
        static let topicHelp = "Where it belongs, such as policing/community; Tab completes."
        static let marking = "Marking"
        static let chooseMarking = "choose"
        static let markingHelp =
            "Who may receive it: CLEAR everybody, GREEN every member, AMBER the audience and its clients, "
            + "AMBER+STRICT the audience only, RED named members. Arrows or first letter choose."
        static let audience = "Audience"
        static func audienceHelp(_ own: String) -> String {
            "For AMBER and AMBER+STRICT organisations, for RED members' ids, with commas. \(own) sees all but RED."
        }
        static let language = "Language"
        static let languageHelp = "Of your text: en, fr, de, it, ru, es, or another BCP 47 tag."
        static let country = "Country"
        static let countryHelp = "Where it happened: two letters, such as AL; may be empty."
        static let eventDate = "Happened"
        static let eventDateHelp = "2026-11-24, 2026-11 or 2026; may be empty."
        static let tags = "Tags"
        static let tagsHelp = "Words to find it by, with commas."
        static let actionBody = "Who acts"
        static let actionBodyHelp = "Who should act; may be empty."
        static let attachments = "Files"
        static let attachmentsHelp =
            "Paths of files that go with it, with commas between; they are for whom the post is for. May be empty."
        static let withFile = "With the file: "
        static let dueDate = "Until"
        static let dueDateHelp = "2026-11-24; may be empty."
        static func reply(to byline: String) -> String { "Reply to \(byline)" }
        static let replyText = "Reply"
        static let replyHelp = "Markdown. Ctrl-S shows who receives it, then sends."
        static let sameMarking = "as what is answered"
        static let replyMarkingHelp = "A narrower marking than that of what you answer, or the same."
        static let replyAudienceHelp = "Organisations, for RED members' ids; empty: as what is answered."
        static let endorse = "Endorse the lesson for your organisation"
        static let withdraw = "Take your organisation's endorsement back"
        static let note = "Note"
        static let noteHelp = "Why; may be empty."
        static let apply = "What became of the lesson in your organisation"
        static let status = "Status"
        static let statusHelp = "Arrows or first letter choose."
        static let outcome = "Outcome"
        static let outcomeHelp = "What was done and what came of it, or why it does not apply."
        static let evidence = "Evidence"
        static let evidenceHelp = "By what others can see that it is so; may be empty."
        static func translate(_ title: String) -> String { "Translate: \(title)" }
        static let translationLanguageHelp = "Of your translation: en, fr, de, it, ru, es, or another BCP 47 tag."
        static func revise(_ title: String) -> String { "Revise: \(title)" }
        static let changeNote = "What changed"
        static let changeNoteHelp = "What changed and why, in a line; may be empty."
        static func state(_ name: String) -> String { "Move the thread on from: \(name)" }
        static let newState = "New state"
        static let newStateHelp =
            "lesson-learned and good-practice need another organisation's adopted report with evidence; it is named by itself."
        static let reason = "Reason"
        static let stateReasonHelp = "Why; every reader sees it."
        static let supersededBy = "Superseded by"
        static let supersededByHelp = "For superseded: the number of the better thread."
        static func redact(_ number: SequenceNumber) -> String {
            "Erase the text of #\(number), everywhere and for ever"
        }
        static let redactReasonHelp = "Why; may be empty for your own post."
        static let confirm = "Number"
        static func confirmHelp(_ number: String) -> String { "Type \(number) to confirm." }
        static func mustConfirm(_ number: String) -> String { "type \(number) to confirm" }
        static let invite = "Invite somebody"
        static let memberName = "Name"
        static let memberNameHelp = "The person's or the service's name, as others will see it."
        static let organisation = "Organisation"
        static let organisationHelp = "Its short name."
        static let roles = "Roles"
        static let rolesHelp = "reader, contributor, curator, organisation-administrator, with commas."
        static let writeText = "write something"
        static let chooseMarkingFirst = "choose who may receive it; it is never guessed"
        static let willReach = "goes to: "
        static let sameAsAnswered = "as what it answers, to whoever may see that"
        static let wholeThread = "everybody who may see the lesson"
        static let similar = "lessons that may say the same:"
        static let noSimilar = "nothing similar is here"
        static let lookingForSimilar = "looking for similar lessons…"
        static let confirmSend = "Enter sends; Esc goes back to writing"
        static let hint = "Ctrl-S review and send   Ctrl-E editor   Tab next field   Esc keep as draft and close"
    }

    static func listTitle(_ kind: ListKind) -> String {
        switch kind {
        case .outbox: "Outbox: posts that wait or were refused"
        case .drafts: "Drafts"
        case .subscriptions: "What you follow on this device"
        case .queue: "Posts that wait for a curator"
        case .owed: "Lessons without a report of your organisation"
        case .organisations: "Organisations"
        case .members: "Members"
        case .invitations: "Invitations"
        case .certificates: "Certificates, those that end first"
        case .audit: "Audit log, the newest first"
        }
    }

    static func listIsEmpty(_ kind: ListKind) -> String {
        switch kind {
        case .outbox: "nothing waits"
        case .drafts: "no draft is kept"
        case .subscriptions: "you follow nothing yet: choose a topic and press f"
        case .queue: "nothing waits for you"
        case .owed: "nothing is owed"
        case .organisations, .members, .invitations, .certificates, .audit: "nothing to show"
        }
    }
}
