package import LessonModel

/// A thread for reading on a terminal: the lesson with its sections, who has applied it, then the tree of replies.
package struct ThreadText {
    package var thread: PostID
    package var posts: [ShownPost]
    /// The text to show, by its post; nil for the present one.
    package var text: PostID?
    /// Nil where only the relay would know.
    package var state: ThreadState?
    package var style = LessonSection.Style.odcr
    /// Cells; nil leaves lines as they are.
    package var width: Int?

    package init(
        thread: PostID, posts: [ShownPost], text: PostID? = nil, state: ThreadState? = nil,
        style: LessonSection.Style = .odcr, width: Int? = nil
    ) {
        self.thread = thread
        self.posts = posts
        self.text = text
        self.state = state
        self.style = style
        self.width = width
    }

    /// Deeper replies are not indented further.
    private static let maxIndentedDepth = 6

    /// Lines that belong together, of one post or of the thread as a whole.
    package struct Block: Equatable, Sendable {
        package enum Kind: Hashable, Sendable {
            case lesson
            /// The adoption table.
            case applications
            case history
            /// What answers the lesson has depth 1.
            case reply(depth: Int)
        }

        package var kind: Kind
        /// The thread's id for what is of the whole thread.
        package var post: PostID
        package var lines: [StyledText]
        /// Replies below this one that are folded away.
        package var folded = 0
    }

    package var lines: [StyledText] { blocks().flatMap(\.lines) }

    /// - Parameter folded: replies whose own replies are left out.
    package func blocks(folded: Set<PostID> = []) -> [Block] {
        let tree = ReplyTree(thread: thread, posts: posts)
        let standing = ThreadStanding(thread: thread, posts: posts)
        var blocks: [Block] = []
        let head: [StyledText]
        if let text = standing.text(for: text ?? thread) {
            head = lesson(text, standing)
        } else if let redaction = redaction(of: thread) {
            head = [StyledText("the lesson was redacted by \(redaction.byline)", .yellow).onOneLine]
        } else {
            head = [StyledText("the thread's lesson is not here", .yellow)]
        }
        blocks.append(Block(kind: .lesson, post: thread, lines: head))
        let applied = applications(standing)
        if !applied.isEmpty { blocks.append(Block(kind: .applications, post: thread, lines: applied)) }
        let past = history(standing)
        if !past.isEmpty { blocks.append(Block(kind: .history, post: thread, lines: past)) }
        if !tree.replies.isEmpty, let last = blocks.indices.last {
            blocks[last].lines += [
                "", StyledText("\(tree.replies.count) \(tree.replies.count == 1 ? "REPLY" : "REPLIES")", .bold),
            ]
        }
        var foldedDepth: Int?
        for reply in tree.replies {
            if let depth = foldedDepth, reply.depth > depth, let last = blocks.indices.last {
                blocks[last].folded += 1
                continue
            }
            foldedDepth = folded.contains(reply.post.post.id) ? reply.depth : nil
            blocks.append(
                Block(kind: .reply(depth: reply.depth), post: reply.post.post.id, lines: self.reply(reply)))
        }
        for index in blocks.indices where blocks[index].folded > 0 {
            let count = blocks[index].folded
            blocks[index].lines.append(
                StyledText("  [+] \(count) more \(count == 1 ? "reply" : "replies") folded", .dim))
        }
        return blocks
    }

    private func redaction(of target: PostID) -> ShownPost? {
        posts.first { shown in
            guard case .redaction(let redaction) = shown.post.body else { return false }
            return redaction.target == target && shown.isVerified
        }
    }

    private func lesson(_ text: ThreadStanding.Text, _ standing: ThreadStanding) -> [StyledText] {
        let shown = text.shown
        let post = shown.post
        let lesson = text.lesson
        var lines = wrapped(lesson.title, indent: 0, .bold)
        if let present = standing.texts.last?.shown, present.post.id != post.id, !isTranslation(post) {
            lines.append(
                StyledText("an earlier text; the present one: lessons show \(present.stored.sequence)", .yellow))
        }
        var facts = LabelledLines()
        facts.add("post", StyledText("#\(shown.stored.sequence)", .bold) + StyledText("  \(post.id)", .dim))
        facts.add("marking", StyledText(post.marking) + audience(post))
        facts.add("topic", StyledText(shown.topic.path, .cyan))
        if let state = state ?? standing.projection?.state { facts.add("state", StyledText(state.name)) }
        if let other = standing.projection?.supersededBy { facts.add("see", StyledText("lessons show \(other)")) }
        facts.add("from", StyledText("\(shown.byline), \(TimeText.local(shown.stored.receivedAt))"))
        facts.add("signature", shown.signatureText)
        facts.add("language", StyledText(post.language) + origin(text, standing))
        let place = lesson.country.map { ParticipatingState.name(of: $0) ?? $0 }
        let event = [lesson.eventDate, place].compactMap(\.self).joined(separator: ", ")
        if !event.isEmpty { facts.add("happened", StyledText(event)) }
        if !lesson.tags.isEmpty { facts.add("tags", StyledText(lesson.tags.joined(separator: ", "))) }
        let action = [lesson.actionBody, lesson.dueDate.map { "by \($0)" }].compactMap(\.self).joined(separator: ", ")
        if !action.isEmpty { facts.add("to act", StyledText(action)) }
        if !standing.endorsers.isEmpty {
            facts.add("endorsed", StyledText("by " + standing.endorsers.map(\.text).joined(separator: ", ")))
        }
        let others = standing.translations.map {
            "\($0.shown.post.language) (lessons show \($0.shown.stored.sequence))"
        }
        if !others.isEmpty, !isTranslation(post) { facts.add("also in", StyledText(others.joined(separator: ", "))) }
        lines += facts.lines + attachments(shown, indent: 0)
        for section in LessonSection.allCases where !lesson[section].isEmpty {
            lines += ["", StyledText(section.heading(style).uppercased(), .bold)]
            lines += markdown(lesson[section], indent: 0)
        }
        if !lesson.references.isEmpty {
            lines += ["", StyledText("REFERENCES", .bold)] + lesson.references.map { StyledText("- \($0)").onOneLine }
        }
        return lines
    }

    private func isTranslation(_ post: Post) -> Bool { post.body.kind == .translation }

    /// What a translation was made from, and how.
    private func origin(_ text: ThreadStanding.Text, _ standing: ThreadStanding) -> StyledText {
        guard case .translation(let translation) = text.shown.post.body else { return "" }
        let source = standing.texts.first { $0.shown.post.id == translation.source }?.shown
        let name = source.map { " of #\($0.stored.sequence) in \($0.post.language)" } ?? ""
        let isOld = source?.post.id != standing.texts.last?.shown.post.id
        return StyledText("  \(translation.isByMachine ? "translation by machine" : "translation")\(name)")
            + StyledText(isOld ? ", which was revised since" : "", .yellow)
    }

    /// The adoption table: what became of the lesson, by each organisation's last report.
    private func applications(_ standing: ThreadStanding) -> [StyledText] {
        guard !standing.reports.isEmpty else { return [] }
        var lines: [StyledText] = ["", StyledText("APPLIED", .bold)]
        for (shown, report) in standing.reports.map({ ($0.shown, $0.report) }) {
            var head = StyledText("  #\(shown.stored.sequence)", .bold)
            head += StyledText("  \(shown.post.organisation): ") + StyledText(report.status.name, report.status.style)
            head += StyledText(", \(TimeText.local(shown.stored.receivedAt)), \(shown.byline)  ", .dim)
            head += StyledText(shown.post.marking)
            lines.append(head.onOneLine)
            if !report.outcome.isEmpty { lines += markdown(report.outcome, indent: 4) }
            if let evidence = report.evidence, report.hasEvidence {
                lines += markdown("Evidence: " + evidence, indent: 4)
            }
            lines += attachments(shown, indent: 4)
        }
        return lines
    }

    private func history(_ standing: ThreadStanding) -> [StyledText] {
        guard !standing.events.isEmpty else { return [] }
        return ["", StyledText("HISTORY", .bold)]
            + standing.events.map { shown in
                var line = StyledText("  #\(shown.stored.sequence)", .bold)
                line += StyledText("  \(TimeText.local(shown.stored.receivedAt))  ", .dim) + StyledText(shown.byline)
                line += StyledText(": \(shown.post.body.deed)")
                if case .redaction(let redaction) = shown.post.body {
                    line += StyledText(" of \(redaction.target)")
                }
                if !shown.headline.isEmpty { line += StyledText(": \(shown.headline)") }
                return line.onOneLine
            }
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
        return ["", head] + markdown(comment.text, indent: indent)
            + attachments(reply.post, indent: indent)
    }

    /// The files of a post, and how to get them.
    private func attachments(_ shown: ShownPost, indent: Int) -> [StyledText] {
        let files = shown.post.attachments
        guard !files.isEmpty else { return [] }
        let margin = String(repeating: " ", count: indent)
        return files.map { file in
            StyledText(margin) + StyledText("attached: ", .dim) + StyledText(file.name, .cyan).onOneLine
                + StyledText("  \(ByteText.short(file.size)), \(file.mediaType)", .dim)
        } + [StyledText("\(margin)fetch with: lessons fetch \(shown.stored.sequence)", .dim)]
    }

    /// A title: one style, broken where it is too long.
    private func wrapped(_ text: String, indent: Int, _ style: StyledText.Style) -> [StyledText] {
        guard let cells = cells(indent) else { return raw(text, indent: indent, style) }
        return DisplayWidth.wrap(SafeText.terminal(text), to: cells).map {
            StyledText($0.isEmpty ? "" : String(repeating: " ", count: indent) + $0, style)
        }
    }

    /// A text that was written as Markdown: shown with its form on a terminal, and as it is where something else reads it.
    private func markdown(_ text: String, indent: Int) -> [StyledText] {
        guard let cells = cells(indent) else { return raw(text, indent: indent, .plain) }
        let margin = StyledText(String(repeating: " ", count: indent))
        return MarkdownLines.lines(SafeText.terminal(text), width: cells).map { line in
            indent == 0 || line.plainText.isEmpty ? line : margin + line
        }
    }

    private func cells(_ indent: Int) -> Int? { width.map { max(20, min($0, 100) - indent) } }

    private func raw(_ text: String, indent: Int, _ style: StyledText.Style) -> [StyledText] {
        SafeText.terminal(text).split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map {
            StyledText($0.isEmpty ? "" : String(repeating: " ", count: indent) + $0, style)
        }
    }
}

extension ApplicationReport.Status {
    package var style: StyledText.Style {
        switch self {
        case .adopted: .green
        case .triedAndFailed: .red
        case .considering, .notApplicable: .plain
        }
    }
}
