import LessonModel
import RelayClient
import Storage
import TerminalUI

/// Prints posts as they come, each once, and remembers how far.
///
/// What was printed is noted after it left this process; a process that is killed in between prints the last few again.
final class PostPrinter {
    private let output: Output
    private let mirror: ClientMirror
    /// Where to remember; nil: only as long as this runs.
    private let durable: String?
    private let limit: Int?
    private(set) var printedThrough: SequenceNumber
    private(set) var count = 0
    private var titles: [PostID: String?] = [:]

    /// Posts that are written and noted together.
    private static let groupPosts = 64
    private static let maxTitles = 10_000

    /// - Parameters:
    ///   - printedThrough: posts up to here are not printed again.
    ///   - limit: posts to print at most; nil for all.
    init(
        output: Output, mirror: ClientMirror, durable: String?, printedThrough: SequenceNumber, limit: Int?
    ) {
        self.output = output
        self.mirror = mirror
        self.durable = durable
        self.printedThrough = printedThrough
        self.limit = limit
    }

    var isFull: Bool { limit.map { count >= $0 } ?? false }

    /// Begins at another place, for a subscription that was just opened there.
    func restart(at sequence: SequenceNumber) throws {
        printedThrough = sequence
        if let durable { try mirror.reset(durable: durable, to: sequence) }
    }

    /// - Throws: `OutputClosed` when nobody reads any more; nothing of the last group counts as printed then.
    func print(_ posts: [VerifiedPost]) throws {
        var rest = posts.filter { $0.stored.sequence > printedThrough }[...]
        while !rest.isEmpty, !isFull {
            let group = rest.prefix(min(Self.groupPosts, (limit ?? .max) - count))
            rest = rest.dropFirst(group.count)
            if output.isJSON {
                try output.document(group.map { json($0).line + "\n" }.joined())
            } else {
                try output.data(group.map(line))
            }
            count += group.count
            try note(group.last?.stored.sequence ?? printedThrough)
        }
    }

    /// Nothing up to `sequence` is left to print.
    func note(_ sequence: SequenceNumber) throws {
        guard sequence > printedThrough else { return }
        printedThrough = sequence
        if let durable { try mirror.setShownThrough(sequence, durable: durable) }
    }

    private func json(_ verified: VerifiedPost) -> JSONNode {
        if let shown = ShownPost(verified) { return shown.json }
        return .object([
            ("sequence", .integer(verified.stored.sequence)), ("kind", .string("unreadable")),
            ("verified", .bool(false)),
            ("received_at", .string(TimeText.iso(verified.stored.receivedAt))),
        ])
    }

    private func line(_ verified: VerifiedPost) -> StyledText {
        guard let shown = ShownPost(verified) else {
            return StyledText("#\(verified.stored.sequence)  [this post cannot be read]", .red)
        }
        if case .lesson(let lesson) = shown.post.body { remember(lesson.title, of: shown.post.thread) }
        return shown.line { title(of: $0) }
    }

    private func title(of thread: PostID) -> String? {
        if let known = titles[thread] { return known }
        let entry = try? mirror.post(thread)
        let title = entry.flatMap { ShownPost($0) { _ in nil } }?.headline
        remember(title, of: thread)
        return title
    }

    private func remember(_ title: String?, of thread: PostID) {
        if titles.count >= Self.maxTitles { titles.removeAll() }
        titles[thread] = .some(title)
    }
}
