import Dispatch
import LessonModel
import Storage
import Synchronization
import Wire

/// The queue of posts to moderated topics. Nobody learns of a held post but its author, and curators of its topic who may see
/// it by its marking and audience.
extension RelayCore {
    static let maxDecisionReasonBytes = 4_000
    /// Committing takes milliseconds; after this something is wrong.
    private static let approvalSeconds = 10.0

    func held(_ request: WireListHeld, _ principal: Principal) throws -> WireHeldList {
        let limit = try pageLimit(request.limit, standard: 50)
        var reply = WireHeldList()
        var after = request.after
        while reply.posts.count < limit {
            let page = try store.heldPosts(
                author: request.mine ? principal.member.id : nil, state: request.mine ? nil : .waiting, after: after,
                limit: 100)
            for post in page where request.mine || isFor(principal, post) {
                guard reply.posts.count < limit else {
                    reply.more = true
                    return reply
                }
                reply.posts.append(WireHeldPost(post))
            }
            guard page.count == 100, let last = page.last else { return reply }
            after = last.number
        }
        reply.more = true
        return reply
    }

    func decide(_ request: WireDecideHeld, _ principal: Principal) throws -> WireFrame.OneOf_Body {
        guard let post = try store.heldPost(request.number), post.state == .waiting, isFor(principal, post) else {
            throw RequestRefusal(
                .notFound, "no post waits for you under that number; `lessons queue` lists those that do",
                field: "number")
        }
        guard request.reason.utf8.count <= Self.maxDecisionReasonBytes else {
            throw RequestRefusal(
                .invalid, "the reason is longer than \(Self.maxDecisionReasonBytes) bytes", field: "reason")
        }
        let detail = ["number": "\(post.number)", "topic": post.topic.path, "author": post.author.description]
        switch request.decision {
        case .approved: return try approve(post, entry("post.approve", principal, detail))
        case .returned, .rejected:
            guard request.reason.contains(where: { !$0.isWhitespace }) else {
                throw RequestRefusal(.invalid, "tell the author why", field: "reason")
            }
            let isReturn = request.decision == .returned
            try store.decide(
                held: post.number, isReturn ? .returned : .rejected, reason: request.reason,
                audit: entry(isReturn ? "post.return" : "post.reject", principal, detail))
            return .done(WireDone())
        case .unspecified, .waiting, .UNRECOGNIZED:
            throw RequestRefusal(.invalid, "a decision is approved, returned or rejected", field: "decision")
        }
    }

    /// The post goes the way of any other, with all checks: its author may have been suspended meanwhile.
    private func approve(_ post: HeldPost, _ audit: AuditEntry) throws -> WireFrame.OneOf_Body {
        let author: Principal
        switch membership.principal(post.author, post.post.certificateFingerprint) {
        case .success(let principal): author = principal
        case .failure(let failure):
            throw RequestRefusal(
                .foreignCertificate,
                "the author cannot post with the certificate that signed this any more (\(failure.reason)); return it, and "
                    + "ask them to post it again",
                field: "number")
        }
        let isDone = DispatchSemaphore(value: 0)
        let answer = ApprovalAnswer()
        let submission = GroupCommitter.Submission(
            signed: post.post, principal: author,
            answer: .completion { body in
                answer.value.withLock { $0 = body }
                isDone.signal()
            }, approval: audit)
        guard committer.submit(submission) else {
            throw RequestRefusal(
                WireError(.overloaded, "the relay has too many posts waiting", isRetryable: true, retryAfterMs: 250))
        }
        _ = isDone.wait(timeout: .now() + Self.approvalSeconds)
        guard let body = answer.value.withLock({ $0 }) else {
            throw RequestRefusal(
                WireError(.draining, "the relay is stopping; look whether the post still waits", isRetryable: true))
        }
        return body
    }

    private final class ApprovalAnswer: Sendable {
        let value = Mutex<WireFrame.OneOf_Body?>(nil)
    }

    /// Whether `principal` curates the topic of a post and may see it, and its thread's lesson.
    func isFor(_ principal: Principal, _ held: HeldPost) -> Bool {
        guard AccessPolicy.mayCurate(held.topic, principal), let post = try? Post(content: held.post.content),
            post.visibility.allows(principal.viewer, clients: membership.clients(of:))
        else { return false }
        if post.thread == post.id { return true }
        return (try? store.posts(ids: [post.thread], viewer: principal.viewer).isEmpty) == false
    }
}

extension WireHeldPost {
    fileprivate init(_ held: HeldPost) {
        self.init()
        number = held.number
        if !held.post.content.isEmpty { post = WireSignedPost(held.post) }
        topic = held.topic.path
        heldAtMs = held.heldAt
        state = WireHeldState(rawValue: held.state.rawValue) ?? .unspecified
        reason = held.reason
        decidedAtMs = held.decidedAt
        sequence = held.sequence
    }
}
