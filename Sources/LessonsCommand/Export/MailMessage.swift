import LessonModel
import TerminalUI

/// A post of a thread as a message of a mailbox (RFC 5322, RFC 4155), for mail readers. It can be answered to nobody: its
/// addresses are of the domain `lessons.invalid` (RFC 2606).
///
/// TLP 2.0 wants the label in the subject and right before the text; it stands in both, and in the header `X-TLP`.
enum MailMessage {
    static let domain = "lessons.invalid"

    /// Ancestors that a message names beside the lesson, the nearest ones.
    private static let maxReferences = 20

    /// The thread's messages, the lesson first, the others in the order of the log.
    static func mailbox(_ thread: ThreadDocument) -> String {
        let parents = Dictionary(thread.replies.map { ($0.facts.id, $0.facts.parent) }) { first, _ in first }
        var text = message(
            thread.facts, of: thread, subject: thread.lesson.lesson.title, references: [], lessonBody(thread))
        for reply in thread.replies {
            text += message(
                reply.facts, of: thread, subject: "Re: \(thread.lesson.lesson.title)",
                references: references(reply.facts, thread.facts.id, parents), reply.text)
        }
        return text
    }

    private static func references(_ facts: PostFacts, _ lesson: PostID, _ parents: [PostID: PostID?]) -> [PostID] {
        var ancestors: [PostID] = []
        var next = facts.parent
        while let parent = next, parent != lesson, parent != facts.id, ancestors.count < maxReferences,
            !ancestors.contains(parent)
        {
            ancestors.append(parent)
            next = parents[parent] ?? nil
        }
        return [lesson] + ancestors.reversed()
    }

    private static func message(
        _ facts: PostFacts, of thread: ThreadDocument, subject: String, references: [PostID], _ body: String
    ) -> String {
        let label = "TLP:\(facts.marking.label)"
        var headers = [
            MailHeader("From", displayName: facts.byline, address: "\(facts.author)@\(facts.organisation).\(domain)"),
            MailHeader("Date", tokens: [MailDate.header(facts.receivedAt)]),
            MailHeader("Subject", text: "[\(label)] \(subject)"),
            MailHeader("Message-ID", tokens: [messageID(facts.id)]),
        ]
        if let last = references.last {
            headers.append(MailHeader("In-Reply-To", tokens: [messageID(last)]))
            headers.append(MailHeader("References", tokens: references.map(messageID)))
        }
        headers += [
            MailHeader("X-TLP", tokens: [label]),
            MailHeader("X-Lessons-Audience", tokens: facts.audienceNames),
            MailHeader("X-Lessons-Topic", tokens: [thread.lesson.topic.path]),
            MailHeader("X-Lessons-Kind", tokens: [facts.kind]),
            MailHeader("X-Lessons-Organisation", tokens: [facts.organisation.text]),
            MailHeader("X-Lessons-Sequence", tokens: [String(facts.sequence)]),
            MailHeader("X-Lessons-Post", tokens: [facts.id.description]),
            MailHeader("X-Lessons-Signature", tokens: [facts.signature.rawValue]),
            MailHeader("Content-Language", tokens: [facts.language]),
            MailHeader("MIME-Version", tokens: ["1.0"]),
            MailHeader("Content-Type", tokens: ["text/plain; charset=utf-8"]),
            MailHeader("Content-Transfer-Encoding", tokens: ["quoted-printable"]),
        ].filter { !$0.isEmpty }
        // The line that begins a message; the address and the moment are of our own making.
        var text = "From lessons@\(domain) \(MailDate.separator(facts.receivedAt))\n"
        text += headers.map(\.lines).joined() + "\n"
        text += QuotedPrintable.encoded("\(handling(facts))\n\n\(SafeText.terminal(body))")
        return text + "\n"
    }

    private static func messageID(_ id: PostID) -> String { "<\(id)@\(domain)>" }

    private static func handling(_ facts: PostFacts) -> String {
        var text = "TLP:\(facts.marking.label)"
        if !facts.audience.isEmpty { text += " for \(facts.audienceNames.joined(separator: ", "))" }
        // The bytes are not in the message: who may have them fetches them from the relay.
        for file in facts.attachments { text += "\nAttached at the relay: \(file.name) (\(ByteText.short(file.size)))" }
        return facts.signature == .verified ? text : text + "\nSignature: \(facts.signature.rawValue)"
    }

    private static func lessonBody(_ thread: ThreadDocument) -> String {
        let lesson = thread.lesson.lesson
        var facts = ["Topic: \(thread.lesson.topic)"]
        if let state = thread.state { facts.append("State: \(state.name)") }
        facts += lesson.labelledFacts.map { "\($0.label): \(SafeText.line($0.value))" }
        let sections = thread.lesson.sectionsText
        return facts.joined(separator: "\n") + "\n" + sections.dropLast()
            + (lesson.references.isEmpty
                ? ""
                : "\n\n## References\n\n" + lesson.references.map { "- \(SafeText.line($0))" }.joined(separator: "\n"))
    }
}

extension MailHeader {
    fileprivate var isEmpty: Bool { lines == "\(name):\n" }
}

extension Audience {
    fileprivate var isEmpty: Bool { organisations.isEmpty && members.isEmpty }
}

/// Moments as mail writes them, in UTC.
enum MailDate {
    private static let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// `Tue, 24 Nov 2026 10:05:09 +0000` (RFC 5322 §3.3).
    static func header(_ moment: Milliseconds) -> String {
        let (day, month, date, year, time) = parts(moment)
        return "\(day), \(date) \(month) \(year) \(time) +0000"
    }

    /// `Tue Nov 24 10:05:09 2026`, of the line that begins a message (RFC 4155, appendix A).
    static func separator(_ moment: Milliseconds) -> String {
        let (day, month, date, year, time) = parts(moment)
        return "\(day) \(month) \(date < 10 ? " " : "")\(date) \(time) \(year)"
    }

    private static func parts(_ moment: Milliseconds) -> (String, String, Int, String, Substring) {
        let held = TimestampText.held(moment)
        // `2026-11-24 10:05:09Z`
        let text = TimestampText.seconds(held)
        let month = Int(text.dropFirst(5).prefix(2)) ?? 1
        let date = Int(text.dropFirst(8).prefix(2)) ?? 1
        let day = Int((held - (held % 86_400_000 + 86_400_000) % 86_400_000) / 86_400_000)
        // 1970-01-01 was a Thursday.
        let weekday = days[((day + 4) % 7 + 7) % 7]
        return (weekday, months[month - 1], date, String(text.prefix(4)), text.dropFirst(11).prefix(8))
    }
}
