import ArgumentParser
import LessonModel
import RelayClient
import TerminalUI
import Wire

struct OwedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "owed", abstract: "List the lessons on which your organisation has not reported yet.",
        discussion: """
            Lessons of others that are identified, learned or good practice, on which your organisation has made no \
            application report, or is still considering; the oldest first, in the topics that you follow or those you name. \
            Answer one with: lessons apply NUMBER STATUS
            """)

    @OptionGroup var options: CommandOptions
    @OptionGroup var narrowing: NarrowingOptions

    @Argument(help: "Topics, such as 'policing/#'; without, those you follow.", completion: .topics)
    var topics: [String] = []

    @Option(help: "At most so many, 1 to 500.")
    var limit: UInt32 = 50

    func validate() throws {
        guard (1...500).contains(limit) else { throw ValidationError("--limit is 1 to 500") }
    }

    func run() async throws {
        try await options.perform { context in
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
