import ArgumentParser
import LessonModel
import RelayClient
import Storage
import TerminalUI
import Wire

struct SubscribeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "subscribe", abstract: "Follow topics: posts are kept for this device until it has received them.",
        discussion: """
            Write topic filters in quotes: 'policing/#' is policing with all below, 'policing/+' one level, '#' everything, \
            '!cyber/#' leaves out. Each call adds a filter; --replace puts it in place of all others.
            """)

    @OptionGroup var options: CommandOptions
    @OptionGroup var narrowing: NarrowingOptions

    @Argument(help: "The topics to follow.", completion: .topics)
    var topics: [String]

    @Option(help: "The subscription's name; without, this device's own.")
    var durable: String?

    @Flag(help: "Put this filter in place of those that the subscription has.")
    var replace = false

    @Option(help: "Where a new subscription begins: beginning, now, a post's number, a time, or a span ago such as 7d.")
    var from: String?

    func run() async throws {
        try await options.perform { context in
            guard let filter = try narrowing.filter(topics: topics) else {
                throw CommandFailure(.usage, "BAD_FILTER", "say which topics to follow, such as 'policing/#'")
            }
            let start = try StartPoint(from, now: context.now, zoneSeconds: context.zoneSeconds)
            let subscribed = try await context.connected { connection, identity in
                var request = WireSubscribe()
                request.durable = durable ?? identity.device
                request.filters = [WireFilter(filter)]
                request.replace = replace
                start.apply(to: &request)
                let subscribed = try await connection.subscribe(request)
                let mirror = try context.mirror(identity)
                let isKnown = try mirror.cursor(durable: request.durable) > 0
                if start != .unset || !isKnown {
                    try mirror.reset(durable: request.durable, to: subscribed.cursor)
                }
                return subscribed
            }
            let filters = subscribed.filters.compactMap { try? $0.value() }
            if context.output.isJSON {
                try context.output.json(
                    .object([
                        ("filters", .array(filters.map(\.json))), ("cursor", .integer(subscribed.cursor)),
                        ("head", .integer(subscribed.headSequence)),
                    ]))
                return
            }
            context.output.message("you follow:")
            for filter in filters { context.output.message(StyledText("  ") + StyledText(filter.text, .cyan)) }
            context.output.message(StyledText("receive live with: lessons watch", .dim))
        }
    }
}

struct UnsubscribeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unsubscribe", abstract: "Follow topics no more.")

    @OptionGroup var options: CommandOptions

    @Argument(help: "Topic filters as `lessons subscriptions` shows them; without, with --all, the whole subscription.")
    var topics: [String] = []

    @Option(help: "The subscription's name; without, this device's own.")
    var durable: String?

    @Flag(help: "Remove the whole subscription.")
    var all = false

    func validate() throws {
        guard all == topics.isEmpty else {
            throw ValidationError("name topic filters to remove, or give --all for the whole subscription")
        }
    }

    func run() async throws {
        try await options.perform { context in
            let left = try await context.connected { connection, identity in
                let name = durable ?? identity.device
                try await connection.unsubscribe(durable: name, topics: topics)
                return try await connection.subscriptions().first { $0.durable == name }?.filters ?? []
            }
            let filters = left.compactMap { try? $0.value() }
            if context.output.isJSON {
                try context.output.json(.object([("filters", .array(filters.map(\.json)))]))
                return
            }
            context.output.message(filters.isEmpty ? "you follow nothing any more" : "you still follow:")
            for filter in filters { context.output.message(StyledText("  ") + StyledText(filter.text, .cyan)) }
        }
    }
}

struct SubscriptionsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "subscriptions", abstract: "List what you follow, on all your devices.")

    @OptionGroup var options: CommandOptions

    func run() async throws {
        try await options.perform { context in
            let (list, head, own) = try await context.connected { connection, identity in
                (try await connection.subscriptions(), connection.welcome.headSequence, identity.device)
            }
            if context.output.isJSON {
                for subscription in list {
                    try context.output.json(
                        .object([
                            ("durable", .string(subscription.durable)), ("cursor", .integer(subscription.cursor)),
                            ("head", .integer(head)), ("this_device", .bool(subscription.durable == own)),
                            ("filters", .array(subscription.filters.compactMap { try? $0.value().json })),
                        ]))
                }
                return
            }
            guard !list.isEmpty else {
                context.output.message("you follow nothing yet; begin with: lessons subscribe 'TOPIC/#'")
                return
            }
            var table = TextTable(("SUBSCRIPTION", .left), ("RECEIVED", .right), ("OF", .right), ("FILTER", .left))
            for subscription in list {
                let note = subscription.durable == own ? " (this device)" : ""
                for (index, filter) in subscription.filters.enumerated() {
                    table.add(
                        StyledText(index == 0 ? subscription.durable + note : ""),
                        StyledText(index == 0 ? "#\(subscription.cursor)" : ""),
                        StyledText(index == 0 ? "#\(head)" : ""),
                        StyledText((try? filter.value().text) ?? filter.topics.joined(separator: " "), .cyan))
                }
            }
            try context.output.data(table.lines(width: context.output.width))
        }
    }
}
