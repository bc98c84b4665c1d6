import LessonModel

/// A thread for reading on a terminal: the lesson with its sections, then the tree of replies.
struct ThreadText {
    var thread: PostID
    var posts: [ShownPost]
    /// Nil where only the relay would know.
    var state: ThreadState?
    var style = LessonSection.Style.odcr
    /// Cells; nil leaves lines as they are.
    var width: Int?

    /// Deeper replies are not indented further.
    private static let maxIndentedDepth = 6

    var lines: [StyledText] {
        let tree = ReplyTree(thread: thread, posts: posts)
        var lines = tree.lesson.map(lesson) ?? [StyledText("the thread's lesson is not here", .yellow)]
        if !tree.replies.isEmpty {
            lines += ["", StyledText("\(tree.replies.count) \(tree.replies.count == 1 ? "REPLY" : "REPLIES")", .bold)]
        }
        for reply in tree.replies { lines += self.reply(reply) }
        return lines
    }

    private func lesson(_ shown: ShownPost) -> [StyledText] {
        guard case .lesson(let lesson) = shown.post.body else { return [] }
        let post = shown.post
        var lines = wrapped(lesson.title, indent: 0, .bold)
        var facts = LabelledLines()
        facts.add("post", StyledText("#\(shown.stored.sequence)", .bold) + StyledText("  \(post.id)", .dim))
        facts.add("marking", StyledText(post.marking) + audience(post))
        facts.add("topic", StyledText(post.topic.path, .cyan))
        if let state { facts.add("state", StyledText(state.name)) }
        facts.add("from", StyledText("\(shown.byline), \(TimeText.local(shown.stored.receivedAt))"))
        facts.add("signature", shown.signatureText)
        facts.add("language", StyledText(post.language))
        let place = lesson.country.map { ParticipatingState.name(of: $0) ?? $0 }
        let event = [lesson.eventDate, place].compactMap(\.self).joined(separator: ", ")
        if !event.isEmpty { facts.add("happened", StyledText(event)) }
        if !lesson.tags.isEmpty { facts.add("tags", StyledText(lesson.tags.joined(separator: ", "))) }
        let action = [lesson.actionBody, lesson.dueDate.map { "by \($0)" }].compactMap(\.self).joined(separator: ", ")
        if !action.isEmpty { facts.add("to act", StyledText(action)) }
        lines += facts.lines
        for section in LessonSection.allCases where !lesson[section].isEmpty {
            lines += ["", StyledText(section.heading(style).uppercased(), .bold)]
            lines += wrapped(lesson[section], indent: 0, .plain)
        }
        if !lesson.references.isEmpty {
            lines += ["", StyledText("REFERENCES", .bold)] + lesson.references.map { StyledText("- \($0)").onOneLine }
        }
        return lines
    }

    private func audience(_ post: Post) -> StyledText {
        guard !post.marking.isForAllMembers else { return "" }
        return StyledText(
            "  for \(AudienceText.receivers(marking: post.marking, audience: post.audience, author: .another(post.organisation)))"
        )
    }

    private func reply(_ reply: ReplyTree.Reply) -> [StyledText] {
        guard case .comment(let comment) = reply.post.post.body else { return [] }
        let indent = 2 * min(reply.depth, Self.maxIndentedDepth)
        var head =
            StyledText(String(repeating: " ", count: indent)) + StyledText("#\(reply.post.stored.sequence)", .bold)
        head += StyledText("  \(reply.post.byline), \(TimeText.local(reply.post.stored.receivedAt))  ").onOneLine
        head += StyledText(reply.post.post.marking)
        if let answers = reply.answers { head += StyledText("  answers #\(answers)", .dim) }
        head += reply.post.signatureWarning.map { "  " + $0 } ?? StyledText("  verified", .green)
        return ["", head] + wrapped(comment.text, indent: indent, .plain)
    }

    private func wrapped(_ text: String, indent: Int, _ style: StyledText.Style) -> [StyledText] {
        let safe = SafeText.terminal(text)
        let margin = String(repeating: " ", count: indent)
        let lines =
            width.map { DisplayWidth.wrap(safe, to: max(20, min($0, 100) - indent)) }
            ?? safe.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init)
        return lines.map { StyledText($0.isEmpty ? "" : margin + $0, style) }
    }
}
