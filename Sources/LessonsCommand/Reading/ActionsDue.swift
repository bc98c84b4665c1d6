import LessonModel
import RelayClient
import Storage
import TerminalUI
import Wire

/// A lesson that names an organisation as the one who should act.
struct DueAction: Equatable {
    var thread: PostID
    var sequence: SequenceNumber
    var title: String
    /// The posting organisation.
    var organisation: OrganisationSlug
    /// `2026-11-24`; nil where the lesson names no day.
    var dueDate: String?
}

/// What is for an organisation to do, by the lessons that were received here: those whose present text names it, by its
/// short name or its name, as who should act; which it has neither adopted nor found not applicable; and whose thread was
/// neither rejected nor superseded.
enum ActionsDue {
    private static let pagePosts = 1_000

    /// - Parameter through: the last day, as `2026-11-24`; what is due later is left out. What names no day is not.
    /// - Returns: those due first on top, those without a day at the end.
    static func find(for organisation: Organisation, in mirror: ClientMirror, through: String) throws -> [DueAction] {
        var found: [DueAction] = []
        for thread in try candidates(organisation, mirror) {
            let posts = mirror.shown(try mirror.thread(thread))
            if let action = due(in: thread, posts, organisation), action.dueDate.map({ $0 <= through }) ?? true {
                found.append(action)
            }
        }
        return found.sorted { ($0.dueDate ?? "9999", $0.sequence) < ($1.dueDate ?? "9999", $1.sequence) }
    }

    /// Nil where there is nothing for the organisation to do, or no more.
    static func due(in thread: PostID, _ posts: [ShownPost], _ organisation: Organisation) -> DueAction? {
        let standing = ThreadStanding(thread: thread, posts: posts)
        guard let text = standing.texts.last, names(organisation, text.lesson.actionBody),
            let lesson = posts.first(where: { $0.post.id == thread })
        else { return nil }
        switch standing.projection?.state {
        case .rejected, .superseded: return nil
        default: break
        }
        let own = standing.reports.last { $0.shown.post.organisation == organisation.slug }?.report.status
        guard own != .adopted, own != .notApplicable else { return nil }
        return DueAction(
            thread: thread, sequence: lesson.stored.sequence, title: text.lesson.title,
            organisation: lesson.post.organisation, dueDate: text.lesson.dueDate)
    }

    private static func names(_ organisation: Organisation, _ actionBody: String?) -> Bool {
        guard let wanted = actionBody?.lowercased() else { return false }
        return wanted == organisation.slug.text || wanted == organisation.name.lowercased()
    }

    /// Threads with a text, perhaps not the present one, that names the organisation.
    private static func candidates(_ organisation: Organisation, _ mirror: ClientMirror) throws -> [PostID] {
        var threads: [PostID] = []
        var known: Set<PostID> = []
        var after: SequenceNumber = 0
        while case let page = try mirror.posts(after: after, limit: pagePosts), let last = page.last {
            for entry in page where !known.contains(entry.thread) {
                guard let post = try? Post(content: entry.stored.post.content),
                    names(organisation, post.body.lesson?.actionBody)
                else { continue }
                known.insert(entry.thread)
                threads.append(entry.thread)
            }
            after = last.stored.sequence
        }
        return threads
    }
}
