import LessonModel

/// Threads as an Atom feed (RFC 4287, replies by RFC 4685), for the public: it is given what `ExportLimit` lets into a feed,
/// and takes nothing else.
///
/// A feed names organisations, not persons: a member's name is no part of the text that was marked CLEAR.
struct AtomFeed {
    /// Names the feed for ever.
    let id: UUIDValue
    /// When the feed was made, for one without entries.
    let now: Milliseconds
    private var entries: [(sequence: SequenceNumber, xml: String)] = []
    private var updated: Milliseconds = .min
    private(set) var leftOut = 0

    init(id: UUIDValue, now: Milliseconds) {
        self.id = id
        self.now = now
    }

    mutating func add(_ thread: ThreadDocument) {
        guard isPublic(thread.facts) else {
            leftOut += 1 + thread.replies.count
            return
        }
        let title = thread.lesson.lesson.title
        let known = Set([thread.facts.id] + thread.replies.filter { isPublic($0.facts) }.map(\.facts.id))
        let html = MarkdownHTML(headingLevel: 3)
        add(thread.facts, thread, title: title, html.render(thread.lesson.lesson.readingSections), nil)
        for reply in thread.replies {
            guard isPublic(reply.facts) else {
                leftOut += 1
                continue
            }
            let parent = reply.facts.parent.flatMap { known.contains($0) ? $0 : nil } ?? thread.facts.id
            add(reply.facts, thread, title: "Re: \(title)", html.render(reply.text), parent)
        }
    }

    private func isPublic(_ facts: PostFacts) -> Bool { facts.marking == .clear && facts.signature == .verified }

    private mutating func add(
        _ facts: PostFacts, _ thread: ThreadDocument, title: String, _ html: String, _ parent: PostID?
    ) {
        updated = max(updated, facts.receivedAt)
        let tags = parent == nil ? thread.lesson.lesson.tags : []
        let categories =
            [category("topic", thread.lesson.topic.path), category("kind", facts.kind)]
            + tags.map { category("tag", SafeText.line($0)) }
        let xml = """
            <entry xml:lang="\(MarkupText.escaped(facts.language))">
            <id>urn:uuid:\(facts.id)</id>
            <title type="text">\(MarkupText.escaped(SafeText.line(title)))</title>
            <updated>\(TimestampText.rfc3339(facts.receivedAt))</updated>
            <published>\(TimestampText.rfc3339(facts.receivedAt))</published>
            <author><name>\(facts.organisation)</name></author>
            \(categories.joined(separator: "\n"))
            <rights type="text">\(Self.rights)</rights>
            \(parent.map { "<thr:in-reply-to ref=\"urn:uuid:\($0)\" />\n" } ?? "")<lessons:marking>TLP:CLEAR</lessons:marking>
            <lessons:sequence>\(facts.sequence)</lessons:sequence>
            <lessons:signature>\(facts.signature.rawValue)</lessons:signature>
            <content type="html">\(MarkupText.escaped(html))</content>
            </entry>

            """
        entries.append((facts.sequence, xml))
    }

    private func category(_ scheme: String, _ term: String) -> String {
        "<category scheme=\"urn:lessons-relay:\(scheme)\" term=\"\(MarkupText.escaped(term))\" />"
    }

    private static let rights = "TLP:CLEAR: may be passed on without limits, subject to the rules of copyright."

    /// The feed, the newest entries first.
    var xml: String {
        """
        <?xml version="1.0" encoding="utf-8"?>
        <feed xmlns="http://www.w3.org/2005/Atom" xmlns:thr="http://purl.org/syndication/thread/1.0" \
        xmlns:lessons="urn:lessons-relay:atom:1" xml:lang="en">
        <id>urn:uuid:\(id)</id>
        <title type="text">Lessons learned</title>
        <subtitle type="text">TLP:CLEAR</subtitle>
        <updated>\(TimestampText.rfc3339(entries.isEmpty ? TimestampText.held(now) : updated))</updated>
        <generator>lessons</generator>
        <rights type="text">\(Self.rights)</rights>
        \(entries.sorted { $0.sequence > $1.sequence }.map(\.xml).joined())</feed>

        """
    }
}

extension Lesson {
    /// The sections as Markdown, each under a heading, without the title.
    fileprivate var readingSections: String {
        LessonSection.allCases.filter { !self[$0].isEmpty }
            .map { "### \($0.heading(.odcr))\n\n\(self[$0])" }.joined(separator: "\n\n")
    }
}
