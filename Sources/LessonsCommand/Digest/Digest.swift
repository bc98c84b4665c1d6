import LessonModel
import TerminalUI

/// What is new in a bounded space: threads by topic, those that tell most first.
struct Digest: Equatable {
    struct Item: Equatable {
        var topic: Topic
        var title: String
        /// Of the lesson, or of the newest post where the lesson is not here.
        var sequence: SequenceNumber
        /// The highest of what is told.
        var marking: Marking
        var organisation: OrganisationSlug
        var state: ThreadState?
        /// The lesson itself is new.
        var isNew: Bool
        /// What is new beside the lesson, such as `adopted by ge-police` and `2 replies`.
        var news: [String]
        /// The lesson's recommendation in one line.
        var summary: String

        /// Greater is told first: new lessons, then what became of known ones, then talk.
        fileprivate var weight: Int
    }

    static let maxSummaryCharacters = 240

    var since: Milliseconds
    var until: Milliseconds
    /// By topic, then by what they tell.
    var items: [Item]
    /// Threads with news that did not fit.
    var left = 0
    /// New posts whose marking is left out, which may not leave this way.
    var withheld = 0
    /// New posts whose signature does not prove their author; none of them is told.
    var unproved = 0

    var isEmpty: Bool { items.isEmpty && withheld == 0 }

    /// The highest marking in it; nil when nothing is told.
    var marking: Marking? { items.map(\.marking).max { $0.rawValue < $1.rawValue } }

    /// - Parameters:
    ///   - threads: all posts here of each thread that has a new one.
    ///   - since: posts that the relay received then or later are new.
    ///   - markings: of posts that may be told.
    init(
        threads: [(id: PostID, posts: [ShownPost])], since: Milliseconds, until: Milliseconds, markings: Set<Marking>,
        maxItems: Int
    ) {
        self.since = since
        self.until = until
        items = []
        for (id, posts) in threads {
            let proved = posts.filter(\.isVerified)
            let isNew = { (post: ShownPost) in post.stored.receivedAt >= since && post.stored.receivedAt < until }
            unproved += posts.count { isNew($0) && !$0.isVerified }
            let told = proved.filter { markings.contains($0.post.marking) }
            withheld += proved.count { isNew($0) && !markings.contains($0.post.marking) }
            // Nothing is told of a thread whose lesson may not be told.
            if let lesson = proved.first(where: { $0.post.id == id }), !markings.contains(lesson.post.marking) {
                continue
            }
            let new = told.filter(isNew)
            guard !new.isEmpty, let item = Item(id, told, new) else { continue }
            items.append(item)
        }
        items.sort { ($1.weight, $1.sequence) < ($0.weight, $0.sequence) }
        left = max(0, items.count - maxItems)
        items = Array(items.prefix(maxItems))
        // Within a topic the order stays; topics come in the order of their paths.
        items = Dictionary(grouping: items, by: \.topic).sorted { $0.key < $1.key }.flatMap(\.value)
    }
}

extension Digest.Item {
    fileprivate init?(_ id: PostID, _ posts: [ShownPost], _ new: [ShownPost]) {
        guard let newest = new.max(by: { $0.stored.sequence < $1.stored.sequence }) else { return nil }
        let standing = ThreadStanding(thread: id, posts: posts)
        let lesson = posts.first { $0.post.id == id }
        let text = standing.texts.last
        topic = newest.post.topic
        title = SafeText.line(text?.lesson.title ?? "[the lesson was redacted, or is not here]")
        sequence = lesson?.stored.sequence ?? newest.stored.sequence
        marking = ([lesson].compactMap(\.self) + new).map(\.post.marking).max { $0.rawValue < $1.rawValue } ?? .red
        organisation = (lesson ?? newest).post.organisation
        state = standing.projection?.state
        isNew = new.contains { $0.post.id == id }
        let line = SafeText.line(text?.lesson.recommendation ?? "")
        summary =
            line.count > Digest.maxSummaryCharacters ? line.prefix(Digest.maxSummaryCharacters - 1) + "…" : line
        news = Self.news(new)
        let deeds = new.count { $0.post.body.kind != .comment && $0.post.body.kind != .lesson }
        weight = (isNew ? 1_000 : 0) + 10 * min(deeds, 50) + min(new.count, 100)
    }

    private static func news(_ new: [ShownPost]) -> [String] {
        var news = new.compactMap { shown -> String? in
            let organisation = shown.post.organisation
            switch shown.post.body {
            case .lesson, .comment: return nil
            case .revision: return "revised"
            case .endorsement(let endorsement):
                return endorsement.isWithdrawal
                    ? "endorsement taken back by \(organisation)" : "endorsed by \(organisation)"
            case .applicationReport(let report): return "\(report.status.name): \(organisation)"
            case .stateChange(let change): return "now \(change.to.name)"
            case .translation: return "translated into \(shown.post.language)"
            case .redaction: return "a post was redacted"
            }
        }
        var seen: Set<String> = []
        news.removeAll { !seen.insert($0).inserted }
        let replies = new.count { $0.post.body.kind == .comment }
        if replies > 0 { news.append("\(replies) \(replies == 1 ? "reply" : "replies")") }
        return news
    }
}
