import LessonModel
import PKI
import RelayClient
import Storage
import Wire

/// Which threads an export takes.
enum ExportSelection: Sendable {
    /// Those with these posts.
    case posts([PostReference])
    case listing(ThreadListing)
}

/// One export, from the relay or from what this machine has of it.
struct ExportRun: Sendable {
    var selection: ExportSelection
    var format: ExportFormat
    var target: ExportTarget
    var isReplacing: Bool
    var limit: ExportLimit

    /// What came of it.
    struct Result: Equatable {
        var threads = 0
        var posts = 0
        /// Threads and posts that may not leave.
        var heldThreads = 0
        var heldPosts = 0
        /// Threads whose lesson is not here.
        var headless = 0
    }

    /// - Throws: NOTHING_TO_EXPORT when one thread was named and may not leave.
    func run(_ reader: ThreadReader, _ identity: ClientIdentity, _ context: CommandContext) async throws -> Result {
        let feedID = UUIDValue(version8From: SHA256.digest(Array("lessons/1 feed".utf8) + identity.relayID))
        var writer = try ExportWriter(
            format: format, target: target, isReplacing: isReplacing, output: context.output,
            feed: AtomFeed(id: feedID ?? UUIDValue(high: 0, low: 0), now: context.now))
        do {
            var result = Result()
            switch selection {
            case .posts(let references):
                var seen: Set<PostID> = []
                for reference in references {
                    let thread = try await reader.find(reference).thread
                    if seen.insert(thread.id).inserted { try take(thread, &writer, &result) }
                }
                if references.count == 1, writer.threads == 0 { throw refusal(result) }
            case .listing(let listing):
                let ids = try await reader.threads(listing)
                var progress = ProgressReport("exported", total: ids.count, output: context.output, now: .now)
                for (count, id) in ids.enumerated() {
                    try Task.checkCancellation()
                    if let thread = try await reader.readIfThere(id) { try take(thread, &writer, &result) }
                    progress.update(count + 1, now: .now)
                }
                progress.end()
            }
            try writer.finish()
            result.threads = writer.threads
            result.posts = writer.posts
            return result
        } catch {
            writer.abandon()
            throw error
        }
    }

    private func take(_ thread: ShownThread, _ writer: inout ExportWriter, _ result: inout Result) throws {
        guard thread.lesson != nil else {
            result.headless += 1
            return
        }
        guard let limited = limit.applied(to: thread) else {
            result.heldThreads += 1
            result.heldPosts += thread.posts.count
            return
        }
        result.heldPosts += thread.posts.count - limited.posts.count
        try writer.add(limited)
    }

    private func refusal(_ result: Result) -> CommandFailure {
        guard result.headless == 0 else {
            return CommandFailure(
                .missingInput, "NOT_FOUND", "the thread's lesson has not been received here",
                hint: "receive what is new with: lessons sync")
        }
        return limit.isPublic
            ? CommandFailure(
                .denied, "MAY_NOT_LEAVE",
                "the lesson is not marked CLEAR, or its signature is not verified: no feed takes it")
            : CommandFailure(
                .denied, "MAY_NOT_LEAVE",
                "the lesson is marked stricter than \(limit.upTo.label), and no file was made of it",
                hint: "keep to its marking, and say so with: --up-to RED")
    }
}

extension ThreadReader {
    /// The threads that are listed, in the order of the log.
    func threads(_ listing: ThreadListing) async throws -> [PostID] {
        guard let connection else {
            let filter = listing.filter
            guard filter?.countries.isEmpty ?? true, filter?.organisationKinds.isEmpty ?? true,
                filter?.states.isEmpty ?? true
            else {
                throw CommandFailure(
                    .unreachable, "NEEDS_RELAY", "only the relay can tell threads by country, kind and state",
                    hint: "leave --country, --from-kind and --state out, or try again online")
            }
            let query = MirrorQuery(filter: filter, organisation: listing.organisation, limit: listing.limit)
            return try mirror.threads(query).sorted { $0.sequence < $1.sequence }.map(\.id)
        }
        return try await connection.allThreads(listing).sorted { $0.sequence < $1.sequence }
            .compactMap { PostID(bytes: $0.threadID) }
    }

    /// Nil when the thread has gone since it was listed.
    func readIfThere(_ id: PostID) async throws -> ShownThread? {
        do {
            return try await read(id)
        } catch ClientError.request(let error) where error.code == .unknownThread {
            return nil
        }
    }
}
