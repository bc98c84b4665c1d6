extension ThreadDocument {
    /// The front matter's key below which a thread says what it is. `LessonDocument.parse` refuses it, so that a thread is
    /// not posted as a lesson by mistake.
    static let exportKey = "export"

    /// The thread as text that `parse` reads back unchanged, ending in one line feed.
    ///
    /// The lesson is a `LessonDocument` with the key `export` in its front matter. Every further post follows under a
    /// heading `## Post 13`: what is known of it as YAML in a code block, then its text. No text can make such a heading
    /// or end its post, since `MarkdownStructure` escapes all that could be taken for structure.
    package func render() -> String {
        var frontMatter = lesson.frontMatter
        frontMatter.add(Self.exportKey, exportFacts)
        var text = "---\n" + frontMatter.render() + "---\n" + lesson.sections(.odcr)
        for reply in replies {
            text += "\n## Post \(reply.facts.sequence)\n\n```yaml\n\(Self.front(of: reply.facts).render())```\n"
            if !reply.text.isEmpty { text += "\n" + MarkdownStructure.escaped(reply.text) + "\n" }
        }
        return text
    }

    private var exportFacts: FrontMatterText {
        var text = FrontMatterText()
        text.add("handling", "TLP:\(handling.label)")
        text.add("state", state?.name)
        text.add("thread", facts.id.description)
        text.add("sequence", String(facts.sequence))
        Self.addOrigin(of: facts, to: &text)
        return text
    }

    private static func front(of facts: PostFacts) -> FrontMatterText {
        var text = FrontMatterText()
        text.add("kind", facts.kind)
        text.add("marking", facts.marking.label)
        text.add("audience", facts.audienceNames)
        text.add("id", facts.id.description)
        text.add("answers", facts.parent?.description)
        text.add("language", facts.language)
        addOrigin(of: facts, to: &text)
        return text
    }

    private static func addOrigin(of facts: PostFacts, to text: inout FrontMatterText) {
        text.add("organisation", facts.organisation.text)
        text.add("author", facts.author.description)
        text.add("author-name", facts.authorName)
        text.add("signature", facts.signature.rawValue)
        text.add("created", TimestampText.rfc3339(facts.createdAt))
        text.add("received", TimestampText.rfc3339(facts.receivedAt))
        text.add("attachments", facts.attachments.map(\.exportLine))
    }

    /// The number in a post's heading; nil for whatever is none.
    static func postNumber(_ role: MarkdownStructure.Role) -> SequenceNumber? {
        guard case .heading(level: 2, let text) = role, text.hasPrefix("Post ") else { return nil }
        return SequenceNumber(text.dropFirst(5))
    }
}
