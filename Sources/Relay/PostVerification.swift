import LessonModel
import PKI
import Storage
import Wire

/// Checks a post once, on its way in, off the event loops: content, author, certificate, signature, role, audience.
struct PostVerification: Sendable {
    let membership: Membership
    let limits: RelayLimits

    /// - Parameters:
    ///   - session: whose connection it came on; the member is looked up anew.
    ///   - now: milliseconds since 1970.
    /// - Returns: what storage appends, or why the post is refused; nothing has changed in either case.
    func check(_ signed: SignedPost, from session: Principal, now: Milliseconds) -> Result<
        AppendRequest, PublishRefusal
    > {
        do {
            return .success(try verified(signed, session, now))
        } catch {
            return .failure(error)
        }
    }

    private func verified(
        _ signed: SignedPost, _ session: Principal, _ now: Milliseconds
    ) throws(PublishRefusal) -> AppendRequest {
        let principal = try current(session)
        guard signed.content.count <= limits.maxPostBytes else {
            throw PublishRefusal(
                .invalid, "the post has \(signed.content.count) bytes; at most \(limits.maxPostBytes) are taken",
                "content")
        }
        let post = try decode(signed.content)
        guard post.author == principal.member.id else {
            throw PublishRefusal(.foreignAuthor, "the post's author is not the member of this connection", "author")
        }
        guard post.organisation == principal.organisation.slug else {
            throw PublishRefusal(
                .foreignAuthor, "the post's organisation is not \(principal.organisation.slug)", "organisation")
        }
        try checkSignature(signed, principal, now)
        let topic = membership.currentName(of: post.topic)
        guard AccessPolicy.mayPost(post.body.kind, in: topic, principal) else {
            throw PublishRefusal(
                AccessPolicy.refusal("posting \(post.body.kind.withArticle) to \(post.topic)", principal))
        }
        guard membership.hasTopic(topic) else {
            throw PublishRefusal(
                .unknownTopic, "the topic \(post.topic) does not exist here; `lessons topics` lists those that do",
                "topic")
        }
        try checkAudience(post.audience)
        let reply = Visibility(
            marking: post.marking, audience: post.audience, author: post.author, organisation: post.organisation)
        let viewer = principal.viewer
        return AppendRequest(
            post: post, signed: signed, contentHash: SHA256.digest(signed.content),
            country: principal.organisation.country, organisationKind: principal.organisation.kind,
            rights: AccessPolicy.threadRights(in: topic, principal),
            mayReply: { [membership] thread in
                let clients = membership.clients(of:)
                guard thread.allows(viewer, clients: clients) else { return .unseen }
                let isAdmitted = thread.admits(
                    reply: reply, clients: clients, organisationOf: { membership.member($0)?.organisation })
                return isAdmitted ? .allowed : .wider
            })
    }

    /// The member as they are now: a suspension or a role taken away counts for posts that were already on their way. The
    /// refusal is retryable, so that a suspended member's outbox keeps the post.
    private func current(_ session: Principal) throws(PublishRefusal) -> Principal {
        switch membership.principal(session.member.id, session.certificateFingerprint) {
        case .success(let principal): return principal
        case .failure(let refusal): throw PublishRefusal(refusal)
        }
    }

    private func decode(_ content: [UInt8]) throws(PublishRefusal) -> Post {
        do {
            return try Post(content: content)
        } catch {
            switch error {
            case .malformed: throw PublishRefusal(.invalid, error.description, "content")
            case .invalidUTF8: throw PublishRefusal(.invalidUtf8, error.description, "content")
            case .rule(let rule): throw PublishRefusal(.invalid, rule.problem, rule.field)
            }
        }
    }

    private func checkSignature(
        _ signed: SignedPost, _ principal: Principal, _ now: Milliseconds
    ) throws(PublishRefusal) {
        guard let key = membership.publicKey(signed.certificateFingerprint, of: principal.member.id, now: now) else {
            throw PublishRefusal(
                .foreignCertificate,
                "the post is signed with a certificate that is not a valid one of yours; sign it again",
                "certificate_fingerprint")
        }
        guard key.isValidSignature(signed.signature, for: SignedPost.signatureContext + signed.content) else {
            throw PublishRefusal(
                .badSignature, "the signature does not fit the post and the certificate; sign it again", "signature")
        }
    }

    private func checkAudience(_ audience: Audience) throws(PublishRefusal) {
        if let slug = audience.organisations.first(where: { membership.organisation($0) == nil }) {
            throw PublishRefusal(
                .unknownAudience, "there is no organisation \(slug) here; `lessons organisations` lists them",
                "audience")
        }
        if audience.members.contains(where: { membership.member($0) == nil }) {
            throw PublishRefusal(
                .unknownAudience, "the audience names a member who is not here; `lessons members` lists them",
                "audience")
        }
    }
}

/// Why a post is refused, as the author is told.
struct PublishRefusal: Error {
    var error: WireError

    init(_ error: WireError) {
        self.error = error
    }

    /// The author is no member at this moment; a suspension can be lifted, so the post may be sent again.
    init(_ refusal: Membership.Refusal) {
        error = WireError(refusal.code, refusal.reason, isRetryable: true)
    }

    init(_ code: WireErrorCode, _ message: String, _ field: String = "") {
        error = WireError(code, message, field: field)
    }
}
