import LessonModel
import TerminalUI

/// What may leave with an export.
///
/// A member may keep what they may see, for use as its marking says (TLP 2.0): GREEN within the community, AMBER within
/// their organisation and its clients, AMBER+STRICT within their organisation. RED is for the eyes of those it names, and no
/// file is made of it unless that is asked for. A public feed takes what is CLEAR and proved to be its author's, whatever is
/// asked for. A post is held for as strict as its lesson.
struct ExportLimit: Equatable {
    /// The strictest marking that is exported.
    var upTo = Marking.amberStrict
    var isPublic = false

    init(upTo: Marking?, format: ExportFormat) {
        isPublic = format == .atom
        self.upTo = isPublic ? .clear : upTo ?? .amberStrict
    }

    /// The thread with what may leave; nil when its lesson may not, or is not here.
    ///
    /// What is held back is not mentioned either: a comment on it stands as one on the lesson.
    func applied(to thread: ShownThread) -> ShownThread? {
        guard let lesson = thread.lesson, allows(lesson) else { return nil }
        let held = Set(thread.posts.filter { !allows($0) }.map(\.post.id))
        var limited = thread
        limited.posts = thread.posts.filter(allows)
        for index in limited.posts.indices {
            guard case .comment(var comment) = limited.posts[index].post.body, held.contains(comment.parent) else {
                continue
            }
            comment.parent = thread.id
            limited.posts[index].post.body = .comment(comment)
        }
        return limited
    }

    private func allows(_ shown: ShownPost) -> Bool {
        shown.post.marking.rawValue <= upTo.rawValue && (shown.isVerified || !isPublic)
    }
}
