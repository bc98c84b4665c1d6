import Foundation
import LessonModel
import PKI
import RelayClient
import Storage
import TerminalUI
import Wire

/// One import: reads records, makes posts of those that were not imported before, and sends them in batches, so that memory
/// stays the same for a file of any size.
struct ImportRun {
    /// Posts that are signed, queued and sent together.
    private static let batchPosts = 256
    /// Problems that are told one by one; the rest are counted.
    private static let maxToldProblems = 20

    private let context: CommandContext
    private let identity: ClientIdentity
    /// The one topic of all lessons; nil where each has its own.
    private let topic: Topic?
    private let source: String
    private let isDryRun: Bool
    private let signer: PostSigner
    private let outbox: Outbox
    private let mirror: ClientMirror?
    private var known: Set<String>
    private var batch: [OutboxItem] = []
    /// Of exported threads, by the item's id.
    private var origins: [PostID: PostID] = [:]
    private var progress: ProgressReport
    private var recordCount = 0
    private var connection: RelayConnection?

    private(set) var imported = 0
    private(set) var skipped = 0
    private(set) var filtered = 0
    private(set) var refused = 0
    private(set) var broken = 0
    /// Lessons of threads that this relay has already.
    private(set) var present = 0
    private(set) var waiting = 0
    private var stopped: CommandFailure?

    /// - Parameters:
    ///   - topic: the one of all lessons; nil where each has its own.
    ///   - source: names where the records come from.
    ///   - total: records, where that is known.
    init(
        context: CommandContext, identity: ClientIdentity, topic: Topic?, source: String, total: Int?, isDryRun: Bool
    ) throws {
        self.context = context
        self.identity = identity
        self.topic = topic
        self.source = source
        self.isDryRun = isDryRun
        signer = try PostSigner(identity)
        outbox = try context.profile.openOutbox()
        mirror = try? context.mirror(identity)
        if !isDryRun { try Self.dropRefused(source, outbox) }
        known = Set(try outbox.importedKeys(source: source).keys)
        progress = ProgressReport("records read", total: total, output: context.output, now: .now)
    }

    /// What the relay refused is made anew from its record, since the mapping may have been put right.
    private static func dropRefused(_ source: String, _ outbox: Outbox) throws {
        for entry in try outbox.items() where entry.item.importKey?.source == source {
            if case .refused = entry.state { try outbox.drop(entry.item.id) }
        }
    }

    /// Takes all records; a cancelled task leaves the rest for the next time.
    mutating func take(_ source: inout some ImportSource) async throws {
        do {
            if !isDryRun { try await connect() }
            while !Task.isCancelled, let step = try source.next() {
                recordCount += 1
                try take(step)
                progress.update(recordCount, now: .now)
                if batch.count >= Self.batchPosts { try await flush() }
            }
            try await flush()
        } catch {
            await connection?.close()
            throw error
        }
        await connection?.close()
        connection = nil
        progress.end()
    }

    /// The id is the same whenever the member imports the record again, so that the relay knows it too.
    static func postID(member: MemberID, source: String, key: String) -> PostID? {
        var text = member.bytes
        for part in [source, key] {
            // Each part with its length, so that no two records write the same bytes.
            text += withUnsafeBytes(of: UInt32(clamping: part.utf8.count).bigEndian, Array.init)
            text += Array(part.utf8)
        }
        return UUIDValue(version8From: SHA256.digest(text)).map(PostID.init)
    }

    /// Nil for what can be read only once, such as a pipe.
    static func lineCount(_ path: String) throws -> Int? {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        guard attributes?[.type] as? FileAttributeType == .typeRegular else { return nil }
        var lines = try RecordLines(path: path)
        var count = 0
        while try lines.next() != nil { count += 1 }
        return count
    }

    private mutating func take(_ step: ImportStep) throws {
        let lesson: ImportedLesson
        let origin: PostID?
        switch step {
        case .filtered:
            filtered += 1
            return
        case .problem(let place, let problem):
            tell(place, problem)
            return
        case .lesson(let found, let thread): (lesson, origin) = (found, thread)
        }
        if let origin, let mirror, try mirror.post(origin) != nil {
            present += 1
            return
        }
        guard known.insert(lesson.key).inserted else {
            skipped += 1
            return
        }
        guard let id = Self.postID(member: identity.member.id, source: source, key: lesson.key) else { return }
        let document = lesson.document
        guard !isDryRun else {
            imported += 1
            if context.output.isJSON {
                try context.output.json(
                    .object(
                        [
                            ("key", .string(lesson.key)), ("id", .string(id.description)),
                            ("notes", .strings(lesson.notes)),
                        ]
                            + document.lesson.jsonFields))
            } else {
                try context.output.data(
                    StyledText("\(lesson.key)  ", .dim) + StyledText(document.lesson.title).onOneLine)
            }
            return
        }
        let post = signer.post(
            document.lesson, topic: document.topic, marking: document.marking, audience: document.audience,
            language: document.language, id: id, now: context.now)
        if let origin { origins[id] = origin }
        batch.append(
            OutboxItem(
                id: id, post: try signer.sign(post), title: document.lesson.title, createdAt: post.createdAt,
                importKey: OutboxItem.ImportKey(source: source, key: lesson.key)))
    }

    private mutating func connect() async throws {
        let connection: RelayConnection
        do {
            connection = try await context.connect(identity)
        } catch {
            stopped = CommandFailure(error)
            context.output.message(StyledText("offline: \(error.description); the lessons are queued", .yellow))
            return
        }
        self.connection = connection
        // A wrong topic would be refused for every record.
        if let topic, case let topics = try await connection.topics().map(\.path),
            !topics.contains(topic.path)
        {
            throw CommandFailure(
                .badData, "UNKNOWN_TOPIC", "there is no topic \(topic)", field: "topic",
                hint: TopicSuggestion.hint(for: topic.path, among: topics) ?? "see the topics with: lessons topics")
        }
        try await context.sendWaiting(over: connection, identity)
    }

    /// Queues the batch, and sends it while there is a connection.
    private mutating func flush() async throws {
        try await dropPresent()
        if !batch.isEmpty { try outbox.add(batch) }
        batch = []
        guard let connection else {
            waiting = isDryRun ? 0 : try outbox.pendingCount()
            return
        }
        let report = try await context.sender(outbox, identity).send(
            over: connection, now: context.now)
        waiting = report.waitingCount
        for sent in report.sent {
            if sent.isDuplicate { skipped += 1 } else { imported += 1 }
        }
        for refusal in report.refused {
            refused += 1
            if refused <= Self.maxToldProblems {
                context.output.warning(
                    "the relay refused \"\(SafeText.line(refusal.title))\": \(refusal.error.message)")
            }
        }
        if let error = report.stopped {
            stopped = CommandFailure(error)
            context.output.message(StyledText("\(error.description); the rest is queued", .yellow))
            await connection.close()
            self.connection = nil
        }
    }

    /// Leaves out lessons whose threads the relay has, so that an export of this relay doubles nothing.
    private mutating func dropPresent() async throws {
        guard let connection, !origins.isEmpty else { return }
        var found: Set<PostID> = []
        var rest = Array(origins.values)[...]
        while !rest.isEmpty {
            for stored in try await connection.posts(Array(rest.prefix(100))) {
                if let post = try? Post(content: stored.post.content) { found.insert(post.id) }
            }
            rest = rest.dropFirst(100)
        }
        let before = batch.count
        batch.removeAll { origins[$0.id].map(found.contains) ?? false }
        present += before - batch.count
        origins = [:]
    }

    private mutating func tell(_ place: String, _ problem: String) {
        broken += 1
        if broken <= Self.maxToldProblems { context.output.warning("\(place): \(problem)") }
    }

    // MARK: The end

    func summarise(isInterrupted: Bool) throws {
        if context.output.isJSON {
            guard !isDryRun else { return }
            try context.output.json(
                .object([
                    ("imported", .count(imported)), ("skipped", .count(skipped)), ("filtered", .count(filtered)),
                    ("present", .count(present)), ("refused", .count(refused)), ("broken", .count(broken)),
                    ("waiting", .count(waiting)),
                    ("interrupted", .bool(isInterrupted)),
                ]))
            return
        }
        var parts = ["\(imported) \(isDryRun ? "would be imported" : "imported")", "\(skipped) imported before"]
        if present > 0 { parts.append("\(present) here already") }
        if filtered > 0 { parts.append("\(filtered) left out by the filters") }
        if refused > 0 { parts.append("\(refused) refused") }
        if broken > 0 { parts.append("\(broken) that are no lessons") }
        if waiting > 0 { parts.append("\(waiting) waiting in the outbox") }
        context.output.message(StyledText(parts.joined(separator: ", ")))
        if refused > 0 { context.output.message("see the refused ones with: lessons outbox list --refused") }
        if waiting > 0 { context.output.message("send what waits with: lessons outbox send") }
        if isInterrupted { context.output.message("interrupted; the same command goes on from here") }
    }

    /// Nil when every record is with the relay.
    var exitStatus: Sysexit? {
        if stopped?.status == .denied { return .denied }
        if waiting > 0 { return .queued }
        return refused + broken > 0 ? .badData : nil
    }
}
