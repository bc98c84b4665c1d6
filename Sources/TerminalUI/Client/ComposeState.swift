package import LessonModel

/// A form that somebody fills in: a lesson, a reply, an application report and the like.
package struct ComposeState: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case lesson
        case reply(thread: PostID, parent: PostID)
        case endorsement(thread: PostID, isWithdrawal: Bool)
        case report(thread: PostID)
        case translation(thread: PostID, source: PostID)
        case revision(thread: PostID, base: PostID)
        case state(thread: PostID, from: ThreadState)
        case redaction(thread: PostID, target: PostID)
        case invitation
    }

    /// What is shown before anything is sent.
    package struct Review: Hashable, Sendable {
        package var submission: Submission
        package var lines: [StyledText]
        /// Lessons that may say the same; nil until they were looked for.
        package var similar: [ThreadRow]?
    }

    package var kind: Kind
    package var title: String
    package var fields: [ComposeField]
    package var focus = 0
    /// What an editor left behind and no field can hold; the editor opens on it again.
    var unreadableText: String?
    /// What must be typed to go on with something severe.
    var confirmation = ""
    /// What the lesson has beyond the fields.
    var hidden = LessonDraft()
    /// Names the draft; nil for what is too short to keep.
    package var draft: String?
    /// Changed since the draft was written.
    package var isUnsaved = false
    package var review: Review?
    /// It is on its way; nothing may be changed.
    package var isSending = false

    package init(kind: Kind, title: String, fields: [ComposeField], draft: String? = nil) {
        self.kind = kind
        self.title = title
        self.fields = fields
        self.draft = draft
    }

    subscript(name: String) -> String {
        get { fields.first { $0.name == name }?.value ?? "" }
        set {
            guard let index = fields.firstIndex(where: { $0.name == name }) else { return }
            fields[index].value = newValue
        }
    }

    mutating func setProblem(_ problem: String, of name: String) {
        guard let index = fields.firstIndex(where: { $0.name == name }) else { return }
        fields[index].problem = problem
    }

    /// Something was typed that would be a loss.
    var isWorthKeeping: Bool {
        fields.contains { field in
            if case .text(let editor) = field.content, field.name != "topic", field.name != "language" {
                !editor.text.allSatisfy(\.isWhitespace)
            } else {
                false
            }
        }
    }
}

// MARK: Forms

extension ComposeState {
    /// An empty lesson.
    static func lesson(
        topic: String?, topics: [String], language: String, organisation: OrganisationSlug
    ) -> ComposeState {
        var fields = [
            ComposeField(
                text: "title", Texts.Form.title, help: Texts.Form.titleHelp, isRequired: true),
            ComposeField(
                text: "topic", Texts.Form.topic, help: Texts.Form.topicHelp, isRequired: true, value: topic ?? "",
                suggestions: topics),
            ComposeField(
                choice: "marking", Texts.Form.marking, help: Texts.Form.markingHelp,
                [Texts.Form.chooseMarking] + Marking.allCases.map(\.label)),
            ComposeField(text: "audience", Texts.Form.audience, help: Texts.Form.audienceHelp(organisation.text)),
            ComposeField(
                text: "language", Texts.Form.language, help: Texts.Form.languageHelp, isRequired: true, value: language),
        ]
        fields += sections
        fields += [
            ComposeField(text: "country", Texts.Form.country, help: Texts.Form.countryHelp),
            ComposeField(text: "event-date", Texts.Form.eventDate, help: Texts.Form.eventDateHelp),
            ComposeField(text: "tags", Texts.Form.tags, help: Texts.Form.tagsHelp),
            ComposeField(text: "action-body", Texts.Form.actionBody, help: Texts.Form.actionBodyHelp),
            ComposeField(text: "due-date", Texts.Form.dueDate, help: Texts.Form.dueDateHelp),
            attachmentsField,
        ]
        return ComposeState(kind: .lesson, title: Texts.Form.newLesson, fields: fields)
    }

    static func reply(thread: PostID, parent: PostID, to byline: String) -> ComposeState {
        ComposeState(
            kind: .reply(thread: thread, parent: parent), title: Texts.Form.reply(to: byline),
            fields: [
                ComposeField(
                    text: "text", Texts.Form.replyText, help: Texts.Form.replyHelp, isRequired: true, isMultiline: true),
                ComposeField(
                    choice: "marking", Texts.Form.marking, help: Texts.Form.replyMarkingHelp,
                    [Texts.Form.sameMarking] + Marking.allCases.map(\.label)),
                ComposeField(text: "audience", Texts.Form.audience, help: Texts.Form.replyAudienceHelp),
                attachmentsField,
            ])
    }

    static func endorsement(thread: PostID, isWithdrawal: Bool) -> ComposeState {
        ComposeState(
            kind: .endorsement(thread: thread, isWithdrawal: isWithdrawal),
            title: isWithdrawal ? Texts.Form.withdraw : Texts.Form.endorse,
            fields: [
                ComposeField(text: "note", Texts.Form.note, help: Texts.Form.noteHelp, isMultiline: true)
            ])
    }

    static func report(thread: PostID) -> ComposeState {
        ComposeState(
            kind: .report(thread: thread), title: Texts.Form.apply,
            fields: [
                ComposeField(
                    choice: "status", Texts.Form.status, help: Texts.Form.statusHelp,
                    [ApplicationReport.Status.considering, .adopted, .triedAndFailed, .notApplicable].map(\.name)),
                ComposeField(
                    text: "outcome", Texts.Form.outcome, help: Texts.Form.outcomeHelp, isMultiline: true),
                ComposeField(
                    text: "evidence", Texts.Form.evidence, help: Texts.Form.evidenceHelp, isMultiline: true),
                attachmentsField,
            ])
    }

    static func translation(thread: PostID, source: PostID, of lesson: Lesson, language: String) -> ComposeState {
        ComposeState(
            kind: .translation(thread: thread, source: source), title: Texts.Form.translate(lesson.title),
            fields: [
                ComposeField(
                    text: "language", Texts.Form.language, help: Texts.Form.translationLanguageHelp, isRequired: true,
                    value: language),
                ComposeField(
                    text: "title", Texts.Form.title, help: Texts.Form.titleHelp, isRequired: true, value: lesson.title),
            ]
                + sections.map { field in
                    var field = field
                    if let section = LessonSection(rawValue: field.name) { field.value = lesson[section] }
                    return field
                } + [attachmentsField])
    }

    static func revision(thread: PostID, base: PostID, of post: Post, lesson: Lesson) -> ComposeState {
        var form = ComposeState.lesson(
            topic: post.topic.path, topics: [], language: post.language, organisation: post.organisation)
        form.becomeRevision(thread: thread, base: base)
        form.title = Texts.Form.revise(lesson.title)
        form.lessonDraft = LessonDraft(
            LessonDocument(
                lesson: lesson, topic: post.topic, language: post.language, marking: post.marking,
                audience: post.audience))
        return form
    }

    /// Makes a form for a lesson one for its revision, which has the topic, marking, audience and language of the lesson.
    mutating func becomeRevision(thread: PostID, base: PostID) {
        kind = .revision(thread: thread, base: base)
        fields.removeAll { ["topic", "marking", "audience", "language"].contains($0.name) }
        fields.append(ComposeField(text: "note", Texts.Form.changeNote, help: Texts.Form.changeNoteHelp))
    }

    static func state(thread: PostID, from state: ThreadState) -> ComposeState {
        ComposeState(
            kind: .state(thread: thread, from: state), title: Texts.Form.state(state.name),
            fields: [
                ComposeField(
                    choice: "state", Texts.Form.newState, help: Texts.Form.newStateHelp, state.next.map(\.name)),
                ComposeField(
                    text: "reason", Texts.Form.reason, help: Texts.Form.stateReasonHelp, isRequired: true,
                    isMultiline: true),
                ComposeField(text: "superseded-by", Texts.Form.supersededBy, help: Texts.Form.supersededByHelp),
            ])
    }

    static func redaction(thread: PostID, target: PostID, number: SequenceNumber) -> ComposeState {
        var form = ComposeState(
            kind: .redaction(thread: thread, target: target), title: Texts.Form.redact(number),
            fields: [
                ComposeField(
                    text: "reason", Texts.Form.reason, help: Texts.Form.redactReasonHelp, isMultiline: true),
                ComposeField(
                    text: "confirm", Texts.Form.confirm, help: Texts.Form.confirmHelp("\(number)"), isRequired: true),
            ])
        form.confirmation = "\(number)"
        return form
    }

    static func invitation(organisation: String) -> ComposeState {
        ComposeState(
            kind: .invitation, title: Texts.Form.invite,
            fields: [
                ComposeField(text: "name", Texts.Form.memberName, help: Texts.Form.memberNameHelp, isRequired: true),
                ComposeField(
                    text: "organisation", Texts.Form.organisation, help: Texts.Form.organisationHelp, isRequired: true,
                    value: organisation),
                ComposeField(
                    text: "roles", Texts.Form.roles, help: Texts.Form.rolesHelp, isRequired: true,
                    value: "reader, contributor"),
            ])
    }

    private static var sections: [ComposeField] {
        LessonSection.allCases.map { section in
            ComposeField(
                text: section.rawValue, section.heading(.odcr), help: section.help, isRequired: section.isRequired,
                isMultiline: true)
        }
    }
}

// MARK: Lessons

extension ComposeState {
    /// Fields that are no part of the lesson's text, and stay when an editor gives that back.
    static let outsideDocument = ["attachments", "note"]

    /// Paths of the files that go with it.
    var attachments: [String] { self["attachments"].listItems }

    private static var attachmentsField: ComposeField {
        ComposeField(text: "attachments", Texts.Form.attachments, help: Texts.Form.attachmentsHelp)
    }

    /// The lesson of the fields as far as it is written. Fields that the form does not show stay as they were set.
    var lessonDraft: LessonDraft {
        get {
            var draft = hidden
            for field in fields {
                if let section = LessonSection(rawValue: field.name) {
                    draft.sections[section] = field.value
                } else {
                    draft[field.name] = field.value == Texts.Form.chooseMarking ? "" : field.value
                }
            }
            return draft
        }
        set {
            hidden = newValue
            for field in fields where !Self.outsideDocument.contains(field.name) {
                self[field.name] =
                    LessonSection(rawValue: field.name).map { newValue.sections[$0] ?? "" } ?? newValue[field.name]
            }
        }
    }
}

extension String {
    var trimmedSpaces: String {
        var view = self[...]
        while view.first?.isWhitespace == true { view.removeFirst() }
        while view.last?.isWhitespace == true { view.removeLast() }
        return String(view)
    }

    /// `a, b` as `["a", "b"]`.
    var listItems: [String] {
        split(separator: ",").map { String($0).trimmedSpaces }.filter { !$0.isEmpty }
    }

    var onOneLine: String { String(map { $0.isNewline ? " " : $0 }) }
}
