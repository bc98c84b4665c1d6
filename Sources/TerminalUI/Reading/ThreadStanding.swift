package import LessonModel

/// How a thread stands, by those of its posts that are here and proved to be their authors'.
package struct ThreadStanding {
    /// A text of the lesson: its own, a revision's or a translation's.
    package struct Text {
        package var shown: ShownPost
        package var lesson: Lesson
    }

    package struct Report {
        package var shown: ShownPost
        package var report: ApplicationReport
    }

    package let projection: ThreadProjection?
    /// In order; the last one is the present one.
    package private(set) var texts: [Text] = []
    package private(set) var translations: [Text] = []
    /// The last one of each organisation.
    package private(set) var reports: [Report] = []
    /// What changed the thread, in order: revisions, state changes, translations, redactions.
    package private(set) var events: [ShownPost] = []

    /// - Parameter posts: of one thread, in any order.
    package init(thread: PostID, posts: [ShownPost]) {
        let ordered = posts.sorted { $0.stored.sequence < $1.stored.sequence }
        let byID = Dictionary(ordered.map { ($0.post.id, $0) }) { first, _ in first }
        let lesson = byID[thread].flatMap { $0.post.body.kind == .lesson ? $0 : nil }
        // Without the lesson its organisation is that of a revision; where there is none, only the title would be wrong.
        guard let first = lesson ?? ordered.first else {
            projection = nil
            return
        }
        var projection = ThreadProjection(
            lesson: thread, organisation: first.post.organisation,
            texts: lesson.map { [ThreadProjection.Text(post: thread, title: $0.headline)] } ?? [])
        let reach = lesson?.post.visibility
        for shown in ordered where shown.isVerified {
            projection.apply(
                shown.post, isForWholeThread: reach.map(shown.post.visibility.reachesAll(of:)) ?? true)
            switch shown.post.body {
            case .revision, .stateChange, .translation, .redaction: events.append(shown)
            case .lesson, .comment, .endorsement, .applicationReport: break
            }
        }
        self.projection = projection
        func text(_ id: PostID) -> Text? {
            guard let shown = byID[id], let lesson = shown.post.body.lesson else { return nil }
            return Text(shown: shown, lesson: lesson)
        }
        texts = projection.texts.compactMap { text($0.post) }
        translations = projection.translations.compactMap { text($0.post) }
        reports = projection.currentReports.compactMap { current in
            guard let shown = byID[current.post], case .applicationReport(let report) = shown.post.body else {
                return nil
            }
            return Report(shown: shown, report: report)
        }
    }

    /// Organisations that endorse the lesson, sorted.
    package var endorsers: [OrganisationSlug] { projection?.endorsements.keys.sorted() ?? [] }

    /// The text that a person asks for with `post`: a text itself; of anything else, and of the lesson, the present one.
    package func text(for post: PostID) -> Text? {
        if post != projection?.lesson, let named = (texts + translations).first(where: { $0.shown.post.id == post }) {
            return named
        }
        return texts.last
    }

    /// The best text in `language`: by a person rather than by a machine, the newest one.
    package func text(in language: String) -> Text? {
        let wanted = LanguageTag.primary(of: language)
        func fits(_ text: Text) -> Bool { LanguageTag.primary(of: text.shown.post.language) == wanted }
        if let own = texts.last, fits(own) { return own }
        let found = translations.filter(fits)
        return found.last { !$0.isByMachine } ?? found.last
    }

    /// Organisations by what their last report says, for one line.
    package var receptionLine: String {
        let counts = ApplicationReport.Status.allCases.compactMap { status -> String? in
            let count = reports.filter { $0.report.status == status }.count
            return count == 0 ? nil : "\(status.name) by \(count)"
        }
        let endorsed = endorsers.isEmpty ? [] : ["endorsed by \(endorsers.count)"]
        return (endorsed + counts).joined(separator: ", ")
    }
}

extension ThreadStanding.Text {
    package var isByMachine: Bool {
        if case .translation(let translation) = shown.post.body { translation.isByMachine } else { false }
    }
}
