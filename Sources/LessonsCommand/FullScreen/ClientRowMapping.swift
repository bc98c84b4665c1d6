import LessonModel
import Storage
import TerminalUI

extension TerminalUI.ThreadRow {
    init(_ thread: MirrorThread) {
        self.init(
            id: thread.id, sequence: thread.sequence, lastSequence: thread.lastSequence, topic: thread.topic.path,
            title: thread.title, organisation: thread.organisation.text, language: thread.language,
            marking: thread.marking, state: thread.state, posts: thread.postCount, unread: thread.unread,
            endorsements: thread.endorsements, adopted: thread.adopted, failed: thread.failed,
            attention: Attention(thread.attention))
    }

    /// Nil for what this version cannot read.
    init?(_ row: ThreadRow) {
        guard let id = PostID(text: row.id), let marking = row.marking else { return nil }
        self.init(
            id: id, sequence: row.sequence, lastSequence: row.lastSequence, topic: row.topic, title: row.title,
            organisation: row.organisation, language: row.language, marking: marking,
            state: row.state ?? .observation, posts: row.posts, endorsements: row.endorsements ?? 0,
            adopted: row.applications?[.adopted] ?? 0, failed: row.applications?[.triedAndFailed] ?? 0)
    }

    /// A thread that was found, with the words around.
    init?(_ found: FoundThread) {
        self.init(found.row)
        var piece = StyledText("")
        for fragment in found.snippet { piece += StyledText(fragment.text, fragment.isMatch ? .yellow : .plain) }
        snippet = piece
    }
}

extension TerminalUI.ThreadRow.Attention {
    init(_ attention: ThreadMark.Attention) {
        switch attention {
        case .normal: self = .normal
        case .followed: self = .followed
        case .muted: self = .muted
        }
    }

    var mark: ThreadMark.Attention {
        switch self {
        case .normal: .normal
        case .followed: .followed
        case .muted: .muted
        }
    }
}

extension SubscriptionFilter {
    /// A topic with all that is below it; nil for a path that is none.
    init?(topicAndBelow path: String) {
        guard let filter = try? TopicFilter(path + "/#") else { return nil }
        self.init(topics: [filter])
    }
}
