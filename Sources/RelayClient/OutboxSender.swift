package import LessonModel
package import Storage
package import Wire

/// What became of the posts of one run over the outbox.
package struct OutboxReport: Sendable, Equatable {
    package struct Sent: Sendable, Equatable {
        package var id: PostID
        package var title: String
        /// 0 where the relay had the post of an earlier import with other bytes, and does not say where.
        package var sequence: SequenceNumber
        /// The relay had it before.
        package var isDuplicate: Bool
        /// It is with the relay and waits for a curator of its topic; `sequence` is 0.
        package var isHeld = false
    }

    package struct Refused: Sendable, Equatable {
        package var id: PostID
        package var title: String
        package var error: WireError
    }

    package var sent: [Sent] = []
    /// Kept in the outbox until they are retried or dropped.
    package var refused: [Refused] = []
    /// How many are still pending.
    package var waitingCount = 0
    /// Why the run ended early; nil when everything was tried.
    package var stopped: ClientError?

    package init() {}
}

/// Sends what waits in the outbox, in the order in which it was added, several posts on their way at once.
package struct OutboxSender: Sendable {
    /// What is told while it runs.
    package enum Progress: Sendable, Equatable {
        case sent(OutboxReport.Sent)
        case refused(OutboxReport.Refused)
        /// Bytes of a file that is on its way before its post.
        case uploading(name: String, bytes: Int64, of: Int64)
    }

    private struct InFlight {
        let item: OutboxItem
        let post: Post?
        let response: PendingResponse
    }

    private static let pageItems = 256
    private static let defaultInFlight = 16
    /// Longer waits for the relay's allowance end the run.
    private static let longestPauseMs: UInt32 = 60_000

    private let outbox: Outbox
    private let signer: PostSigner?
    private let attachments: BlobFiles?
    private let sleep: @Sendable (Duration) async throws -> Void

    /// - Parameter signer: signs anew what waits with the signature of an earlier certificate, which the relay may take no more;
    ///   nil leaves every signature as it is.
    ///   - attachments: the files of posts that wait; those that no post waits with any more are deleted from it.
    ///   - sleep: waits where the relay takes no more posts for now.
    package init(
        _ outbox: Outbox, signer: PostSigner?, attachments: BlobFiles? = nil,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.outbox = outbox
        self.signer = signer
        self.attachments = attachments
        self.sleep = sleep
    }

    /// Sends everything that is pending when its turn comes.
    ///
    /// A post is marked as sent once the relay says that it is on its disk, and as refused when the relay says that it will
    /// never take it. Where the relay takes no more for now, it is asked again after the time that it names, if that is a
    /// minute at most. Any other error ends the run and leaves what was not answered pending: sending it again does no harm,
    /// since the relay knows a repeated post by its id. A comment leaves after the answer to its thread's lesson and its
    /// parent. For an imported post CONFLICT means that an earlier import has it there already.
    /// - Parameter now: milliseconds since 1970.
    /// - Throws: `.storage` only; what happened on the line is in the report.
    package func send(
        over connection: RelayConnection, now: Milliseconds, progress: (Progress) -> Void = { _ in }
    ) async throws(ClientError) -> OutboxReport {
        let limit = connection.welcome.limits.maxPublishesInFlight
        let window = limit == 0 ? Self.defaultInFlight : Int(limit)
        var report = OutboxReport()
        var inFlight: [InFlight] = []
        var last: PostID?
        var page: ArraySlice<OutboxItem> = []
        while true {
            if page.isEmpty, report.stopped == nil {
                page = try reading { () throws(StorageError) in try outbox.pending(limit: Self.pageItems, after: last)
                }[...]
                try reading { () throws(StorageError) in try outbox.noteAttempt(page.map(\.id), at: now) }
            }
            while report.stopped == nil, inFlight.count < window, let item = page.first {
                let post = try? Post(content: item.post.content)
                if Self.mustWait(post, for: inFlight) { break }
                page.removeFirst()
                last = item.id
                var signed = item.post
                // Another member's post, of an identity that was here before, is left to the relay's judgement.
                if let signer, post?.author == signer.author, let fresh = try signer.resigned(signed) {
                    try reading { () throws(StorageError) in try outbox.replaceSignature(of: item.id, with: fresh) }
                    signed = fresh
                }
                if let post, !post.attachments.isEmpty,
                    try await !bring(post, of: item, over: connection, &report, progress)
                {
                    continue
                }
                inFlight.append(InFlight(item: item, post: post, response: connection.submitPublish(signed)))
            }
            guard !inFlight.isEmpty else {
                guard let pause = Self.pause(after: report.stopped), (try? await sleep(pause)) != nil else { break }
                report.stopped = nil
                (page, last) = ([], nil)
                continue
            }
            try await settle(&inFlight, &report, progress)
        }
        if !report.sent.isEmpty { try forgetAttachments() }
        report.waitingCount = try reading { () throws(StorageError) in try outbox.pendingCount() }
        return report
    }

    /// Brings a post's files to the relay, which takes them before the post.
    /// - Returns: false when the post cannot follow now, as the report says.
    private func bring(
        _ post: Post, of item: OutboxItem, over connection: RelayConnection, _ report: inout OutboxReport,
        _ progress: (Progress) -> Void
    ) async throws(ClientError) -> Bool {
        do throws(ClientError) {
            for attachment in post.attachments {
                try await AttachmentUpload(connection: connection, files: attachments).send(attachment) { bytes in
                    progress(.uploading(name: attachment.name, bytes: bytes, of: attachment.size))
                }
            }
            return true
        } catch .request(let error) where !error.retryable {
            let refused = OutboxReport.Refused(id: item.id, title: item.title, error: error)
            try reading { () throws(StorageError) in
                try outbox.markRefused(refused.id, code: error.code.rawValue, reason: error.message)
            }
            report.refused.append(refused)
            progress(.refused(refused))
        } catch {
            if report.stopped == nil { report.stopped = error }
        }
        return false
    }

    private static func pause(after error: ClientError?) -> Duration? {
        guard case .request(let error)? = error, error.code == .rateLimited, error.retryAfterMs <= longestPauseMs
        else { return nil }
        return .milliseconds(Int64(error.retryAfterMs))
    }

    /// Deletes the copies of files that no post in the outbox belongs to any more.
    package func forgetAttachments() throws(ClientError) {
        guard let attachments, !attachments.isEmpty else { return }
        let waiting = try reading { () throws(StorageError) in try outbox.items() }
        let needed = Set(
            waiting.flatMap { (try? Post(content: $0.item.post.content))?.attachments.map(\.digest) ?? [] })
        attachments.keep(only: needed)
    }

    /// Waits for the oldest answers, at least for one, and notes them.
    private func settle(
        _ inFlight: inout [InFlight], _ report: inout OutboxReport, _ progress: (Progress) -> Void
    ) async throws(ClientError) {
        var sent: [OutboxReport.Sent] = []
        repeat {
            let oldest = inFlight.removeFirst()
            do throws(ClientError) {
                let published = try await RelayConnection.published(oldest.response)
                sent.append(
                    OutboxReport.Sent(
                        id: oldest.item.id, title: oldest.item.title, sequence: published.sequence,
                        isDuplicate: published.duplicate, isHeld: published.held))
            } catch .request(let error) where error.code == .conflict && oldest.item.importKey != nil {
                sent.append(
                    OutboxReport.Sent(id: oldest.item.id, title: oldest.item.title, sequence: 0, isDuplicate: true))
            } catch .request(let error) where !error.retryable {
                let refused = OutboxReport.Refused(id: oldest.item.id, title: oldest.item.title, error: error)
                try reading { () throws(StorageError) in
                    try outbox.markRefused(refused.id, code: error.code.rawValue, reason: error.message)
                }
                report.refused.append(refused)
                progress(.refused(refused))
            } catch {
                if report.stopped == nil { report.stopped = error }
            }
        } while inFlight.first?.response.isComplete == true
        guard !sent.isEmpty else { return }
        try reading { () throws(StorageError) in try outbox.markSent(sent.map { ($0.id, $0.sequence) }) }
        report.sent += sent
        for item in sent { progress(.sent(item)) }
    }

    /// The relay takes a post of a thread only when it has the posts that it belongs to, and others only as the thread then
    /// stands.
    private static func mustWait(_ post: Post?, for inFlight: [InFlight]) -> Bool {
        guard let post else { return false }
        switch post.body {
        case .lesson: return false
        case .comment(let comment):
            return inFlight.contains { $0.item.id == post.thread || $0.item.id == comment.parent }
        case .revision, .endorsement, .applicationReport, .stateChange, .translation, .redaction:
            return !inFlight.isEmpty
        }
    }

    private func reading<Value>(_ body: () throws(StorageError) -> Value) throws(ClientError) -> Value {
        do { return try body() } catch { throw .storage(error) }
    }
}
