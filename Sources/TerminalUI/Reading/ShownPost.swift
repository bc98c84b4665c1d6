package import LessonModel

/// A post with all that is known of it here, ready to be shown.
package struct ShownPost: Sendable, Equatable {
    package enum Signature: Sendable, Equatable {
        /// By the member whose certificate says this name.
        case verified(String?)
        case unchecked
        /// With the reason where it is known.
        case failed(String?)
    }

    package var stored: StoredPost
    package var post: Post
    package var signature: Signature
    /// As it is called now; what was signed may name it as it was called then.
    package var topic: Topic

    package init(stored: StoredPost, post: Post, signature: Signature) {
        self.stored = stored
        self.post = post
        self.signature = signature
        topic = post.topic
    }

    /// Nil unless the signature proves it.
    package var authorName: String? {
        if case .verified(let name) = signature { name } else { nil }
    }

    package var isVerified: Bool {
        if case .verified = signature { true } else { false }
    }

    /// A lesson's title, or what the post says in one line.
    package var headline: String {
        switch post.body {
        case .lesson(let lesson): lesson.title
        case .comment(let comment): Self.firstLine(comment.text)
        case .revision(let revision): revisionHeadline(revision)
        case .endorsement(let endorsement): Self.firstLine(endorsement.note)
        case .applicationReport(let report): Self.firstLine(report.outcome)
        case .stateChange(let change): Self.firstLine(change.reason)
        case .translation(let translation): translation.lesson.title
        case .redaction(let redaction): Self.firstLine(redaction.reason)
        }
    }

    private func revisionHeadline(_ revision: Revision) -> String {
        let note = Self.firstLine(revision.note)
        return note.isEmpty ? revision.lesson.title : note
    }

    private static func firstLine(_ text: String) -> String {
        String(text.split(whereSeparator: \.isNewline).first { $0.contains { !$0.isWhitespace } } ?? "")
    }
}
