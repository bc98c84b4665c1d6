import Foundation
import LessonModel
import PKI
import RelayClient
import TerminalUI
import Wire

/// Writes the whole audit log to a file, oldest first, a bounded part of it in memory at a time.
struct AuditExport {
    private static let window: Int64 = 500

    var path: String

    func run(_ context: CommandContext) async throws {
        guard !FileManager.default.fileExists(atPath: path) else {
            throw SecretFileError.alreadyExists(path: path).failure
        }
        // It tells who did what: for this account alone. Nothing is left under the name when the export breaks off.
        let partial = path + ".partial"
        do {
            try SecretFile.write("", to: partial, replacing: true)
        } catch {
            throw error.failure
        }
        let count: Int
        do {
            count = try await context.connected { connection, _ in
                try await export(over: connection, to: FileHandle(forWritingTo: URL(filePath: partial)), context)
            }
            try FileManager.default.moveItem(atPath: partial, toPath: path)
        } catch {
            try? FileManager.default.removeItem(atPath: partial)
            throw error
        }
        if context.output.isJSON {
            try context.output.json(.object([("file", .string(path)), ("entries", .count(count))]))
        } else {
            context.output.message(StyledText("wrote \(count) entries to \(path)"))
        }
    }

    /// The relay lists the newest first; numbers rise by one, so that windows of numbers come in order.
    private func export(
        over connection: RelayConnection, to file: FileHandle, _ context: CommandContext
    ) async throws -> Int {
        defer { try? file.close() }
        var newest = WireListAudit()
        newest.limit = 1
        let last = try await connection.audit(newest).entries.first?.sequence ?? 0
        var progress = ProgressReport("exported", total: Int(last), output: context.output, now: .now)
        defer { progress.end() }
        var count = 0
        var start: Int64 = 0
        while start < last {
            let end = min(start + Self.window, last)
            let entries = try await entries(after: start, through: end, connection)
            let text = entries.map { AuditFile.line(of: $0).line + "\n" }.joined()
            try file.write(contentsOf: Data(text.utf8))
            count += entries.count
            start = end
            progress.update(Int(start), now: .now)
        }
        return count
    }

    private func entries(
        after start: Int64, through end: Int64, _ connection: RelayConnection
    ) async throws -> [WireAuditRecord] {
        var list = WireListAudit()
        list.beforeSequence = end + 1
        list.limit = UInt32(Self.window)
        var entries: [WireAuditRecord] = []
        while true {
            let page = try await connection.audit(list)
            entries += page.entries.filter { $0.sequence > start }
            guard page.more, let oldest = page.entries.last?.sequence, oldest > start + 1,
                oldest < list.beforeSequence
            else { return entries.reversed() }
            list.beforeSequence = oldest
        }
    }
}
