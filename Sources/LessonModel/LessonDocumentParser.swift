extension LessonDocument {
    /// Reads a document, strictly: nothing is guessed or ignored.
    ///
    /// A byte order mark at the start and CR LF line ends are accepted.
    /// - Throws: all problems, by line.
    package static func parse(_ text: String) throws(LessonDocumentProblems) -> LessonDocument {
        try parse(utf8: Array(text.utf8))
    }

    /// As `parse(_:)`, of the bytes of a file; they must be UTF-8.
    package static func parse(utf8 bytes: [UInt8]) throws(LessonDocumentProblems) -> LessonDocument {
        guard bytes.count <= maxBytes else {
            throw LessonDocumentProblems([
                LessonDocumentProblem(
                    line: 1, field: "text",
                    message:
                        "the document is longer than \(maxBytes / 1024) KiB; shorten it, or refer to a report instead")
            ])
        }
        var parser = LessonDocumentParser(bytes)
        return try parser.document()
    }
}

/// One reading of one document.
struct LessonDocumentParser {
    let lines: [MarkdownStructure.Line]
    /// True for an exported thread: a lesson's document with a key `export`, and with posts after the sections.
    private let isThread: Bool
    /// The index of the line with which the first of these posts begins; nil where there is none.
    private(set) var postsStart: Int?
    private var problems: [LessonDocumentProblem] = []
    var frontMatter = FrontMatter()
    /// False where the front matter has no end, so that no section can be said to be missing.
    var hasBody = false
    var title: (line: Int, text: String)?
    var sections: [LessonSection: (line: Int, text: String)] = [:]

    /// The front matter's keys as YAML gave them. `line`s of its nodes count from `firstLine`.
    struct FrontMatter {
        /// False when the keys could not be read, so that nothing can be said to be missing.
        var isReadable = false
        /// Of the document, from 1.
        var firstLine = 1
        var endLine = 1
        var values: [LessonDocumentKey: StrictYAML] = [:]
        /// What an exported thread says of itself.
        var export: StrictYAML?

        func line(of node: StrictYAML) -> Int { firstLine + node.line - 1 }
        func line(of key: LessonDocumentKey) -> Int { values[key].map { line(of: $0) } ?? endLine }
    }

    init(_ bytes: [UInt8], isThread: Bool = false) {
        self.isThread = isThread
        var bytes = bytes[...]
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
        lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { $0.last == UInt8(ascii: "\r") ? $0.dropLast() : $0 }
    }

    mutating func document() throws(LessonDocumentProblems) -> LessonDocument {
        checkCharacters()
        if let bodyStart = readFrontMatter() { readBody(from: bodyStart) }
        let document = build()
        try checkProblems()
        guard let document else { preconditionFailure("a document that is not made has a problem") }
        return document
    }

    /// Reads keys and sections, whatever problems they have.
    /// - Returns: false when the front matter cannot be read.
    mutating func readParts() -> Bool {
        guard let bodyStart = readFrontMatter() else { return false }
        readBody(from: bodyStart)
        return frontMatter.isReadable
    }

    func checkProblems() throws(LessonDocumentProblems) {
        if !problems.isEmpty { throw LessonDocumentProblems(problems.sorted { $0.line < $1.line }) }
    }

    mutating func add(_ line: Int, _ field: String, _ message: String) {
        guard problems.count < LessonDocumentProblems.maxProblems else { return }
        problems.append(LessonDocumentProblem(line: line, field: field, message: message))
    }

    func hasProblem(_ field: String) -> Bool { problems.contains { $0.field == field } }

    private mutating func checkCharacters() {
        for (index, line) in lines.enumerated() {
            if let byte = line.first(where: { !CleanText.isAllowed($0) }) {
                add(index + 1, "text", "the line has a control character (0x\(Hex.text(of: [byte]))); delete it")
            } else if String(validating: line, as: UTF8.self) == nil {
                add(index + 1, "text", "the line is not UTF-8; save the file with that encoding")
            }
        }
    }

    // MARK: Front matter

    /// - Returns: the index of the first line of the body; nil when the front matter has no end.
    private mutating func readFrontMatter() -> Int? {
        guard let start = lines.firstIndex(where: { !MarkdownStructure.isBlank($0) }), isDelimiter(lines[start]) else {
            add(
                1, "front matter",
                "the document must begin with a line ---, then title, topic, language and marking, then another line ---"
            )
            return 0
        }
        guard let end = lines[(start + 1)...].firstIndex(where: isDelimiter) else {
            add(start + 1, "front matter", "the front matter has no end; write a line --- after its last key")
            return nil
        }
        frontMatter.firstLine = start + 2
        frontMatter.endLine = end + 1
        readKeys(lines[(start + 1)..<end])
        return end + 1
    }

    private func isDelimiter(_ line: MarkdownStructure.Line) -> Bool {
        line.starts(with: Array("---".utf8)) && MarkdownStructure.isBlank(line.dropFirst(3))
    }

    private mutating func readKeys(_ yamlLines: ArraySlice<MarkdownStructure.Line>) {
        guard yamlLines.reduce(0, { $0 + $1.count + 1 }) <= LessonDocument.maxFrontMatterBytes else {
            add(
                frontMatter.firstLine, "front matter",
                "the front matter is longer than \(LessonDocument.maxFrontMatterBytes / 1024) KiB; move text into the sections"
            )
            return
        }
        // libyaml would say the same again, in its own words.
        guard yamlLines.allSatisfy({ $0.allSatisfy(CleanText.isAllowed) }) else { return }
        let text = String(decoding: Array(yamlLines.joined(separator: [UInt8(ascii: "\n")])), as: UTF8.self)
        let root: StrictYAML?
        do throws(StrictYAMLError) {
            root = try StrictYAML.parse(text)
        } catch {
            add(frontMatter.firstLine + error.line - 1, "front matter", error.problem)
            return
        }
        frontMatter.isReadable = true
        guard let root else { return }
        guard case .mapping(let pairs) = root.value else {
            frontMatter.isReadable = false
            add(frontMatter.line(of: root), "front matter", "write one \"key: value\" a line, such as marking: GREEN")
            return
        }
        for (key, value) in pairs {
            if case .text(ThreadDocument.exportKey) = key.value {
                frontMatter.export = value
                guard !isThread else { continue }
                add(
                    frontMatter.line(of: key), "front matter",
                    "this is an exported thread; bring its lesson in with: lessons import FILE")
                continue
            }
            guard case .text(let name) = key.value, let known = LessonDocumentKey(rawValue: name) else {
                addUnknownKey(key)
                continue
            }
            frontMatter.values[known] = value
        }
    }

    private mutating func addUnknownKey(_ key: StrictYAML) {
        guard case .text(let name) = key.value else {
            add(frontMatter.line(of: key), "front matter", "a key must be a word, such as title")
            return
        }
        let question = Suggestion.question(for: name, among: LessonDocumentKey.names)
        let help = question.isEmpty ? "; the keys are \(LessonDocumentKey.names.joined(separator: ", "))" : question
        add(frontMatter.line(of: key), "front matter", "there is no key \"\(name.prefix(60))\"\(help)")
    }

    // MARK: Body

    private mutating func readBody(from start: Int) {
        hasBody = true
        let body = Array(lines[start...])
        var current: (section: LessonSection?, lines: [[UInt8]])?
        var saidTextBeforeSection = false
        for (index, role) in MarkdownStructure.roles(of: body).enumerated() {
            let line = start + index + 1
            if frontMatter.export != nil, ThreadDocument.postNumber(role) != nil {
                postsStart = start + index
                break
            }
            switch role {
            case .help: continue
            case .heading(level: 1, let text):
                if current == nil, title == nil {
                    title = (line, text)
                } else {
                    add(
                        line, "section",
                        "a heading of level 1 is the title, once, before the first section; "
                            + "inside a section write ### for a heading or \\# for text")
                }
            case .heading(_, let text):
                if let current { finish(current) }
                current = (begin(text, at: line), [])
            case .code, .text, .unclosedFence:
                if case .unclosedFence = role {
                    add(line, "section", "nothing closes this code block; write the same marks on a line after it")
                }
                if current != nil {
                    current?.lines.append(MarkdownStructure.unescaped(body[index], role: role))
                } else if !MarkdownStructure.isBlank(body[index]), !saidTextBeforeSection {
                    saidTextBeforeSection = true
                    let hint =
                        body[index].starts(with: Array("##".utf8))
                        ? "a space is missing after ##" : "write it below a heading such as ## Observation"
                    add(line, "section", "there is text before the first section; \(hint)")
                }
            }
        }
        if let current { finish(current) }
    }

    /// - Returns: nil, with a problem said, for a heading that is no section's or a second one of the same section.
    private mutating func begin(_ heading: String, at line: Int) -> LessonSection? {
        var name = heading
        while name.hasSuffix("#") { name.removeLast() }
        name = CleanText.trimmed(name)
        guard let section = LessonSection(heading: name) else {
            let question = Suggestion.question(for: name, among: LessonSection.headings)
            let help =
                question.isEmpty
                ? "; the sections are Observation, Discussion, Conclusion, Recommendation and Evidence. "
                    + "Inside a section write ### for a heading or \\## for text" : question
            add(line, "section", "there is no section \"\(name.prefix(60))\"\(help)")
            return nil
        }
        guard let earlier = sections[section] else {
            sections[section] = (line, "")
            return section
        }
        add(line, section.rawValue, "the \(section.rawValue) has already begun at line \(earlier.line); join the two")
        return nil
    }

    private mutating func finish(_ part: (section: LessonSection?, lines: [[UInt8]])) {
        guard let section = part.section else { return }
        let text = String(decoding: Array(part.lines.joined(separator: [UInt8(ascii: "\n")])), as: UTF8.self)
        sections[section]?.text = CleanText.section(text)
    }
}
