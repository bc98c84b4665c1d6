package import LessonModel

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
    static let notSearchable = "write what to look for; topic: state: lang: org: country: narrow it"
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
    static func found(_ total: SearchState.Total) -> String {
        let threads = total.threads == 1 ? "1 thread" : "\(total.threads) threads"
        return total.hasMore ? threads + " or more" : threads
    }
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

    enum Attention {
        static let normal = "the thread is like any other again"
        static let followed = "you follow the thread, whatever else you follow"
        static let muted = "the thread is muted: its posts count as read"
    }

    enum Join {
        static let title = "Welcome to Lessons"
        static let lines = [
            "Lessons are exchanged over the relay of a network that you are invited to.",
            "Paste the invitation that its administrator gave you, and press Enter.",
            "It says whose relay it is and proves that it is that one; your key is made",
            "here and never leaves this machine.",
        ]
        static let invitation = "Invitation"
        static let joining = "joining…"
        static func welcome(_ name: String) -> String {
            "welcome, \(name): choose topics with j and k, f follows one, Enter reads"
        }
    }

    enum Dialog {
        static let help = "Help: keys and commands"
        static let palette = "All commands"
        static let search = "Search"
        static let close = "close"
        static let goOn = "go on"
        static let otherPlace = "here or at the relay"
        static let giveBack = "Return the post to its author"
        static let reject = "Reject the post"
        static let reasonForAuthor = "The reason, which the author sees"
        static let revoke = "Revoke: its sessions end at once, and for ever"
        static func typeToConfirm(_ name: String) -> String { "Type \(name) to confirm" }
        static func notConfirmed(_ name: String) -> String { "type \(name), or Esc to leave everything as it is" }
    }

    /// What the program around the screen says when something was done, or could not be.
    package enum Work {
        package static let allRead = "everything is read"
        package static let flagged = "the curators of its topic see it; what came of it: lessons queue flags --mine"
        package static let threadNotHere = "that thread has not been received here"
        package static let postNotHere = "the post is not here any more"
        package static let countriesAtRelay = "countries are known at the relay only; ctrl-f searches there"
        package static let searchNeedsRelay = "there is no connection; ctrl-f searches here"
        package static let needsRelay = "this needs the relay, and there is no connection"
        package static func follows(_ topic: String) -> String { "you follow \(topic) and what is below it" }
        package static func followsNoMore(_ topic: String) -> String { "you follow \(topic) no more" }
        package static func followedOtherwise(_ topic: String) -> String {
            "\(topic) is followed through a wider filter; see what you follow with w"
        }
        package static func saved(in folder: String, _ marking: String, _ names: String) -> String {
            "saved in \(folder), to be handled as \(marking): \(names)"
        }
        package static func gap(_ from: SequenceNumber, _ to: SequenceNumber, _ reason: String) -> String {
            "the posts #\(from) to #\(to) cannot be had any more: \(reason)"
        }
        package static func refused(_ title: String, _ reason: String) -> String {
            "the relay refused \"\(title)\": \(reason)"
        }
        package static let retried = "it is tried again"
        package static let dropped = "it is in the outbox no more"
        package static let noInvitation = "the invitation is unknown"
        package static let withdrawn = "the invitation is withdrawn"
        package static let notHere = "that cannot be done here"
        package static let authorIsTold = "its author is told"
        package static func posted(_ number: SequenceNumber) -> String { Texts.sent(number) }
        package static func revoked(_ certificates: String, _ sessions: String) -> String {
            "revoked \(certificates) and ended \(sessions)"
        }
        package static func noRole(_ name: String, _ known: String) -> String {
            "\"\(name)\" is no role; they are \(known)"
        }
        package static func waits(tries: Int) -> String {
            "It is sent as soon as there is a connection; "
                + (tries == 0 ? "not tried yet." : "tried \(tries) times.")
        }
        package static func openUntil(_ time: String) -> String { "open until \(time)" }
        package static func invited(_ name: String, _ organisation: String, _ time: String) -> String {
            "For \(name) of \(organisation), until \(time); it can be used once."
        }
        package static let handOver = "Hand it over by a way that you trust."
        package static let noConnection = "there is no connection; it is sent when there is one"
        package static let connectionEnded = "the connection ended"
    }

    /// The client in lines.
    enum Linear {
        static let welcome = "Welcome to Lessons. Paste your invitation, one line, and press Enter."
        static func begin(_ me: ClientIdentityFacts) -> String {
            "Lessons, \(me.name) of \(me.organisation) at \(me.relay). Type help for the commands."
        }
        static func morePosts(_ count: Int) -> String {
            "\(count) more \(count == 1 ? "post" : "posts") in this thread. Type read to hear it."
        }
        static func new(_ count: Int) -> String { "\(count) new. Type refresh to see them." }
        static func now(_ link: String) -> String { "Now \(link)." }
        static let joined = "Type topics, then follow and a topic's number."
        static func noPost(_ number: String) -> String { "there is no post #\(number) in this thread" }
        static let noSuchNumber = "there is no such number; press Enter to hear the list again"
        static let yesOrNo = "type yes or no"
        static func chooseOne(_ values: String) -> String { "choose one: \(values)" }
        static func wrong(_ problem: String) -> String { "Wrong: \(problem)" }
        static func field(_ field: ComposeField) -> String {
            "\(field.label)\(field.isRequired ? ", needed" : ""). \(field.help)"
        }
        static func value(_ text: String) -> String { "Now: \(text). Enter alone keeps it." }
        static let endWithStop = "End with a line that is a full stop alone."
        static func lessons(in topic: String) -> String { "Lessons in \(topic)." }
        static func more(_ count: Int) -> String { "\(count) more; type more." }
        static let afterThread = "Type reply, endorse, apply, back, or next-unread."
        static func thread(_ thread: ThreadRow, title: String) -> String {
            var parts = [title]
            if thread.unread > 0 { parts.insert("Unread", at: 0) }
            parts.append(
                "from \(thread.organisation), \(thread.state.name), \(thread.marking.label), \(thread.language)")
            if thread.posts > 1 { parts.append("\(thread.posts) posts") }
            if thread.endorsements > 0 { parts.append("endorsed by \(thread.endorsements)") }
            if thread.adopted > 0 { parts.append("adopted by \(thread.adopted)") }
            return parts.joined(separator: ". ") + "."
        }
        static let help = [
            "A number opens a row of the last list; Enter alone says the list again; more goes on with it.",
            "topics; lessons; search WORDS; read; follow NUMBER after topics; reply NUMBER; back; quit.",
            "While writing: :send, :editor, :back, :cancel.",
            "All commands, by name or key:",
        ]
    }

    enum Form {
        static let thePost = "the post"
        static let unreadable = "the text has no readable front matter; Ctrl-E opens it again"
        static func noReceiver(_ name: String) -> String {
            "\"\(name)\" is no organisation's short name and no member's id"
        }
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
