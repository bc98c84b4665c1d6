import ArgumentParser
import LessonModel
import RelayClient
import Storage
import TerminalUI
import Wire

struct ThreadsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "threads", abstract: "List threads, those with the newest posts first.",
        discussion: "Write topic filters in quotes: 'policing/#' is policing with all below, 'policing/+' one level.")

    @OptionGroup var options: CommandOptions
    @OptionGroup var source: SourceOptions
    @OptionGroup var narrowing: NarrowingOptions

    @Argument(help: "Only of these topics.", completion: .topics)
    var topics: [String] = []

    @Option(help: "Only lessons of this organisation.")
    var organisation: OrganisationSlug?

    @Option(name: .shortAndLong, help: "At most this many.")
    var limit = 50

    func validate() throws {
        guard (1...100_000).contains(limit) else { throw ValidationError("--limit is 1 to 100000") }
    }

    func run() async throws {
        try await options.perform { context in
            let filter = try narrowing.filter(topics: topics)
            let rows = try await source.read(context) { connection, _ in
                try await connection.allThreads(ThreadListing(filter: filter, organisation: organisation, limit: limit))
                    .map(ThreadRow.init)
            } local: { identity in
                try context.mirror(identity).threads(
                    MirrorQuery(filter: filter, organisation: organisation, order: .lastActivity, limit: limit)
                ).map(ThreadRow.init)
            }
            try show(rows, context.output)
        }
    }

    private func show(_ rows: [ThreadRow], _ output: Output) throws {
        if output.isJSON {
            for row in rows { try output.json(row.json) }
            return
        }
        guard !rows.isEmpty else {
            output.message("no thread is for you here yet")
            return
        }
        var table = TextTable(
            ("POST", .right), ("RECEIVED", .left), ("MARKING", .left), ("STATE", .left), ("FROM", .left),
            ("POSTS", .right), ("ADOPTED", .right), ("TOPIC", .left), ("TITLE", .left))
        for row in rows {
            table.add(
                StyledText("#\(row.sequence)", .bold), StyledText(TimeText.local(row.receivedAt), .dim),
                row.marking.map { StyledText($0) } ?? "?", StyledText(row.state?.name ?? "-"),
                StyledText(row.organisation), StyledText("\(row.posts)"),
                StyledText(row.applications.map { String($0[.adopted] ?? 0) } ?? "-"), StyledText(row.topic, .cyan),
                StyledText(row.title))
        }
        try output.data(table.lines(width: output.width))
        output.message(StyledText("read one with: lessons show \(rows[0].sequence)", .dim))
    }
}

/// A thread in a listing, from the relay or from the mirror.
struct ThreadRow: Equatable {
    var id: String
    var sequence: SequenceNumber
    var lastSequence: SequenceNumber
    var topic: String
    var title: String
    var language: String
    var marking: Marking?
    var state: ThreadState?
    var organisation: String
    /// Nil where only the relay would know.
    var country: String?
    var posts: Int
    var receivedAt: Milliseconds
    /// Nil where only the relay would know, as with what follows.
    var endorsements: Int?
    /// How many organisations' last report says so.
    var applications: [ApplicationReport.Status: Int]?

    init(_ summary: WireThreadSummary) {
        id = PostID(bytes: summary.threadID)?.description ?? Hex.text(of: summary.threadID)
        sequence = summary.sequence
        lastSequence = summary.lastSequence
        topic = summary.topic
        title = summary.title
        language = summary.language
        marking = Marking(rawValue: summary.marking.rawValue)
        state = ThreadState(rawValue: summary.state.rawValue)
        organisation = summary.organisation
        country = summary.country.nonEmpty
        posts = Int(summary.posts)
        receivedAt = summary.receivedAtMs
        if summary.redacted { title = "[redacted]" }
        endorsements = Int(summary.endorsements)
        applications = Dictionary(
            summary.applications.compactMap { count in
                ApplicationReport.Status(rawValue: count.status.rawValue).map { ($0, Int(count.organisations)) }
            }, uniquingKeysWith: +)
    }

    init(_ thread: MirrorThread) {
        id = thread.id.description
        sequence = thread.sequence
        lastSequence = thread.lastSequence
        topic = thread.topic.path
        title = thread.title
        language = thread.language
        marking = thread.marking
        organisation = thread.organisation.text
        posts = thread.postCount
        receivedAt = thread.receivedAt
    }

    var json: JSONNode {
        .object([
            ("thread", .string(id)), ("sequence", .integer(sequence)), ("last_sequence", .integer(lastSequence)),
            ("topic", .string(topic)), ("title", .string(title)), ("language", .string(language)),
            ("marking", .text(marking?.label)), ("state", .text(state?.name)), ("organisation", .string(organisation)),
            ("country", .text(country)), ("posts", .count(posts)), ("received_at", .string(TimeText.iso(receivedAt))),
            ("endorsements", endorsements.map { .count($0) } ?? .null),
            (
                "applications",
                applications.map { counts in
                    .object(ApplicationReport.Status.allCases.map { ($0.name, .count(counts[$0] ?? 0)) })
                } ?? .null
            ),
        ])
    }
}
