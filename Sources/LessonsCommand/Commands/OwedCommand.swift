import ArgumentParser
import LessonModel
import RelayClient
import Storage
import TerminalUI
import Wire

struct OwedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "owed", abstract: "List the lessons on which your organisation has not reported yet.",
        discussion: """
            Lessons of others that are identified, learned or good practice, on which your organisation has made no \
            application report, or is still considering; the oldest first, in the topics that you follow or those you name. \
            Answer one with: lessons apply NUMBER STATUS

            With --actions: the lessons that name your organisation as who should act, by what was received here, and that it \
            has neither adopted nor found not applicable; those due first on top.

            With --review: the lessons received here whose last post is older than their topic's time for review.
            """)

    @OptionGroup var options: CommandOptions
    @OptionGroup var narrowing: NarrowingOptions

    @Argument(help: "Topics, such as 'policing/#'; without, those you follow.", completion: .topics)
    var topics: [String] = []

    @Option(help: "At most so many, 1 to 500.")
    var limit: UInt32 = 50

    @Flag(help: "List what is for your organisation to do, due within 30 days, overdue, or without a day.")
    var actions = false

    @Flag(help: "List lessons that should be looked at again: revised, confirmed by a report, or superseded.")
    var review = false

    func validate() throws {
        guard (1...500).contains(limit) else { throw ValidationError("--limit is 1 to 500") }
        guard !(actions || review) || topics.isEmpty && narrowing.isEmpty else {
            throw ValidationError(
                "--actions and --review look at everything that was received: leave topics and filters out")
        }
        guard !(actions && review) else { throw ValidationError("give --actions or --review, not both") }
    }

    func run() async throws {
        try await options.perform { context in
            guard !actions else { return try showActions(context) }
            guard !review else { return try showReview(context) }
            let named = try narrowing.filter(topics: topics)
            let found = try await context.connected { connection, _ in
                var list = WireListOwed()
                list.limit = limit
                if let named {
                    list.filters = [WireFilter(named)]
                } else {
                    list.filters = Array(try await connection.subscriptions().flatMap(\.filters).prefix(64))
                }
                return try await connection.owed(list)
            }
            let rows = found.threads.map(ThreadRow.init)
            let output = context.output
            if output.isJSON {
                for row in rows { try output.json(row.json) }
                return
            }
            guard let first = rows.first else {
                output.message("your organisation owes no report")
                return
            }
            var table = TextTable(
                ("POST", .right), ("RECEIVED", .left), ("STATE", .left), ("FROM", .left), ("TOPIC", .left),
                ("TITLE", .left))
            for row in rows {
                table.add(
                    StyledText("#\(row.sequence)", .bold), StyledText(TimeText.local(row.receivedAt), .dim),
                    StyledText(row.state?.name ?? "-"), StyledText(row.organisation), StyledText(row.topic, .cyan),
                    StyledText(row.title))
            }
            try output.data(table.lines(width: output.width))
            if found.more { output.message("there are more: give --limit") }
            output.message(StyledText("say what became of one with: lessons apply \(first.sequence) STATUS", .dim))
        }
    }
}

extension OwedCommand {
    private static let dueMilliseconds: Milliseconds = 30 * 86_400_000

    private func showReview(_ context: CommandContext) throws {
        let identity = try context.identity()
        let found = try context.mirror(identity).dueForReview(at: context.now, limit: Int(limit))
        let output = context.output
        if output.isJSON {
            for thread in found {
                try output.json(
                    .object([
                        ("thread", .string(thread.id.description)), ("sequence", .integer(thread.sequence)),
                        ("title", .string(thread.title)), ("topic", .string(thread.topic.path)),
                        ("organisation", .string(thread.organisation.text)), ("state", .string(thread.state.name)),
                    ]))
            }
            return
        }
        guard let first = found.first else {
            output.message("no lesson that was received here is due for review")
            return
        }
        var table = TextTable(("POST", .right), ("STATE", .left), ("FROM", .left), ("TOPIC", .left), ("TITLE", .left))
        for thread in found {
            table.add(
                StyledText("#\(thread.sequence)", .bold), StyledText(thread.state.name),
                StyledText(thread.organisation.text), StyledText(thread.topic.path, .cyan), StyledText(thread.title))
        }
        try output.data(table.lines(width: output.width))
        output.message(
            StyledText(
                "look at one with: lessons show \(first.sequence)   then revise it, or report what became of it", .dim))
    }

    private func showActions(_ context: CommandContext) throws {
        let identity = try context.identity()
        let today = String(TimeText.local(context.now).prefix(10))
        let through = String(TimeText.local(context.now + Self.dueMilliseconds).prefix(10))
        let found = try ActionsDue.find(
            for: identity.organisation, in: try context.mirror(identity), through: through)
        let output = context.output
        if output.isJSON {
            for action in found {
                try output.json(
                    .object([
                        ("thread", .string(action.thread.description)), ("sequence", .integer(action.sequence)),
                        ("title", .string(action.title)), ("organisation", .string(action.organisation.text)),
                        ("due_date", .text(action.dueDate)),
                        ("overdue", .bool(action.dueDate.map { $0 < today } ?? false)),
                    ]))
            }
            return
        }
        guard let first = found.first else {
            output.message("no lesson that was received here waits for your organisation to act")
            return
        }
        var table = TextTable(("POST", .right), ("DUE", .left), ("FROM", .left), ("TITLE", .left))
        for action in found.prefix(Int(limit)) {
            let isLate = action.dueDate.map { $0 < today } ?? false
            table.add(
                StyledText("#\(action.sequence)", .bold),
                StyledText(action.dueDate ?? "-", isLate ? .red : .plain) + StyledText(isLate ? " overdue" : "", .red),
                StyledText(action.organisation.text), StyledText(action.title))
        }
        try output.data(table.lines(width: output.width))
        output.message(StyledText("say what became of one with: lessons apply \(first.sequence) STATUS", .dim))
    }
}
