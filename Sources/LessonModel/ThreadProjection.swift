/// What the posts of a thread come to: its present text, how far it has come, who endorses it, who has applied it. It can
/// be computed from the log at any time.
package struct ThreadProjection: Hashable, Sendable {
    /// A text of the lesson that was not erased.
    package struct Text: Hashable, Sendable {
        package var post: PostID
        package var title: String

        package init(post: PostID, title: String) {
            self.post = post
            self.title = title
        }
    }

    package struct Report: Hashable, Sendable {
        package var post: PostID
        package var organisation: OrganisationSlug
        package var status: ApplicationReport.Status
        package var hasEvidence: Bool
        /// Everybody who may see the lesson may see the report.
        package var isForWholeThread: Bool

        package init(
            post: PostID, organisation: OrganisationSlug, status: ApplicationReport.Status, hasEvidence: Bool,
            isForWholeThread: Bool
        ) {
            self.post = post
            self.organisation = organisation
            self.status = status
            self.hasEvidence = hasEvidence
            self.isForWholeThread = isForWholeThread
        }
    }

    package struct Translated: Hashable, Sendable {
        package var post: PostID
        package var source: PostID
        /// BCP 47.
        package var language: String
        package var isByMachine: Bool

        package init(post: PostID, source: PostID, language: String, isByMachine: Bool) {
            self.post = post
            self.source = source
            self.language = language
            self.isByMachine = isByMachine
        }
    }

    /// The thread's id.
    package let lesson: PostID
    /// Of the lesson.
    package let organisation: OrganisationSlug
    package var state = ThreadState.observation
    /// In order; the last one is the present one. Empty when the lesson was erased.
    package var texts: [Text]
    /// For *superseded* only.
    package var supersededBy: PostID?
    package var endorsements: [OrganisationSlug: PostID] = [:]
    /// In order, without those that were erased; see `currentReports`.
    package var reports: [Report] = []
    /// In order, without those that were erased.
    package var translations: [Translated] = []

    package init(lesson: PostID, organisation: OrganisationSlug, texts: [Text]) {
        self.lesson = lesson
        self.organisation = organisation
        self.texts = texts
    }

    /// Of the present text; empty when the lesson was erased.
    package var title: String { texts.last?.title ?? "" }

    /// The last report of each organisation, in the order of their posts.
    package var currentReports: [Report] {
        var last: [OrganisationSlug: PostID] = [:]
        for report in reports { last[report.organisation] = report.post }
        return reports.filter { last[$0.organisation] == $0.post }
    }

    /// Takes in the thread's next post, which `check` has let pass.
    /// - Parameter isForWholeThread: of an application report: everybody who may see the lesson may see it.
    package mutating func apply(_ post: Post, isForWholeThread: Bool) {
        switch post.body {
        case .lesson, .comment: break
        case .revision(let revision): texts.append(Text(post: post.id, title: revision.lesson.title))
        case .endorsement(let endorsement):
            endorsements[post.organisation] = endorsement.isWithdrawal ? nil : post.id
        case .applicationReport(let report):
            reports.append(
                Report(
                    post: post.id, organisation: post.organisation, status: report.status,
                    hasEvidence: report.hasEvidence, isForWholeThread: isForWholeThread))
        case .stateChange(let change):
            state = change.to
            supersededBy = change.supersededBy
        case .translation(let translation):
            translations.append(
                Translated(
                    post: post.id, source: translation.source, language: post.language,
                    isByMachine: translation.isByMachine))
        case .redaction(let redaction):
            let erased = erased(with: redaction.target)
            texts.removeAll { erased.contains($0.post) }
            translations.removeAll { erased.contains($0.post) }
            reports.removeAll { erased.contains($0.post) }
        }
    }

    /// The posts of the thread whose text goes when that of `target` is erased, `target` among them.
    package func erased(with target: PostID) -> Set<PostID> {
        var erased: Set = [target]
        if target == lesson { erased.formUnion(texts.map(\.post)) }
        erased.formUnion(translations.filter { erased.contains($0.source) }.map(\.post))
        return erased
    }
}
