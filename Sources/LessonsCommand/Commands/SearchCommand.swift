import ArgumentParser
import LessonModel
import RelayClient
import Storage
import TerminalUI
import Wire

struct SearchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search", abstract: "Find lessons and replies, the best first.",
        discussion: """
            All words must be found, in any order; upper and lower case and diacritics do not matter. "use of force" in \
            quotes stands side by side, complaint* is the beginning of a word, and -drones after a -- must not be found:

                lessons search 'body camera*' --country DE
                lessons search --topic 'policing/#' -- complaint* -online
            """)

    @OptionGroup var options: CommandOptions
    @OptionGroup var source: SourceOptions
    @OptionGroup var narrowing: NarrowingOptions

    @Argument(help: "What to search for.")
    var words: [String]

    @Option(name: .customLong("topic"), help: "Only of these topics; may be repeated.", completion: .topics)
    var topics: [String] = []

    @Option(help: "Only lessons of this organisation.")
    var organisation: OrganisationSlug?

    @Flag(help: "Take the words for a text, and find what is like it.")
    var similar = false

    @Option(name: .shortAndLong, help: "At most this many threads, 1 to 100.")
    var limit = 20

    func validate() throws {
        guard (1...100).contains(limit) else { throw ValidationError("--limit is 1 to 100") }
        guard !words.isEmpty else { throw ValidationError("write a word to search for") }
    }

    func run() async throws {
        try await options.perform { context in
            // A phrase that the shell has taken out of its quotes stays one.
            let text =
                words.count == 1 ? words[0] : words.map { $0.contains(" ") ? "\"\($0)\"" : $0 }.joined(separator: " ")
            let query = try query(text)
            let filter = try narrowing.filter(topics: topics)
            let found = try await source.read(context) { connection, _ in
                var request = WireSearch()
                request.text = text
                request.similar = similar
                if let filter { request.filter = WireFilter(filter) }
                request.organisation = organisation?.text ?? ""
                request.limit = UInt32(limit)
                return FoundThreads(try await connection.search(request))
            } local: { identity in
                let result = try context.mirror(identity).search(
                    query, in: MirrorQuery(filter: filter, organisation: organisation, limit: limit)
                ) { try? Post(content: $0) }
                return FoundThreads(result, query)
            }
            try show(found, context.output)
        }
    }

    private func query(_ text: String) throws -> SearchQuery {
        guard similar else { return try SearchQuery(text) }
        guard let query = SearchQuery(similarTo: text) else {
            throw PostRuleError(field: "text", problem: "give a text with words of four letters or more")
        }
        return query
    }

    private func show(_ found: FoundThreads, _ output: Output) throws {
        if output.isJSON {
            for hit in found.hits { try output.json(hit.json) }
            return
        }
        guard let first = found.hits.first else {
            output.message("nothing was found; try fewer words, or the beginning of one, such as complain*")
            return
        }
        switch found.match {
        case .all: break
        case .some: output.message(StyledText("nothing has all of these words; found by some of them:", .yellow))
        case .parts: output.message(StyledText("no such word; found by parts of words:", .yellow))
        }
        for hit in found.hits { try output.data(hit.lines) }
        let rest = found.threadCount - found.hits.count
        if found.hasMore {
            output.message(
                StyledText("and \(rest) more or still more; very many posts have this, so narrow the search"))
        } else if rest > 0 {
            output.message(StyledText("and \(rest) more; narrow the search, or give --limit"))
        }
        output.message(StyledText("read one with: lessons show \(first.row.sequence)", .dim))
    }
}

/// What a search has found, at the relay or in the mirror.
struct FoundThreads: Sendable {
    var hits: [FoundThread]
    var threadCount: Int
    /// There may be more than that.
    var hasMore: Bool
    var match: SearchMatch

    init(_ results: WireSearchResults) {
        hits = results.hits.map { hit in
            FoundThread(
                row: ThreadRow(hit.thread), postSequence: hit.sequence,
                snippet: hit.snippet.map { SearchSnippet.Fragment(text: $0.text, isMatch: $0.match) })
        }
        threadCount = Int(results.threads)
        hasMore = results.moreThreads
        match =
            switch results.match {
            case .some: .some
            case .parts: .parts
            default: .all
            }
    }

    init(_ result: MirrorSearchResult, _ query: SearchQuery) {
        hits = result.hits.map { hit in
            let texts = (try? Post(content: hit.post.stored.post.content))?.searchedTexts ?? []
            return FoundThread(
                row: ThreadRow(hit.thread), postSequence: hit.post.stored.sequence,
                snippet: SearchSnippet(of: texts, for: query).fragments)
        }
        threadCount = result.threadCount
        hasMore = result.hasMore
        match = result.match
    }
}

/// A thread that was found, with a piece of the post that fits best.
struct FoundThread: Sendable {
    var row: ThreadRow
    var postSequence: SequenceNumber
    var snippet: [SearchSnippet.Fragment]

    var lines: [StyledText] {
        var head = StyledText("#\(row.sequence) ", .bold)
        head += StyledText(row.title, .bold)
        var facts = StyledText("    ")
        facts += row.marking.map { StyledText($0) } ?? "?"
        facts += StyledText("  \(row.topic)", .cyan)
        facts += StyledText("  \(row.organisation)  \(TimeText.local(row.receivedAt))", .dim)
        if postSequence != row.sequence { facts += StyledText("  in the reply #\(postSequence)", .dim) }
        guard !snippet.isEmpty else { return [head, facts] }
        var piece = StyledText("    ")
        for fragment in snippet {
            piece += fragment.isMatch ? StyledText(fragment.text, .yellow) : StyledText(fragment.text)
        }
        return [head, facts, piece]
    }

    var json: JSONNode {
        .object([
            ("thread", row.json), ("post_sequence", .integer(postSequence)),
            ("snippet", .string(snippet.map(\.text).joined())),
            ("matches", .strings(snippet.filter(\.isMatch).map(\.text))),
        ])
    }
}
