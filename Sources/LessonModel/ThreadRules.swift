/// Why a post cannot follow in its thread as the thread stands. Nothing has changed.
package struct ThreadRuleError: Error, Hashable, Sendable {
    package enum Kind: Sendable {
        /// The thread has moved on since the author read it: reading it again helps.
        case stale
        /// Others may do it, or another post would be right.
        case forbidden
        /// The post must reach everybody who may see the lesson.
        case narrowerThanThread
        /// The post would give another one away to somebody who may not see that.
        case widerThanTarget
        /// Nobody has shown yet that they applied the lesson.
        case evidenceMissing
        /// It is so already.
        case alreadySo
        /// The post that this one is about is not in the thread, or not for the author.
        case unknownTarget
        case invalid
    }

    package let kind: Kind
    package let field: String
    package let problem: String

    init(_ kind: Kind, _ field: String, _ problem: String) {
        self.kind = kind
        self.field = field
        self.problem = problem
    }
}

/// What the author of a post may do in the thread beyond contributing.
package struct ThreadRights: Hashable, Sendable {
    /// Curates the thread's topic.
    package var isCurator: Bool
    /// Administers the author's own organisation.
    package var isOrganisationAdministrator: Bool

    package init(isCurator: Bool = false, isOrganisationAdministrator: Bool = false) {
        self.isCurator = isCurator
        self.isOrganisationAdministrator = isOrganisationAdministrator
    }
}

/// What must be known of a post that is to be erased.
package struct RedactionTarget: Hashable, Sendable {
    package var kind: PostKind
    package var visibility: Visibility
    /// SHA-256 of the content.
    package var contentHash: [UInt8]
    package var isErased: Bool

    package init(kind: PostKind, visibility: Visibility, contentHash: [UInt8], isErased: Bool) {
        self.kind = kind
        self.visibility = visibility
        self.contentHash = contentHash
        self.isErased = isErased
    }
}

/// The thread as the author of the next post meets it, for the rules of product.md's table of posts.
package struct ThreadRules {
    package var projection: ThreadProjection
    /// Of the lesson.
    package var visibility: Visibility
    package var rights: ThreadRights
    /// A post of the thread that the author may see; nil where there is none.
    package var target: (PostID) throws -> RedactionTarget?
    /// Whether the next post reaches nobody who may not see a post like this one; see `Visibility.admits`.
    package var isWithin: (Visibility) -> Bool
    /// Who may see another thread's lesson, which the author may see too; nil where there is none.
    package var otherThread: (PostID) throws -> Visibility?

    package init(
        projection: ThreadProjection, visibility: Visibility, rights: ThreadRights,
        target: @escaping (PostID) throws -> RedactionTarget?, isWithin: @escaping (Visibility) -> Bool,
        otherThread: @escaping (PostID) throws -> Visibility?
    ) {
        self.projection = projection
        self.visibility = visibility
        self.rights = rights
        self.target = target
        self.isWithin = isWithin
        self.otherThread = otherThread
    }

    /// - Throws: `ThreadRuleError`, or what looking up threw.
    package func check(_ post: Post) throws {
        switch post.body {
        case .lesson, .comment: break
        case .revision(let revision): try check(revision, post)
        case .endorsement(let endorsement): try check(endorsement, post)
        case .applicationReport: break
        case .stateChange(let change): try check(change, post)
        case .translation(let translation): try check(translation, post)
        case .redaction(let redaction): try check(redaction, post)
        }
    }

    private func check(_ revision: Revision, _ post: Post) throws {
        guard post.organisation == projection.organisation else {
            throw ThreadRuleError(
                .forbidden, "organisation",
                "only \(projection.organisation), whose lesson it is, revises it; tell them in a comment")
        }
        try checkReach(post)
        guard let current = projection.texts.last else { throw Self.erasedLesson }
        guard current.post == revision.base else {
            throw ThreadRuleError(
                .stale, "base_id",
                "the lesson was revised meanwhile: read it again and write the revision on top of that")
        }
    }

    private func check(_ endorsement: Endorsement, _ post: Post) throws {
        guard post.organisation != projection.organisation else {
            throw ThreadRuleError(
                .forbidden, "organisation", "a lesson is endorsed by others than \(post.organisation)")
        }
        try checkReach(post)
        let has = projection.endorsements[post.organisation] != nil
        guard has == endorsement.isWithdrawal else {
            throw ThreadRuleError(
                .alreadySo, "withdrawal",
                has
                    ? "\(post.organisation) endorses this lesson already"
                    : "\(post.organisation) does not endorse this lesson, so that there is nothing to take back")
        }
    }

    private func check(_ change: StateChange, _ post: Post) throws {
        guard rights.isCurator else {
            throw ThreadRuleError(.forbidden, "author", "only a curator of \(post.topic) moves a thread's state")
        }
        try checkReach(post)
        guard projection.state == change.from else {
            throw ThreadRuleError(
                .stale, "from", "the thread is in the state \(projection.state.name) by now, not \(change.from.name)")
        }
        let current = Dictionary(projection.currentReports.map { ($0.post, $0) }) { first, _ in first }
        let cited = try change.evidence.map { id in
            // One that not everybody may see would be given away by being named.
            guard let report = current[id], report.isForWholeThread else {
                throw ThreadRuleError(
                    .unknownTarget, "evidence",
                    "\(id) is no current application report of this thread that all may see who may see the lesson")
            }
            return report
        }
        let isShown = cited.contains {
            $0.status == .adopted && $0.hasEvidence && $0.organisation != projection.organisation
        }
        guard !change.to.needsEvidence || isShown else {
            throw ThreadRuleError(
                .evidenceMissing, "evidence",
                "a thread becomes \(change.to.name) when another organisation than \(projection.organisation) has adopted "
                    + "the lesson and shown evidence: name its application report")
        }
        guard let other = change.supersededBy else { return }
        guard other != projection.lesson, let reach = try otherThread(other) else {
            throw ThreadRuleError(.unknownTarget, "superseded_by", "the thread that supersedes this one does not exist")
        }
        guard reach.reachesAll(of: visibility) else {
            throw ThreadRuleError(
                .narrowerThanThread, "superseded_by",
                "not everybody who may see this thread may see the one that supersedes it")
        }
    }

    private func check(_ translation: Translation, _ post: Post) throws {
        try checkReach(post)
        guard projection.texts.contains(where: { $0.post == translation.source }) else {
            if projection.texts.isEmpty { throw Self.erasedLesson }
            throw ThreadRuleError(
                .unknownTarget, "source_id", "what was translated is neither the thread's lesson nor a revision of it")
        }
    }

    private func check(_ redaction: Redaction, _ post: Post) throws {
        guard let target = try target(redaction.target) else {
            throw ThreadRuleError(.unknownTarget, "target_id", "the post that is to be redacted is not in the thread")
        }
        let isAuthor = target.visibility.author == post.author
        let isOfOwn = target.visibility.organisation == post.organisation && rights.isOrganisationAdministrator
        guard isAuthor || isOfOwn || rights.isCurator else {
            throw ThreadRuleError(
                .forbidden, "target_id",
                "a post is redacted by its author, an administrator of its organisation, or a curator of \(post.topic)")
        }
        guard isAuthor || redaction.reason.contains(where: { !$0.isWhitespace }) else {
            throw ThreadRuleError(.invalid, "reason", "say why another's post is redacted")
        }
        switch target.kind {
        case .lesson, .comment, .revision, .applicationReport, .translation: break
        case .endorsement, .stateChange, .redaction:
            throw ThreadRuleError(
                .invalid, "target_id", "\(target.kind.withArticle) is not redacted; post another one that sets it right"
            )
        }
        guard isWithin(target.visibility) else {
            throw ThreadRuleError(
                .widerThanTarget, "marking",
                "a redaction must not reach further than the post: give it the post's marking")
        }
        guard !target.isErased else { throw ThreadRuleError(.alreadySo, "target_id", "the post is redacted already") }
        guard redaction.targetHash == target.contentHash else {
            throw ThreadRuleError(.invalid, "target_hash", "target_hash is not the SHA-256 of the post's content")
        }
        guard post.visibility.reachesAll(of: target.visibility) else {
            throw ThreadRuleError(
                .narrowerThanThread, "audience",
                "a redaction must reach everybody who may have the post: give it the post's marking and audience")
        }
    }

    private func checkReach(_ post: Post) throws {
        guard post.visibility.reachesAll(of: visibility) else {
            throw ThreadRuleError(
                .narrowerThanThread, "audience",
                "\(post.body.kind.withArticle) must reach everybody who may see the lesson: give it the lesson's marking "
                    + "and audience")
        }
    }

    private static let erasedLesson = ThreadRuleError(.forbidden, "thread_id", "the lesson was redacted")
}
