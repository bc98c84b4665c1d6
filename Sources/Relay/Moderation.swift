import LessonModel
import Storage
import Wire

/// The queue of posts to moderated topics. Nobody learns of a held post but its author, and curators of its topic who may see
/// it by its marking and audience.
extension RelayCore {
    static let maxDecisionReasonBytes = 4_000

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

    /// Returns or rejects a held post.
    func decide(_ request: WireDecideHeld, _ principal: Principal) throws -> WireDone {
        let (post, detail) = try waiting(request, principal)
        switch request.decision {
        case .returned, .rejected:
            guard request.reason.contains(where: { !$0.isWhitespace }) else {
                throw RequestRefusal(.invalid, "tell the author why", field: "reason")
            }
            let isReturn = request.decision == .returned
            try store.decide(
                held: post.number, isReturn ? .returned : .rejected, reason: request.reason,
                audit: entry(isReturn ? "post.return" : "post.reject", principal, detail))
            return WireDone()
        case .approved, .unspecified, .waiting, .UNRECOGNIZED:
            throw RequestRefusal(.invalid, "a decision is approved, returned or rejected", field: "decision")
        }
    }

    /// Lets a held post go the way of any other, with all checks: its author may have been suspended meanwhile.
    /// - Parameter then: called once, on the committing thread, with what became of it; not where this throws.
    func approve(
        _ request: WireDecideHeld, _ principal: Principal, then: @escaping @Sendable (WireFrame.OneOf_Body) -> Void
    ) throws {
        guard AccessPolicy.mayRead(principal) else { throw RequestRefusal(AccessPolicy.refusal("reading", principal)) }
        let (post, detail) = try waiting(request, principal)
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
        let submission = GroupCommitter.Submission(
            signed: post.post, principal: author, answer: .completion(then),
            approval: entry("post.approve", principal, detail))
        guard committer.submit(submission) else {
            throw RequestRefusal(
                WireError(.overloaded, "the relay has too many posts waiting", isRetryable: true, retryAfterMs: 250))
        }
    }

    private func waiting(
        _ request: WireDecideHeld, _ principal: Principal
    ) throws -> (post: HeldPost, detail: [String: String]) {
        guard let post = try store.heldPost(request.number), post.state == .waiting, isFor(principal, post) else {
            throw RequestRefusal.notWaiting
        }
        guard request.reason.utf8.count <= Self.maxDecisionReasonBytes else {
            throw RequestRefusal(
                .invalid, "the reason is longer than \(Self.maxDecisionReasonBytes) bytes", field: "reason")
        }
        return (post, ["number": "\(post.number)", "topic": post.topic.path, "author": post.author.description])
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

extension RequestRefusal {
    static let notWaiting = RequestRefusal(
        .notFound, "no post waits for you under that number; `lessons queue` lists those that do", field: "number")
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
