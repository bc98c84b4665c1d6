import ArgumentParser
import LessonModel
import RelayClient
import Storage
import TerminalUI
import Wire

struct OutboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "outbox", abstract: "See and send the posts that wait on this machine.",
        subcommands: [OutboxListCommand.self, OutboxSendCommand.self, OutboxDropCommand.self],
        defaultSubcommand: OutboxListCommand.self)
}

struct OutboxListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List what waits and what was refused.")

    @OptionGroup var options: CommandOptions

    @Flag(help: "Only what the relay refused.")
    var refused = false

    @Flag(help: "Also what was sent.")
    var all = false

    func run() async throws {
        try await options.perform { context in
            let entries = try context.profile.openOutbox().items().filter { entry in
                switch entry.state {
                case .pending: !refused
                case .sent: all && !refused
                case .refused: true
                }
            }
            if context.output.isJSON {
                for entry in entries { try context.output.json(entry.json) }
                return
            }
            guard !entries.isEmpty else {
                context.output.message("nothing waits in the outbox")
                return
            }
            var table = TextTable(
                ("ID", .left), ("STATE", .left), ("WRITTEN", .left), ("TRIES", .right), ("TITLE", .left))
            for entry in entries {
                let style: StyledText.Style = if case .refused = entry.state { .red } else { .plain }
                table.add(
                    StyledText(entry.item.id.description), StyledText(entry.stateText, style),
                    StyledText(TimeText.local(entry.item.createdAt), .dim), StyledText("\(entry.attempts)"),
                    StyledText(entry.item.title))
            }
            try context.output.data(table.lines(width: context.output.width))
            var told: Set<String> = []
            for case .refused(let code, let reason) in entries.map(\.state) {
                let text = "\((WireErrorCode(rawValue: code) ?? .unspecified).name): \(reason)"
                if told.insert(text).inserted { context.output.message(StyledText(text).onOneLine) }
            }
        }
    }
}

struct OutboxSendCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "send", abstract: "Send what waits.")

    @OptionGroup var options: CommandOptions

    @Flag(help: "Also try again what the relay refused.")
    var retryRefused = false

    func run() async throws {
        try await options.perform { context in
            let identity = try context.identity()
            let outbox = try context.profile.openOutbox()
            if retryRefused {
                for entry in try outbox.items() {
                    if case .refused = entry.state { try outbox.retry(entry.item.id) }
                }
            }
            let count = try outbox.pendingCount()
            guard count > 0 else {
                if context.output.isJSON { try context.output.json(OutboxReport().json) }
                context.output.message("nothing waits in the outbox")
                return
            }
            let connection = try await context.connect(identity)
            var progress = ProgressReport("sent", total: count, output: context.output, now: .now)
            var done = 0
            let report: OutboxReport
            do {
                report = try await context.sender(outbox, identity).send(over: connection, now: context.now) { step in
                    if case .uploading(let name, let bytes, let size) = step {
                        progress.upload(name, bytes, of: size, now: .now)
                    } else {
                        done += 1
                        progress.update(done, now: .now)
                    }
                }
            } catch {
                await connection.close()
                throw error
            }
            await context.renewIfDue(identity, over: connection)
            await connection.close()
            progress.end()
            if context.output.isJSON { try context.output.json(report.json) } else { context.tell(report) }
            if let stopped = report.stopped {
                let failure = CommandFailure(stopped)
                context.output.failure(failure)
                throw ExitCodeRequest(failure.status == .denied ? .denied : .queued)
            }
            if !report.refused.isEmpty { throw ExitCodeRequest(.badData) }
        }
    }
}

struct OutboxDropCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drop", abstract: "Throw a post away that waits or was refused; its text is gone.")

    @OptionGroup var options: CommandOptions

    @Argument(help: "The post's id, or the beginning of it.")
    var ids: [String]

    func run() async throws {
        try await options.perform { context in
            let outbox = try context.profile.openOutbox()
            let unsent = try outbox.items().filter { if case .sent = $0.state { false } else { true } }
            var chosen: [PostID] = []
            for id in ids {
                let matches = unsent.filter { $0.item.id.description.hasPrefix(id.lowercased()) }
                guard matches.count == 1, id.count >= PostReference.minPrefixCharacters else {
                    throw CommandFailure(
                        .missingInput, matches.isEmpty ? "NOT_FOUND" : "AMBIGUOUS",
                        matches.isEmpty ? "no post \(id) waits in the outbox" : "\(id) is not enough of an id",
                        hint: "see them with: lessons outbox list")
                }
                chosen.append(matches[0].item.id)
            }
            for id in chosen { try outbox.drop(id) }
            try context.sender(outbox, try context.identity()).forgetAttachments()
            if context.output.isJSON {
                try context.output.json(.object([("dropped", .strings(chosen.map(\.description)))]))
            } else {
                context.output.message(StyledText("dropped \(chosen.count) post\(chosen.count == 1 ? "" : "s")"))
            }
        }
    }
}

extension OutboxEntry {
    var stateText: String {
        switch state {
        case .pending: "waits"
        case .sent(let sequence): sequence > 0 ? "sent #\(sequence)" : "with the relay"
        case .refused: "refused"
        }
    }

    var json: JSONNode {
        var fields: [(String, JSONNode)] = [
            ("id", .string(item.id.description)), ("title", .string(item.title)),
            ("created_at", .string(TimeText.iso(item.createdAt))), ("attempts", .count(attempts)),
        ]
        switch state {
        case .pending: fields.append(("state", .string("pending")))
        case .sent(let sequence): fields += [("state", .string("sent")), ("sequence", .integer(sequence))]
        case .refused(let code, let reason):
            let name = (WireErrorCode(rawValue: code) ?? .unspecified).name
            fields += [("state", .string("refused")), ("code", .string(name)), ("reason", .string(reason))]
        }
        return .object(fields)
    }
}

extension OutboxReport {
    var json: JSONNode {
        .object([
            (
                "sent",
                .array(
                    sent.map { .object([("id", .string($0.id.description)), ("sequence", .integer($0.sequence))]) })
            ),
            (
                "refused",
                .array(
                    refused.map {
                        .object([
                            ("id", .string($0.id.description)), ("code", .string($0.error.code.name)),
                            ("reason", .string($0.error.message)),
                        ])
                    })
            ),
            ("waiting", .count(waitingCount)),
        ])
    }
}
