import ArgumentParser
import LessonModel
import RelayClient
import Storage
import TerminalUI

struct WatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch", abstract: "Receive what you follow, live, each post once.",
        discussion: """
            Begins after the last post that watch has printed, and comes back by itself when the line drops. With --json each \
            post is one object on one line.

            With filters it shows these topics for now, without remembering, and leaves your subscription as it is. Write \
            them in quotes: 'policing/#' is policing with all below, 'policing/+' one level, '#' everything.
            """)

    @OptionGroup var options: CommandOptions
    @OptionGroup var narrowing: NarrowingOptions

    @Argument(help: "Watch these topics in place of your subscription.", completion: .topics)
    var topics: [String] = []

    @Option(
        help: "The subscription to receive; with filters, it is made or changed to them. Without, this device's own.")
    var durable: String?

    @Option(
        help: "Begin at: beginning, now, a post's number, a time such as 2026-11-24T10:00, or a span ago such as 7d.")
    var from: String?

    @Option(help: "End after this many posts.")
    var limit: Int?

    @Flag(help: "End when everything that the relay has was received.")
    var untilCaughtUp = false

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit is 1 or more") }
        if let durable, !(1...64).contains(durable.utf8.count) { throw ValidationError("--durable is 1 to 64 bytes") }
    }

    func run() async throws {
        try await options.perform { context in
            let identity = try context.identity()
            let filter = try narrowing.filter(topics: topics)
            let start = try StartPoint(from, now: context.now, zoneSeconds: context.zoneSeconds)
            let name = filter == nil ? durable ?? identity.device : durable
            let mirror = try context.mirror(identity)
            let endsWhenCaughtUp = untilCaughtUp
            let limit = limit
            let shown = start == .unset ? try name.map { try mirror.shownThrough(durable: $0) } ?? 0 : 0
            let ended = try await SignalStream.ending {
                let printer = PostPrinter(
                    output: context.output, mirror: mirror, durable: name, printedThrough: shown, limit: limit)
                let subscription = Subscription(
                    durable: name, filters: filter.map { [$0] } ?? [], start: start, endsWhenCaughtUp: endsWhenCaughtUp,
                    comesBack: true)
                try await subscription.run(
                    context, identity, mirror, Watching(printer: printer, output: context.output))
            }
            if let ended { throw ExitCodeRequest(ended) }
        }
    }
}

/// Prints what a subscription brings.
private struct Watching: SubscriptionReceiver {
    let printer: PostPrinter
    let output: Output

    func begin(at cursor: SequenceNumber, head: SequenceNumber, isNew: Bool) throws {
        if isNew { try printer.restart(at: cursor) }
        if head > cursor {
            output.message(StyledText("receiving what came since #\(cursor); the log is at #\(head)", .dim))
        }
    }

    func receive(_ posts: [VerifiedPost]) throws -> SubscriptionDecision {
        try printer.print(posts)
        return printer.isFull ? .stop : .goOn
    }

    func caughtUp(through: SequenceNumber, isFirst: Bool) throws {
        try printer.note(through)
        if isFirst { output.message(StyledText("up to date; new posts appear as they come (Ctrl-C ends)", .dim)) }
    }
}
