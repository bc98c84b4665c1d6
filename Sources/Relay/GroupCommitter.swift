import Dispatch
import Foundation
import LessonModel
import Logging
import Storage
import Synchronization
import Wire

/// Takes posts from all sessions, verifies them, and commits them in batches: while one batch syncs, the next forms, so
/// no timer is needed. The author is answered and receivers are served after the commit is on disk, and only then.
///
/// Two threads in a row, so that the order in which posts came is the order of the log.
final class GroupCommitter: Sendable {
    struct Submission: Sendable {
        let signed: SignedPost
        /// The author, as the session or the membership has them.
        let principal: Principal
        let answer: Answer
        /// A curator lets it through to a moderated topic.
        var approval: AuditEntry?

        enum Answer: Sendable {
            case session(SessionHandler, requestID: UInt64)
            /// Called once, on the committing thread.
            case completion(@Sendable (WireFrame.OneOf_Body) -> Void)
        }

        /// What it keeps in memory while it waits.
        var byteCount: Int { signed.content.count + signed.signature.count + signed.certificateFingerprint.count }
    }

    private struct Checked: Sendable {
        let submission: Submission
        let result: Result<AppendRequest, PublishRefusal>
    }

    private struct Pending {
        var posts = 0
        var bytes = 0
    }

    static let maxBatch = 256
    /// Acknowledged cursors wait at most this long for a batch to go with.
    static let cursorFlushSeconds = 0.5

    private let store: RelayStore
    private let membership: Membership
    private let limits: RelayLimits
    private let loops: [RelayLoop]
    private let cursors: CursorBook
    private let counters: RelayCounters
    private let clock: @Sendable () -> Milliseconds
    private let logger: Logger
    private let pending = Mutex(Pending())

    /// Posts that wait for verification or for the disk.
    var pendingCount: Int { pending.withLock { $0.posts } }
    private let incoming = StageQueue<Submission>()
    private let verified = StageQueue<Checked>()
    private let finished = DispatchGroup()
    /// Held from the last look at the membership to the end of the transaction.
    private let committing = NSLock()

    init(
        store: RelayStore, membership: Membership, limits: RelayLimits, loops: [RelayLoop], cursors: CursorBook,
        counters: RelayCounters, clock: @escaping @Sendable () -> Milliseconds, logger: Logger
    ) {
        self.store = store
        self.membership = membership
        self.limits = limits
        self.loops = loops
        self.cursors = cursors
        self.counters = counters
        self.clock = clock
        self.logger = logger
    }

    func start() {
        for (name, body) in [("verify", verifyAll), ("commit", commitAll)] {
            finished.enter()
            Thread { [finished] in
                // On Linux a name reaches the system only from the thread itself.
                Thread.current.name = name
                body()
                finished.leave()
            }.start()
        }
    }

    /// Commits what was submitted, flushes the cursors and returns. Nothing may be submitted any more.
    func finish() {
        incoming.close()
        finished.wait()
    }

    /// - Returns: false when too much waits already; nothing was taken.
    func submit(_ submission: Submission) -> Bool {
        let bytes = submission.byteCount
        let isTaken = pending.withLock { pending in
            guard pending.posts < limits.maxPendingPosts, pending.bytes + bytes <= limits.maxPendingBytes else {
                return false
            }
            pending.posts += 1
            pending.bytes += bytes
            return true
        }
        if isTaken { incoming.put([submission]) }
        return isTaken
    }

    /// Returns when no post is on its way to the disk that was judged by an earlier membership than that of now. Blocks.
    func settle() { committing.withLock {} }

    // MARK: First thread

    private func verifyAll() {
        while verifyNext(timeout: 3_600) {}
        verified.close()
    }

    /// Checks what was submitted meanwhile; waits for it so many seconds at most. Called by one thread only.
    /// - Returns: false once nothing can come any more.
    func verifyNext(timeout: Double) -> Bool {
        guard let batch = incoming.take(limit: GroupCommitter.maxBatch, timeout: timeout) else { return false }
        guard !batch.isEmpty else { return true }
        let verification = PostVerification(membership: membership, limits: limits)
        let now = clock()
        let results = Parallel.map(batch) { submission in
            verification.check(submission.signed, from: submission.principal, now: now).map { request in
                var request = request
                request.approval = submission.approval
                return request
            }
        }
        verified.put(zip(batch, results).map { Checked(submission: $0, result: $1) })
        return true
    }

    // MARK: Second thread

    private func commitAll() {
        while commitNext(timeout: GroupCommitter.cursorFlushSeconds) {}
        commit([])
    }

    /// Commits what was verified meanwhile, and the cursors; waits for it so many seconds at most. Called by one thread
    /// only.
    /// - Returns: false once nothing can come any more.
    func commitNext(timeout: Double) -> Bool {
        guard let batch = verified.take(limit: GroupCommitter.maxBatch, timeout: timeout) else { return false }
        commit(batch)
        return true
    }

    private func commit(_ batch: [Checked]) {
        let acknowledged = cursors.takeDirty()
        var outcomes: [AppendOutcome] = []
        var failure: StorageError?
        committing.lock()
        let batch = GroupCommitter.stillAllowed(batch, by: membership)
        let requests = batch.compactMap { try? $0.result.get() }
        if !requests.isEmpty || !acknowledged.isEmpty {
            do {
                outcomes = try store.append(
                    requests, cursors: acknowledged, receivedAt: clock(), decode: RelayCore.readContent)
                cursors.settle(isStored: true)
            } catch {
                failure = error
                cursors.settle(isStored: false)
                counters.add(.storageFailures)
                logger.error(
                    "a batch could not be stored", metadata: ["reason": "\(error)", "posts": "\(requests.count)"])
            }
        }
        committing.unlock()
        guard !batch.isEmpty else { return }
        pending.withLock { pending in
            pending.posts -= batch.count
            pending.bytes -= batch.reduce(0) { $0 + $1.submission.byteCount }
        }
        hand(batch, outcomes, failure)
    }

    /// Refuses what was verified before its author was suspended or a certificate of theirs revoked.
    private static func stillAllowed(_ batch: [Checked], by membership: Membership) -> [Checked] {
        batch.map { checked in
            guard case .success = checked.result else { return checked }
            let submission = checked.submission
            let member = submission.principal.member.id
            let refusal: PublishRefusal
            switch membership.principal(member, submission.principal.certificateFingerprint) {
            case .failure(let failure): refusal = PublishRefusal(failure)
            case .success:
                guard !membership.holds(submission.signed.certificateFingerprint, member) else { return checked }
                refusal = PublishRefusal(
                    .certificateRevoked, "the certificate that signed the post was revoked", "certificate_fingerprint")
            }
            return Checked(submission: submission, result: .failure(refusal))
        }
    }

    private func hand(_ batch: [Checked], _ outcomes: [AppendOutcome], _ failure: StorageError?) {
        var replies: [[PublishReply]] = Array(repeating: [], count: loops.count)
        var logged: [LoggedPost] = []
        var next = outcomes.makeIterator()
        for checked in batch {
            let body: WireFrame.OneOf_Body
            switch checked.result {
            case .failure(let refusal): body = .error(refusal.error)
            case .success:
                if let failure {
                    body = .error(PublishReply.error(for: failure))
                } else if let outcome = next.next() {
                    if case .appended(let post) = outcome { logged.append(post) }
                    body = PublishReply.body(for: outcome)
                } else {
                    preconditionFailure("storage returns one outcome per request")
                }
            }
            switch checked.submission.answer {
            case .session(let session, let requestID):
                replies[session.loop.index].append(PublishReply(session: session, requestID: requestID, body: body))
            case .completion(let complete): complete(body)
            }
        }
        counters.add(.posts, logged.count)
        var batches: [FanOutBatch] = []
        var rest = logged[...]
        while !rest.isEmpty {
            let next = FanOutBatch.prefix(of: rest)
            batches.append(FanOutBatch(next, clients: membership.clients(of:)))
            rest = rest.dropFirst(next.count)
        }
        for loop in loops { loop.hand(replies[loop.index], batches) }
    }
}

/// The answer to one Publish, on its way to its session.
struct PublishReply: Sendable {
    let session: SessionHandler
    let requestID: UInt64
    let body: WireFrame.OneOf_Body

    static func body(for outcome: AppendOutcome) -> WireFrame.OneOf_Body {
        switch outcome {
        case .appended(let post):
            return published(
                post.stored.sequence, post.stored.receivedAt, isDuplicate: false)
        case .duplicate(let place):
            return published(place.sequence, place.receivedAt, isDuplicate: true)
        case .conflict:
            return .error(
                WireError(.conflict, "this post id is taken by other content; make a new post", field: "post_id"))
        case .unknownTopic:
            return .error(WireError(.unknownTopic, "the topic does not exist here, or takes no posts", field: "topic"))
        case .unknownThread:
            return .error(WireError(.unknownThread, "the thread does not exist, or is not for you", field: "thread_id"))
        case .unknownParent:
            return .error(
                WireError(.unknownParent, "the post that this answers is not in the thread", field: "parent_id"))
        case .topicMismatch:
            return .error(WireError(.topicMismatch, "a post has the topic of its thread", field: "topic"))
        case .widerThanThread:
            return .error(
                WireError(
                    .widerThanThread, "a reply cannot reach further than its thread; narrow its marking or audience",
                    field: "marking"))
        case .attachmentMissing(let name):
            return .error(
                WireError(
                    .attachmentMissing, "the file \"\(name)\" is not with the relay; it is uploaded before the post",
                    field: "attachments"))
        case .held:
            var published = WirePublished()
            published.held = true
            return .published(published)
        case .tooManyHeld(let limit):
            return .error(
                WireError(
                    .limitExceeded, "\(limit) posts wait for a curator already; wait until some are decided",
                    isRetryable: true, retryAfterMs: 3_600_000))
        case .notWaiting: return .error(RequestRefusal.notWaiting.error)
        case .ruledOut(let error): return .error(WireError(error))
        }
    }

    static func error(for failure: StorageError) -> WireError {
        if case .full = failure {
            return WireError(
                .storageFull, "the relay's disk is full; nothing was stored, reading goes on, try again later",
                isRetryable: true, retryAfterMs: 30_000)
        }
        return WireError(
            .storageFailed, "the relay could not store the post; try again", isRetryable: true, retryAfterMs: 2_000)
    }

    private static func published(
        _ sequence: SequenceNumber, _ receivedAt: Milliseconds, isDuplicate: Bool
    ) -> WireFrame.OneOf_Body {
        var published = WirePublished()
        published.sequence = sequence
        published.receivedAtMs = receivedAt
        published.duplicate = isDuplicate
        return .published(published)
    }
}

extension WireError {
    init(_ error: ThreadRuleError) {
        let code: WireErrorCode =
            switch error.kind {
            case .stale: .stale
            case .forbidden: .forbidden
            case .narrowerThanThread: .narrowerThanThread
            case .widerThanTarget: .widerThanThread
            case .evidenceMissing: .evidenceMissing
            case .alreadySo: .alreadyExists
            case .unknownTarget: .unknownParent
            case .invalid: .invalid
            }
        self.init(code, error.problem, field: error.field)
    }
}
