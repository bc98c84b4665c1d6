import ArgumentParser
import LessonModel
import RelayClient
import Storage
import TerminalUI
import Wire

struct TopicsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "topics", abstract: "List the topics, with how much of each is for you.")

    @OptionGroup var options: CommandOptions
    @OptionGroup var source: SourceOptions

    func run() async throws {
        try await options.perform { context in
            try await source.read(context) { connection, identity in
                let topics = try await connection.topics()
                try? context.mirror(identity).keep(topics, at: context.now)
                try show(topics, context.output)
            } local: { identity in
                try showMirrored(try context.mirror(identity), context.output)
            }
        }
    }

    private func show(_ topics: [WireTopicSummary], _ output: Output) throws {
        if output.isJSON {
            for topic in topics {
                try output.json(
                    .object([
                        ("topic", .string(topic.path)), ("description", .string(topic.description_p)),
                        ("threads", .integer(Int64(topic.threads))), ("posts", .integer(Int64(topic.posts))),
                        ("last_sequence", .integer(topic.lastSequence)), ("moderated", .bool(topic.moderated)),
                        ("archived", .bool(topic.archived)), ("keep_days", .integer(Int64(topic.keepDays))),
                        ("review_days", .integer(Int64(topic.reviewDays))),
                    ]))
            }
            return
        }
        var table = TextTable(("TOPIC", .left), ("THREADS", .right), ("POSTS", .right), ("ABOUT", .left))
        for topic in topics {
            table.add(
                StyledText(topic.path), StyledText("\(topic.threads)"), StyledText("\(topic.posts)"),
                StyledText(topic.moderated ? "[moderated] " : "", .yellow)
                    + StyledText(topic.archived ? "[archived] " : "", .yellow)
                    + StyledText(topic.keepDays > 0 ? "[kept \(topic.keepDays) days] " : "", .yellow)
                    + StyledText(topic.description_p, .dim))
        }
        try output.data(table.lines(width: output.width))
        output.message("follow one with: lessons subscribe 'TOPIC/#'")
    }

    /// Only the topics in which something was received are known here.
    private func showMirrored(_ mirror: ClientMirror, _ output: Output) throws {
        var counts: [Topic: (threads: Int, posts: Int)] = [:]
        for thread in try mirror.threads(MirrorQuery(limit: .max)) {
            let count = counts[thread.topic] ?? (0, 0)
            counts[thread.topic] = (count.threads + 1, count.posts + thread.postCount)
        }
        var table = TextTable(("TOPIC", .left), ("THREADS", .right), ("POSTS", .right))
        for (topic, count) in counts.sorted(by: { $0.key < $1.key }) {
            if output.isJSON {
                try output.json(
                    .object([
                        ("topic", .string(topic.path)), ("threads", .count(count.threads)),
                        ("posts", .count(count.posts)),
                    ]))
            }
            table.add(StyledText(topic.path), StyledText("\(count.threads)"), StyledText("\(count.posts)"))
        }
        if !output.isJSON { try output.data(table.lines(width: output.width)) }
    }
}
