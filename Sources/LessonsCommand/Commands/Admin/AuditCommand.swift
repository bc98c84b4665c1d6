import ArgumentParser
import FoundationEssentials
import LessonModel
import RelayClient
import TerminalUI
import Wire

struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Show who did what, oldest of the chosen first; or verify the audit log.",
        discussion: """
            A relay administrator sees everything, an organisation administrator what concerns their organisation. The \
            head hash that --verify tells, kept elsewhere, proves later that nothing before it was changed. A relay \
            administrator's --export is the whole log, which --verify-file checks wherever it lies.
            """)

    @OptionGroup var options: CommandOptions

    @Option(help: "Since this time: 2026-11-24, 2026-11-24T10:00, or a span such as 7d.")
    var since: String?

    @Option(help: "Only actions that this pattern selects, such as member.suspend or certificate.*, in quotes.")
    var action: String?

    @Option(help: "Only acts of this member, by id, or of host.")
    var actor: String?

    @Option(help: "At most so many, the newest; 0 for all.")
    var limit: Int = 100

    @Flag(help: "Let the relay check that each entry follows from the one before.")
    var verify = false

    @Option(help: "Write all of it to this new file, one JSON object a line, oldest first.", completion: .file())
    var export: String?

    @Option(help: "Check a file that --export wrote; no relay is asked.", completion: .file())
    var verifyFile: String?

    func validate() throws {
        guard limit >= 0 else { throw ValidationError("--limit is 0 or more") }
        guard [verify, export != nil, verifyFile != nil].filter(\.self).count <= 1 else {
            throw ValidationError("--verify, --export and --verify-file exclude one another")
        }
        if verify || export != nil || verifyFile != nil, since != nil || action != nil || actor != nil {
            throw ValidationError(
                "--verify, --export and --verify-file are about the whole log: leave --since, --action and --actor out")
        }
    }

    func run() async throws {
        try await options.perform { context in
            if verify { return try await verify(context) }
            if let export { return try await AuditExport(path: export).run(context) }
            if let verifyFile { return try self.verify(file: verifyFile, context) }
            let request = try request(context)
            let (entries, more) = try await context.connected { connection, _ in
                try await self.entries(request, connection)
            }
            if context.output.isJSON {
                for entry in entries { try context.output.json(entry.json) }
            } else {
                var table = TextTable(
                    ("NUMBER", .right), ("TIME", .left), ("ACTOR", .left), ("ACTION", .left), ("DETAIL", .left))
                for entry in entries {
                    table.add(
                        StyledText("\(entry.sequence)", .dim), StyledText(TimeText.local(entry.atMs)),
                        StyledText(entry.actorName.nonEmpty ?? entry.actor),
                        StyledText(entry.action, entry.action == "request.refuse" ? .yellow : .plain),
                        StyledText(entry.detailText))
                }
                try context.output.data(table.lines(width: context.output.width))
            }
            if more { context.output.message(StyledText("there are older ones; all of them: --limit 0", .dim)) }
        }
    }

    private func request(_ context: CommandContext) throws -> WireListAudit {
        var request = WireListAudit()
        request.action = action ?? ""
        request.actor = actor ?? ""
        if let since {
            guard let time = TimeText.point(since, now: context.now, zoneSeconds: context.zoneSeconds) else {
                throw CommandFailure(
                    .usage, "INVALID", "\"\(since)\" is no time", field: "since",
                    hint: "write 2026-11-24, 2026-11-24T10:00, or a span such as 7d")
            }
            request.sinceMs = max(1, time)
        }
        return request
    }

    /// - Returns: the newest that were asked for, oldest first, and whether there are more.
    private func entries(
        _ first: WireListAudit, _ connection: RelayConnection
    ) async throws -> (entries: [WireAuditRecord], more: Bool) {
        var request = first
        var entries: [WireAuditRecord] = []
        while true {
            request.limit = UInt32(min(500, limit == 0 ? 500 : limit - entries.count))
            let page = try await connection.audit(request)
            entries += page.entries
            guard page.more, let last = page.entries.last, limit == 0 || entries.count < limit else {
                return (entries.reversed(), page.more)
            }
            request.beforeSequence = last.sequence
        }
    }

    private func verify(_ context: CommandContext) async throws {
        let found = try await context.connected { connection, _ in try await connection.verifyAudit() }
        let head = Hex.text(of: found.headHash)
        guard found.firstBroken == 0 else {
            throw CommandFailure(
                .badData, "AUDIT_BROKEN",
                "the audit log was changed: entry \(found.firstBroken) of \(found.entries) does not follow",
                hint: "keep the relay's database as it is, and compare it with a backup")
        }
        try tell(found.entries, head, context)
    }

    private func verify(file path: String, _ context: CommandContext) throws {
        let text: String
        do {
            text = try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw CommandFailure(.missingInput, "NOT_FOUND", "\(path) cannot be read")
        }
        let found = AuditFile.verify(text.split(separator: "\n"))
        guard found.firstBrokenLine == 0 else {
            throw CommandFailure(
                .badData, "AUDIT_BROKEN",
                "\(path) is no whole audit log: line \(found.firstBrokenLine) does not follow from the one before",
                hint: "an organisation's own export leaves others' entries out; a relay administrator's is whole")
        }
        try tell(Int64(found.entries), Hex.text(of: found.headHash), context)
    }

    private func tell(_ entries: Int64, _ head: String, _ context: CommandContext) throws {
        if context.output.isJSON {
            try context.output.json(
                .object([("entries", .integer(entries)), ("head_hash", .string(head)), ("whole", .bool(true))]))
        } else {
            try context.output.data(StyledText("\(entries) entries, whole; head \(head)"))
        }
    }
}

extension WireAuditRecord {
    /// The facts by name; nil when they are not what the protocol says.
    private var facts: [(key: String, value: String)]? {
        (try? JSONDecoder().decode([String: String].self, from: Data(detail.utf8)))?.sorted { $0.key < $1.key }
    }

    /// `name=value`, on one line.
    var detailText: String {
        facts?.map { "\($0.key)=\($0.value.contains(" ") ? "\"\($0.value)\"" : $0.value)" }.joined(separator: " ")
            ?? detail
    }

    var json: JSONNode {
        .object([
            ("number", .integer(sequence)), ("at", .string(TimeText.iso(atMs))), ("actor", .string(actor)),
            ("actor_name", .text(actorName.nonEmpty)),
            (
                "certificate",
                certificateFingerprint.isEmpty ? .null : .string(Hex.text(of: certificateFingerprint))
            ),
            ("action", .string(action)),
            ("detail", facts.map { .object($0.map { ($0.key, .string($0.value)) }) } ?? .string(detail)),
            ("hash", .string(Hex.text(of: hash))),
        ])
    }
}
