import ArgumentParser
import LessonModel
import RelayClient
import Storage
import TerminalUI

struct SyncCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sync", abstract: "Receive what is new, to be read offline, and end.")

    @OptionGroup var options: CommandOptions

    @Option(help: "The subscription to receive; without, this device's own.")
    var durable: String?

    func run() async throws {
        try await options.perform { context in
            let identity = try context.identity()
            let mirror = try context.mirror(identity)
            let name = durable ?? identity.device
            let ended = try await SignalStream.ending {
                let counting = Counting(output: context.output, mirror: mirror, durable: name)
                let subscription = Subscription(
                    durable: name, filters: [], start: .unset, endsWhenCaughtUp: true, comesBack: false)
                try await subscription.run(context, identity, mirror, counting)
                if !Task.isCancelled { try counting.summarise() }
            }
            if let ended { throw ExitCodeRequest(ended) }
        }
    }
}

/// Counts what a subscription brings.
private final class Counting: SubscriptionReceiver {
    private let output: Output
    private let mirror: ClientMirror
    private let durable: String
    private(set) var count = 0
    private(set) var unverified = 0
    private var progress: ProgressReport?

    init(output: Output, mirror: ClientMirror, durable: String) {
        self.output = output
        self.mirror = mirror
        self.durable = durable
    }

    /// What is received here has still to be shown, so that the place where showing goes on is kept.
    func begin(at cursor: SequenceNumber, head: SequenceNumber, isNew: Bool) throws {
        if isNew { try mirror.reset(durable: durable, to: cursor) }
        progress = ProgressReport("received", total: nil, output: output, now: .now)
    }

    func receive(_ posts: [VerifiedPost]) -> SubscriptionDecision {
        count += posts.count
        unverified += posts.count { !$0.verdict.isVerified }
        progress?.update(count, now: .now)
        return .goOn
    }

    func caughtUp(through: SequenceNumber, isFirst: Bool) { progress?.end() }

    func summarise() throws {
        guard !output.isJSON else {
            try output.json(.object([("received", .count(count)), ("unverified", .count(unverified))]))
            return
        }
        output.message(StyledText("received \(count) new post\(count == 1 ? "" : "s")", .green))
        if unverified > 0 { output.warning("\(unverified) of them have no valid signature of their author") }
    }
}
