import ArgumentParser
import LessonModel
import RelayClient
import TerminalUI
import Wire

struct StatisticsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "statistics", abstract: "Show lessons in figures, as a curator or an administrator.",
        discussion: """
            Lessons by state, topic, country and month, how long they took to be learned, and how many nobody has applied. \
            Only what is for you is counted. Counts below three are withheld where they would point to single people, and one \
            more where a single one could be computed from the total.
            """)

    @OptionGroup var options: CommandOptions
    @OptionGroup var narrowing: NarrowingOptions

    @Argument(help: "Only these topics, such as 'policing/#'.", completion: .topics)
    var topics: [String] = []

    @Option(help: "Lessons since this time: 2026-11-24, 2026-11-24T10:00, or a span such as 90d.")
    var since: String?

    func run() async throws {
        try await options.perform { context in
            var fetch = WireFetchStatistics()
            if let filter = try narrowing.filter(topics: topics) { fetch.filter = WireFilter(filter) }
            if let since {
                guard let time = TimeText.point(since, now: context.now, zoneSeconds: context.zoneSeconds) else {
                    throw CommandFailure(
                        .usage, "BAD_TIME", "\"\(since)\" is no time",
                        hint: "write 2026-11-24, 2026-11-24T10:00, or 90d")
                }
                fetch.sinceMs = time
            }
            let request = fetch
            let found = try await context.connected { connection, _ in try await connection.statistics(request) }
            if context.output.isJSON { return try context.output.json(found.json) }
            try context.output.data(StatisticsText(found: found, width: context.output.width).lines)
        }
    }
}

/// Lessons in figures, for a terminal.
struct StatisticsText {
    let found: WireStatistics
    let width: Int?

    var lines: [StyledText] {
        var lines = [StyledText("\(found.lessons) \(found.lessons == 1 ? "lesson" : "lessons")", .bold)]
        lines += chart("BY STATE", found.byState.filter { $0.lessons > 0 })
        lines += chart("BY TOPIC", found.byTopic)
        lines += chart("BY COUNTRY", found.byCountry) { code in
            code.isEmpty ? "institutions" : ParticipatingState.name(of: code) ?? code
        }
        lines += chart("BY MONTH", found.byMonth)
        lines += ["", StyledText("LEARNING", .bold)]
        if found.learned > 0, found.learningQuartilesMs.count == 3 {
            let spans = found.learningQuartilesMs.map(TimeText.span)
            lines.append(
                StyledText(
                    "\(found.learned) were learned, half of them within \(spans[1]) (a quarter within \(spans[0]), three "
                        + "quarters within \(spans[2]))"))
        } else {
            lines.append(StyledText("fewer than \(found.minCell) were learned"))
        }
        lines.append(
            StyledText("\(found.unapplied) that no other organisation has adopted or tried"))
        return lines
    }

    private func chart(
        _ title: String, _ counts: [WireLessonCount], name: (String) -> String = { $0 }
    ) -> [StyledText] {
        guard !counts.isEmpty else { return [] }
        let bars = counts.map { BarChart.Bar(name: name($0.name), value: $0.withheld ? nil : Int($0.lessons)) }
        return ["", StyledText(title, .bold)] + BarChart(bars: bars, withheld: "-", width: width).lines
    }
}

extension WireStatistics {
    fileprivate var json: JSONNode {
        func counts(_ counts: [WireLessonCount]) -> JSONNode {
            .array(
                counts.map {
                    .object([
                        ("name", .string($0.name)), ("lessons", $0.withheld ? .null : .count(Int($0.lessons))),
                    ])
                })
        }
        return .object([
            ("lessons", .count(Int(lessons))), ("by_state", counts(byState)), ("by_topic", counts(byTopic)),
            ("by_country", counts(byCountry)), ("by_month", counts(byMonth)), ("learned", .count(Int(learned))),
            ("learning_quartiles_seconds", .array(learningQuartilesMs.map { .integer($0 / 1_000) })),
            ("unapplied", .count(Int(unapplied))), ("withheld_below", .count(Int(minCell))),
        ])
    }
}
