package import LessonModel

/// A thread that is open for reading.
package struct ReaderState: Sendable {
    /// A line of the screen, and the block that it belongs to.
    package struct Line: Sendable {
        package var block: Int
        package var text: StyledText
    }

    package let thread: PostID
    package private(set) var posts: [ShownPost]
    /// Posts after this number were new when the thread was opened.
    package let readThrough: SequenceNumber
    package private(set) var blocks: [ThreadText.Block] = []
    package private(set) var lines: [Line] = []
    package private(set) var firstLines: [Int] = []
    /// The block that commands are about.
    package var current = 0
    /// The first line on the screen.
    package var top = 0
    /// The text that is shown, by its post; nil for the present one.
    package private(set) var shownText: PostID?
    private(set) var folded: Set<PostID> = []
    private(set) var width = 0

    package init(thread: PostID, posts: [ShownPost], readThrough: SequenceNumber, width: Int) {
        self.thread = thread
        self.posts = posts
        self.readThrough = readThrough
        layOut(width: width)
    }

    package var standing: ThreadStanding { ThreadStanding(thread: thread, posts: posts) }

    package var lesson: ShownPost? { posts.first { $0.post.id == thread && $0.post.body.kind == .lesson } }

    /// The post that a command is about: a reply, or the lesson.
    package var currentPost: ShownPost? {
        guard blocks.indices.contains(current) else { return lesson }
        return posts.first { $0.post.id == blocks[current].post } ?? lesson
    }

    package var lastSequence: SequenceNumber { posts.map(\.stored.sequence).max() ?? 0 }

    /// Takes posts that came meanwhile; what is being read stays where it is on the screen.
    mutating func replacePosts(_ posts: [ShownPost]) {
        self.posts = posts
        layOut(width: width)
    }

    /// Breaks the lines anew. The line at the top and the current block are found again by their posts.
    mutating func layOut(width: Int) {
        let anchor = lines.indices.contains(top) ? anchor(of: top) : nil
        let currentKey = blocks.indices.contains(current) ? key(blocks[current]) : nil
        self.width = width
        blocks = ThreadText(thread: thread, posts: posts, text: shownText, width: width).blocks(folded: folded)
        markNew()
        lines = []
        firstLines = []
        for (index, block) in blocks.enumerated() {
            firstLines.append(lines.count)
            lines += block.lines.map { Line(block: index, text: $0) }
        }
        if let currentKey, let found = blocks.firstIndex(where: { key($0) == currentKey }) { current = found }
        current = min(current, max(0, blocks.count - 1))
        if let anchor, let block = blocks.firstIndex(where: { key($0) == anchor.key }) {
            top = min(firstLines[block] + anchor.offset, max(0, lines.count - 1))
        }
        top = min(max(0, top), max(0, lines.count - 1))
    }

    func needsLayout(width: Int) -> Bool { width != self.width }

    private struct Key: Hashable {
        var post: PostID
        var kind: Int
    }

    private func key(_ block: ThreadText.Block) -> Key {
        switch block.kind {
        case .lesson: Key(post: block.post, kind: 0)
        case .applications: Key(post: block.post, kind: 1)
        case .history: Key(post: block.post, kind: 2)
        case .reply: Key(post: block.post, kind: 3)
        }
    }

    private func anchor(of line: Int) -> (key: Key, offset: Int) {
        let block = lines[line].block
        return (key(blocks[block]), line - firstLines[block])
    }

    private mutating func markNew() {
        for index in blocks.indices {
            guard case .reply = blocks[index].kind, isNew(blocks[index].post), blocks[index].lines.count > 1 else {
                continue
            }
            // The block begins with an empty line, then the head.
            blocks[index].lines[1] += StyledText("  new", .yellow)
        }
    }

    private func isNew(_ id: PostID) -> Bool {
        // At the first reading all is new, and nothing needs to be told apart.
        readThrough > 0 && posts.contains { $0.post.id == id && $0.stored.sequence > readThrough }
    }

    // MARK: Moving

    /// Scrolls by lines, and takes the current block along when it leaves the screen.
    mutating func scroll(by count: Int, height: Int) {
        let last = max(0, lines.count - height)
        top = min(max(0, top + count), last)
        guard !lines.isEmpty else { return }
        let shown = lines[top].block...lines[min(lines.count - 1, top + max(1, height) - 1)].block
        current = min(max(current, shown.lowerBound), shown.upperBound)
    }

    /// - Returns: false where there is no such block.
    mutating func moveToBlock(_ index: Int, height: Int) -> Bool {
        guard blocks.indices.contains(index) else { return false }
        current = index
        let first = firstLines[index]
        // The empty line before a reply needs no room at the top.
        let start = lines[first].text.plainText.isEmpty ? min(first + 1, lines.count - 1) : first
        top = min(start, max(0, lines.count - height))
        return true
    }

    mutating func moveToEnd(height: Int) {
        top = max(0, lines.count - height)
        current = max(0, blocks.count - 1)
    }

    /// - Returns: false when nothing new is below the current block.
    mutating func moveToNextNew(height: Int) -> Bool {
        let next = blocks.indices.first { index in
            guard index > current, case .reply = blocks[index].kind else { return false }
            return isNew(blocks[index].post)
        }
        return next.map { moveToBlock($0, height: height) } ?? false
    }

    // MARK: Showing

    /// - Returns: false when no reply is below the current block.
    mutating func toggleFold() -> Bool {
        guard blocks.indices.contains(current), case .reply(let depth) = blocks[current].kind else { return false }
        let id = blocks[current].post
        if folded.remove(id) == nil {
            guard blocks.indices.contains(current + 1), case .reply(let next) = blocks[current + 1].kind, next > depth
            else { return false }
            folded.insert(id)
        }
        layOut(width: width)
        return true
    }

    /// Shows the lesson in the next language that it is in.
    /// - Returns: the language, or nil where there is only one.
    mutating func nextLanguage() -> String? {
        let standing = standing
        let texts = standing.texts.suffix(1).map(\.shown) + standing.translations.map(\.shown)
        guard texts.count > 1 else { return nil }
        let index = texts.firstIndex { $0.post.id == shownText } ?? 0
        let next = texts[(index + 1) % texts.count]
        shownText = next.post.id
        layOut(width: width)
        return next.post.language
    }
}
