extension ThreadDocument {
    /// Reads what `render` has written. Keys that are not known are passed over: a later version may say more.
    /// - Throws: all problems, by line.
    package static func parse(utf8 bytes: [UInt8]) throws(LessonDocumentProblems) -> ThreadDocument {
        try checkSize(bytes)
        var parser = LessonDocumentParser(bytes, isThread: true)
        let document = try parser.document()
        guard let export = parser.frontMatter.export else {
            throw LessonDocumentProblems([
                LessonDocumentProblem(
                    line: parser.frontMatter.endLine, field: "front matter",
                    message: "the key \(exportKey) is missing: this is no exported thread")
            ])
        }
        let facts = parser.facts(
            FactValues(export, firstLine: parser.frontMatter.firstLine), like: document, sequence: nil)
        let state = FactValues(export, firstLine: 1).text("state").flatMap { ThreadState(name: $0) }
        let replies = parser.replies()
        try parser.checkProblems()
        guard let facts else { preconditionFailure("facts that are not made have a problem") }
        return ThreadDocument(lesson: document, facts: facts, state: state, replies: replies)
    }

    /// The lesson of a file, which its author wrote or which is an exported thread, and what is known of its origin.
    package struct LessonFile: Hashable, Sendable {
        package var lesson: LessonDocument
        /// The thread of an export; nil where an author wrote the file.
        package var thread: PostID?
        package var organisation: OrganisationSlug?
        package var author: MemberID?
        package var hasReplies: Bool
    }

    /// As `parse`, for either kind of file, of which the lesson alone is wanted: replies are not looked into.
    package static func lessonFile(utf8 bytes: [UInt8]) throws(LessonDocumentProblems) -> LessonFile {
        try checkSize(bytes)
        var parser = LessonDocumentParser(bytes, isThread: true)
        let document = try parser.document()
        let values = parser.frontMatter.export.map { FactValues($0, firstLine: parser.frontMatter.firstLine) }
        return LessonFile(
            lesson: document, thread: values?.text("thread").flatMap { PostID(text: $0) },
            organisation: values?.text("organisation").flatMap { OrganisationSlug($0) },
            author: values?.text("author").flatMap { MemberID(text: $0) }, hasReplies: parser.postsStart != nil)
    }

    private static func checkSize(_ bytes: [UInt8]) throws(LessonDocumentProblems) {
        guard bytes.count > maxBytes else { return }
        throw LessonDocumentProblems([
            LessonDocumentProblem(
                line: 1, field: "text", message: "the file is longer than \(maxBytes / 1024 / 1024) MiB")
        ])
    }
}

/// Facts as YAML gave them.
private struct FactValues {
    /// Of the file, from 1.
    let line: Int
    private var values: [String: StrictYAML] = [:]

    init(_ node: StrictYAML?, firstLine: Int) {
        line = firstLine + (node?.line ?? 1) - 1
        guard case .mapping(let pairs) = node?.value else { return }
        for (key, value) in pairs {
            if case .text(let name) = key.value { values[name] = value }
        }
    }

    func text(_ key: String) -> String? {
        if case .text(let text) = values[key]?.value { text } else { nil }
    }

    func texts(_ key: String) -> [String] {
        switch values[key]?.value {
        case .text(let text): [text]
        case .list(let nodes): nodes.compactMap { if case .text(let text) = $0.value { text } else { nil } }
        case .mapping, nil: []
        }
    }
}

extension LessonDocumentParser {
    /// - Parameters:
    ///   - document: the lesson that the facts are of; nil for another post, whose facts say marking, audience and language.
    ///   - sequence: as the post's heading says it; nil where the facts say it.
    /// - Returns: nil, with a problem said, where one is missing or cannot be read.
    fileprivate mutating func facts(
        _ values: FactValues, like document: LessonDocument?, sequence: SequenceNumber?
    ) -> PostFacts? {
        func read<Value>(_ key: String, _ convert: (String) -> Value?) -> Value? {
            let value = values.text(key).flatMap(convert)
            if value == nil { add(values.line, key, "the \(key) of this post is missing, or cannot be read") }
            return value
        }
        let id = read(document == nil ? "id" : "thread") { PostID(text: $0) }
        let number = sequence ?? read("sequence") { SequenceNumber($0) }
        let kind = document == nil ? read("kind") { $0 } : PostKind.lesson.name
        let marking = document?.marking ?? read("marking") { Marking(label: $0) }
        let language = document?.language ?? read("language") { LanguageTag.isValid($0) ? $0 : nil }
        let organisation = read("organisation") { OrganisationSlug($0) }
        let author = read("author") { MemberID(text: $0) }
        let signature = read("signature") { PostFacts.Signature(rawValue: $0) }
        let created = read("created") { TimestampText.milliseconds(rfc3339: $0) }
        let received = read("received") { TimestampText.milliseconds(rfc3339: $0) }
        var audience = document?.audience ?? Audience()
        for name in document == nil ? values.texts("audience") : [] {
            if let member = MemberID(text: name) {
                audience.members.insert(member)
            } else if let slug = OrganisationSlug(name) {
                audience.organisations.insert(slug)
            } else {
                add(
                    values.line, "audience", "\"\(name.prefix(60))\" is no organisation's short name and no member's id"
                )
            }
        }
        var attachments: [Attachment] = []
        for line in values.texts("attachments") {
            if let attachment = Attachment(exportLine: line) {
                attachments.append(attachment)
            } else {
                add(values.line, "attachments", "\"\(line.prefix(60))\" is no SHA-256, size, type and name of a file")
            }
        }
        guard let id, let number, let kind, let marking, let language, let organisation, let author, let signature,
            let created, let received
        else { return nil }
        return PostFacts(
            id: id, kind: kind, parent: values.text("answers").flatMap { PostID(text: $0) }, sequence: number,
            createdAt: created, receivedAt: received, author: author, authorName: values.text("author-name"),
            organisation: organisation, marking: marking, audience: audience, language: language, signature: signature,
            attachments: attachments)
    }

    fileprivate mutating func replies() -> [ThreadDocument.Reply] {
        guard let start = postsStart else { return [] }
        let body = Array(lines[start...])
        let roles = MarkdownStructure.roles(of: body)
        let heads = roles.indices.filter { ThreadDocument.postNumber(roles[$0]) != nil }
        var replies: [ThreadDocument.Reply] = []
        for (place, head) in heads.enumerated() {
            let end = place + 1 < heads.count ? heads[place + 1] : body.count
            var index = head + 1
            while index < end, MarkdownStructure.isBlank(body[index]) { index += 1 }
            let code = index..<(roles[index..<end].firstIndex { $0 != .code } ?? end)
            guard code.count >= 2 else {
                add(
                    start + head + 1, "post",
                    "what is known of the post must follow its heading, as YAML in a code block")
                continue
            }
            guard let values = yaml(body[code.dropFirst().dropLast()], firstLine: start + index + 2),
                let facts = facts(values, like: nil, sequence: ThreadDocument.postNumber(roles[head]))
            else { continue }
            var text: [[UInt8]] = []
            for index in code.upperBound..<end {
                if case .heading = roles[index] {
                    add(start + index + 1, "post", "this heading is no post's; write \\ before the # of a text")
                }
                text.append(MarkdownStructure.unescaped(body[index], role: roles[index]))
            }
            replies.append(
                ThreadDocument.Reply(
                    facts: facts,
                    text: String(decoding: Array(text.joined(separator: [UInt8(ascii: "\n")])), as: UTF8.self)))
        }
        return replies
    }

    private mutating func yaml(_ lines: ArraySlice<MarkdownStructure.Line>, firstLine: Int) -> FactValues? {
        let text = String(decoding: Array(lines.joined(separator: [UInt8(ascii: "\n")])), as: UTF8.self)
        guard text.utf8.count <= LessonDocument.maxFrontMatterBytes else {
            add(firstLine, "post", "what is known of the post is too long")
            return nil
        }
        do throws(StrictYAMLError) {
            return FactValues(try StrictYAML.parse(text), firstLine: firstLine)
        } catch {
            add(firstLine + error.line - 1, "post", error.problem)
            return nil
        }
    }
}
