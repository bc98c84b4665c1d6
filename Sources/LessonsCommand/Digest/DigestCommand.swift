import ArgumentParser
import Foundation
import LessonModel
import RelayClient
import Storage
import TerminalUI

struct DigestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "digest", abstract: "Write what is new, in a bounded space, to be read at once or mailed.",
        discussion: """
            Receives what is new for your subscriptions first, and goes on with what is here where the relay cannot be \
            reached. New lessons come first, then what became of known ones, then replies. Where nothing is new nothing is \
            written, so that cron sends no mail: \

              0 7 * * 1  lessons digest --weekly --quiet --no-input

            Mail is not this relay: posts above TLP:GREEN are only counted unless you name their markings with --marking, \
            and everybody who gets the mail is somebody to whom you passed them on.
            """)

    @OptionGroup var options: CommandOptions

    @Flag(help: "Of the last 24 hours; so also without any of these three.")
    var daily = false

    @Flag(help: "Of the last seven days.")
    var weekly = false

    @Option(help: "Since this time: 2026-11-24, 2026-11-24T10:00, or a span such as 3d.")
    var since: String?

    @Option(help: "text, markdown or html.")
    var format = DigestRendering.Format.text

    @Option(help: "Threads at most, 1 to 500.")
    var maxItems = 30

    @Option(name: .customLong("marking"), help: "Also tell posts with this marking; may be repeated.")
    var markings: [Marking] = []

    @Flag(help: "Of what this machine has received; do not connect.")
    var offline = false

    func validate() throws {
        guard [daily, weekly, since != nil].count(where: { $0 }) <= 1 else {
            throw ValidationError("give --daily, --weekly or --since, not several")
        }
        guard (1...500).contains(maxItems) else { throw ValidationError("--max-items is 1 to 500") }
    }

    func run() async throws {
        try await options.perform { context in
            let now = context.now
            let start = try start(now, context)
            let identity = try context.identity()
            let mirror = try context.mirror(identity)
            if !offline { try await receive(context, identity, mirror) }
            let threads = try mirror.threads(withPostsSince: start).map { ($0, mirror.shown(try mirror.thread($0))) }
            let digest = Digest(
                threads: threads, since: start, until: now, markings: Set(markings).union([.clear, .green]),
                maxItems: maxItems)
            if context.output.isJSON { return try context.output.json(digest.json) }
            guard !digest.isEmpty else {
                context.output.message(StyledText("nothing is new since \(TimeText.local(start))"))
                return
            }
            try context.output.document(DigestRendering(digest: digest).render(format))
        }
    }

    private func start(_ now: Milliseconds, _ context: CommandContext) throws -> Milliseconds {
        guard let since else { return now - (weekly ? 7 : 1) * 86_400_000 }
        guard let time = TimeText.point(since, now: now, zoneSeconds: context.zoneSeconds) else {
            throw CommandFailure(
                .usage, "BAD_TIME", "\"\(since)\" is no time", hint: "write 2026-11-24, 2026-11-24T10:00, or 3d")
        }
        return time
    }

    /// A relay that is away costs nothing but what it would have brought.
    private func receive(_ context: CommandContext, _ identity: ClientIdentity, _ mirror: ClientMirror) async throws {
        let receiver = QuietReceiver(mirror: mirror, durable: identity.device)
        let subscription = Subscription(
            durable: identity.device, filters: [], start: .unset, endsWhenCaughtUp: true, comesBack: false)
        do {
            try await subscription.run(context, identity, mirror, receiver)
        } catch let failure as CommandFailure where failure.status == .unreachable {
            context.output.message(StyledText("offline: \(failure.message)", .yellow))
        } catch ClientError.unreachable(let reason) {
            context.output.message(StyledText("offline: \(reason)", .yellow))
        }
    }
}

extension DigestRendering.Format: ExpressibleByArgument {}

/// Keeps what comes without a word.
private final class QuietReceiver: SubscriptionReceiver {
    private let mirror: ClientMirror
    private let durable: String

    init(mirror: ClientMirror, durable: String) {
        self.mirror = mirror
        self.durable = durable
    }

    func begin(at cursor: SequenceNumber, head: SequenceNumber, isNew: Bool) throws {
        if isNew { try mirror.reset(durable: durable, to: cursor) }
    }

    func receive(_ posts: [VerifiedPost]) -> SubscriptionDecision { .goOn }

    func caughtUp(through: SequenceNumber, isFirst: Bool) {}
}

extension Digest {
    var json: JSONNode {
        .object([
            ("since", .string(TimeText.iso(since))), ("until", .string(TimeText.iso(until))),
            ("marking", .text(marking?.label)),
            (
                "threads",
                .array(
                    items.map { item in
                        .object([
                            ("sequence", .integer(item.sequence)), ("topic", .string(item.topic.path)),
                            ("title", .string(item.title)), ("marking", .string(item.marking.label)),
                            ("organisation", .string(item.organisation.text)), ("state", .text(item.state?.name)),
                            ("new", .bool(item.isNew)), ("news", .strings(item.news)),
                            ("summary", .string(item.summary)),
                        ])
                    })
            ),
            ("threads_left", .count(left)), ("posts_withheld", .count(withheld)), ("posts_unproved", .count(unproved)),
        ])
    }
}
