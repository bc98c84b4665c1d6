import LessonModel

extension ComposeState {
    /// As it is kept on the disk and given to an editor.
    var draftText: String {
        if let unreadableText { return unreadableText }
        switch kind {
        case .lesson, .revision, .translation: return lessonDraft.render()
        case .reply, .endorsement, .report, .state, .redaction, .invitation: return self[mainText]
        }
    }

    /// As it is kept on the disk.
    var kept: DraftText {
        DraftText(
            text: draftText, title: title,
            fields: Dictionary(
                fields.filter { !isInText($0.name) }.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 }))
    }

    /// Takes what a kept draft has beside its text.
    mutating func takeKept(_ draft: DraftText) {
        if !draft.title.isEmpty { title = draft.title }
        for (name, value) in draft.fields where !isInText(name) { self[name] = value }
    }

    /// Whether `draftText` holds the field.
    private func isInText(_ name: String) -> Bool {
        switch kind {
        case .lesson, .revision, .translation: !Self.outsideDocument.contains(name)
        case .reply, .endorsement, .report, .state, .redaction, .invitation: name == mainText
        }
    }

    /// The field that an editor is opened on where the form is no lesson.
    private var mainText: String {
        switch kind {
        case .reply: "text"
        case .endorsement: "note"
        case .report: "outcome"
        case .lesson, .revision, .translation: "title"
        case .state, .redaction: "reason"
        case .invitation: "name"
        }
    }

    /// Puts a text that an editor has changed back into the fields.
    /// - Returns: false when it cannot be read, and nothing was changed.
    mutating func takeEdited(_ text: String) -> Bool {
        switch kind {
        case .lesson, .revision, .translation:
            guard let draft = LessonDraft(text: text) else { return false }
            lessonDraft = draft
        case .reply, .endorsement, .report, .state, .redaction, .invitation: self[mainText] = text.trimmedSpaces
        }
        unreadableText = nil
        return true
    }

    /// Tells what is wrong, at the fields.
    /// - Returns: what may be sent; nil when something is wrong.
    @discardableResult
    mutating func check(me: ClientIdentityFacts?) -> Submission? {
        for index in fields.indices { fields[index].problem = nil }
        do {
            let submission = try made(me)
            return submission
        } catch let problems as LessonDocumentProblems {
            for problem in problems.problems {
                let name = fields.contains { $0.name == problem.field } ? problem.field : "title"
                if fields.first(where: { $0.name == name })?.problem == nil { setProblem(problem.message, of: name) }
            }
        } catch let problem as FieldProblem {
            setProblem(problem.message, of: problem.field)
        } catch {
            setProblem("\(error)", of: mainText)
        }
        if let first = fields.firstIndex(where: { $0.problem != nil }) { focus = first }
        return nil
    }

    private struct FieldProblem: Error {
        var field: String
        var message: String
    }

    private func made(_ me: ClientIdentityFacts?) throws -> Submission {
        func text(_ name: String, isNeeded: Bool = true) throws -> String {
            let value = self[name].trimmedSpaces
            if isNeeded, value.isEmpty { throw FieldProblem(field: name, message: Texts.Form.writeText) }
            return value
        }
        switch kind {
        case .lesson:
            if self["marking"] == Texts.Form.chooseMarking {
                var draft = lessonDraft
                draft["marking"] = Marking.red.label
                // All other problems are told at once with this one.
                if case .failure(let problems) = Result(catching: { () throws(LessonDocumentProblems) in
                    try draft.document()
                }) {
                    let others = problems.problems.filter { $0.field != "audience" }
                    if !others.isEmpty { throw LessonDocumentProblems(others) }
                }
                throw FieldProblem(field: "marking", message: Texts.Form.chooseMarkingFirst)
            }
            return .lesson(try lessonDraft.document())
        case .reply(let thread, let parent):
            let written = try text("text")
            let marking = Marking(label: self["marking"])
            let audience = try audience(self["audience"])
            do { try Comment(parent: parent, text: written).validate() } catch {
                throw FieldProblem(field: "text", message: error.problem)
            }
            if let marking {
                do { try audience.validate(for: marking) } catch {
                    throw FieldProblem(field: "audience", message: "\(error)")
                }
            }
            return .reply(thread: thread, parent: parent, text: written, marking: marking, audience: audience)
        case .endorsement(let thread, let isWithdrawal):
            return .endorsement(thread: thread, isWithdrawal: isWithdrawal, note: try text("note", isNeeded: false))
        case .report(let thread):
            guard let status = ApplicationReport.Status(name: self["status"]) else {
                throw FieldProblem(field: "status", message: Texts.Form.statusHelp)
            }
            let evidence = try text("evidence", isNeeded: false)
            let report = ApplicationReport(
                status: status, outcome: try text("outcome", isNeeded: status != .considering),
                evidence: evidence.isEmpty ? nil : evidence)
            do { try report.validate() } catch { throw FieldProblem(field: error.field, message: error.problem) }
            return .report(thread: thread, report)
        case .translation(let thread, let source):
            var draft = lessonDraft
            draft["topic"] = "translation"
            draft["marking"] = Marking.green.label
            let document = try draft.document()
            return .translation(thread: thread, source: source, language: document.language, document.lesson)
        case .revision(let thread, let base):
            return .revision(
                thread: thread, base: base, note: try text("note", isNeeded: false), try lessonDraft.document())
        case .state(let thread, let from):
            guard let to = ThreadState(name: self["state"]) else {
                throw FieldProblem(field: "state", message: Texts.Form.newStateHelp)
            }
            return .state(
                thread: thread, from: from, to: to, reason: try text("reason"),
                supersededBy: try text("superseded-by", isNeeded: to == .superseded))
        case .redaction(let thread, let target):
            let number = confirmation
            guard try text("confirm", isNeeded: false) == number else {
                throw FieldProblem(field: "confirm", message: Texts.Form.mustConfirm(number))
            }
            return .redaction(thread: thread, target: target, reason: try text("reason", isNeeded: false))
        case .invitation: throw FieldProblem(field: "name", message: Texts.Form.writeText)
        }
    }

    private func audience(_ text: String) throws -> Audience {
        var audience = Audience()
        for name in text.listItems {
            if let member = MemberID(text: name) {
                audience.members.insert(member)
            } else if let slug = OrganisationSlug(name) {
                audience.organisations.insert(slug)
            } else {
                throw FieldProblem(
                    field: "audience", message: Texts.Form.noReceiver(name))
            }
        }
        return audience
    }

    /// Who will receive it, and what else its author should know before it is sent.
    func reviewLines(_ submission: Submission, me: ClientIdentityFacts, answered: Post?, lesson: Post?) -> [StyledText]
    {
        var receivers = Texts.Form.wholeThread
        var lines: [StyledText] = []
        var excerpt: [StyledText] = []
        switch submission {
        case .lesson(let document):
            receivers = AudienceText.receivers(
                marking: document.marking, audience: document.audience, author: .you(me.organisation))
            lines = [
                StyledText(document.lesson.title, .bold),
                StyledText("in ") + StyledText(document.topic.path, .cyan) + StyledText(", ")
                    + StyledText(document.marking) + StyledText(", \(document.language)"),
            ]
        case .reply(_, _, let text, let marking, let audience):
            excerpt = text.split(whereSeparator: \.isNewline).prefix(5).map { StyledText("  " + $0, .dim) }
            if let marking {
                receivers = AudienceText.receivers(
                    marking: marking, audience: audience, author: .you(me.organisation))
                lines = [StyledText(marking)]
            } else if let answered {
                receivers = AudienceText.receivers(
                    marking: answered.marking, audience: answered.audience,
                    author: .another(answered.organisation))
                lines = [StyledText(answered.marking)]
            }
        case .endorsement, .report, .translation, .revision, .state, .redaction:
            if let lesson {
                receivers = AudienceText.receivers(
                    marking: lesson.marking, audience: lesson.audience, author: .another(lesson.organisation))
                lines = [StyledText(lesson.marking)]
            }
        }
        lines.append(StyledText(Texts.Form.willReach, .bold) + StyledText(receivers))
        lines += attachments.map { StyledText(Texts.Form.withFile, .bold) + StyledText(SafeText.line($0)).onOneLine }
        return lines + (excerpt.isEmpty ? [] : [""] + excerpt)
    }
}

extension ClientState {
    /// Opens the form for a command.
    mutating func beginWriting(_ id: CommandID) -> [ClientEffect] {
        guard let me else { return [] }
        if id == .post {
            var form = ComposeState.lesson(
                topic: request.topic, topics: topics.filter { !$0.isArchived }.map(\.path), language: me.language,
                organisation: me.organisation)
            form.draft = nextDraftName("lesson")
            compose = form
            return []
        }
        // From the list the thread is opened first, so that nobody answers what they have not seen.
        guard let reader, focus == .reader, let lesson = reader.lesson else {
            return selectedThread.map { [.loadThread($0, isUpdate: false)] } ?? []
        }
        let standing = reader.standing
        switch id {
        case .reply:
            let parent = reader.currentPost ?? lesson
            var target = parent
            if parent.post.body.kind != .comment { target = lesson }
            compose = .reply(thread: reader.thread, parent: target.post.id, to: target.byline)
            let name = nextDraftName("reply", about: target.post.id)
            compose?.draft = name
        case .endorse:
            let has = standing.endorsers.contains(me.organisation)
            compose = .endorsement(thread: reader.thread, isWithdrawal: has)
        case .apply:
            compose = .report(thread: reader.thread)
            let name = nextDraftName("report", about: reader.thread)
            compose?.draft = name
        case .translate:
            guard let text = standing.texts.last else { return [] }
            compose = .translation(
                thread: reader.thread, source: text.shown.post.id, of: text.lesson, language: me.language)
            let name = nextDraftName("translation", about: text.shown.post.id)
            compose?.draft = name
        case .revise:
            guard let text = standing.texts.last else { return [] }
            compose = .revision(
                thread: reader.thread, base: text.shown.post.id, of: lesson.post, lesson: text.lesson)
            let name = nextDraftName("revision", about: text.shown.post.id)
            compose?.draft = name
        case .state:
            compose = .state(thread: reader.thread, from: standing.projection?.state ?? .observation)
        case .redact:
            let target = reader.currentPost ?? lesson
            compose = .redaction(thread: reader.thread, target: target.post.id, number: target.stored.sequence)
        default: break
        }
        return []
    }

    /// Such as `reply-20261127T142233456-1-on-0198….`: a draft that is found again says what it was about.
    private mutating func nextDraftName(_ kind: String, about post: PostID? = nil) -> String {
        draftCount += 1
        let stamp = TimestampText.rfc3339(now).filter { $0.isNumber || $0 == "T" }
        return "\(kind)-\(stamp)-\(draftCount)" + (post.map { "-on-\($0)" } ?? "")
    }

    mutating func closeCompose() -> [ClientEffect] {
        guard let form = compose else { return [] }
        if form.review != nil {
            compose?.review = nil
            return []
        }
        guard !form.isSending else { return [] }
        compose = nil
        guard let name = form.draft, form.isWorthKeeping else { return [] }
        say(Texts.unsavedKept)
        return [.saveDraft(name: name, form.kept)]
    }

    mutating func handleInCompose(_ key: Key) -> [ClientEffect] {
        guard var form = compose, !form.isSending else { return [] }
        if form.review != nil {
            if key == Key(.enter) { return send() }
            if let id = bindings.command(for: key, in: .review) { return perform(id) }
            return []
        }
        if key == Key(.tab), form.fields[form.focus].complete() {
            form.isUnsaved = true
            compose = form
            return []
        }
        if let id = bindings.command(for: key, in: .compose), id != .back || key == Key(.escape) { return perform(id) }
        if form.fields[form.focus].handle(key) {
            form.isUnsaved = true
            compose = form
            return []
        }
        switch key {
        case Key(.enter), Key(.down): compose?.focus = min(form.focus + 1, form.fields.count - 1)
        case Key(.up): compose?.focus = max(form.focus - 1, 0)
        default: break
        }
        return []
    }

    mutating func performInCompose(_ id: CommandID) -> [ClientEffect] {
        guard var form = compose, let me else { return [] }
        switch id {
        case .nextField: compose?.focus = (form.focus + 1) % form.fields.count
        case .previousField: compose?.focus = (form.focus + form.fields.count - 1) % form.fields.count
        case .externalEditor:
            let isLesson = form.fields.contains { $0.name == LessonSection.observation.rawValue }
            return [.edit(form.draftText, kind: isLesson ? "lesson" : "reply")]
        case .send:
            if form.review != nil { return send() }
            if case .invitation = form.kind { return invite(form) }
            guard let submission = form.check(me: me) else {
                compose = form
                let problem = form.fields[form.focus].problem ?? ""
                say("\(form.fields[form.focus].label): \(problem)", .bad)
                return []
            }
            let lesson = reader?.lesson?.post
            var answered = lesson
            if case .reply(_, let parent) = form.kind {
                answered = reader?.posts.first { $0.post.id == parent }?.post ?? lesson
            }
            form.review = ComposeState.Review(
                submission: submission,
                lines: form.reviewLines(submission, me: me, answered: answered, lesson: lesson))
            compose = form
            guard case .lesson(let document) = submission else {
                compose?.review?.similar = []
                return []
            }
            return [.findSimilar("\(document.lesson.title) \(document.lesson.tags.joined(separator: " "))")]
        default: break
        }
        return []
    }

    private mutating func send() -> [ClientEffect] {
        guard let form = compose, let review = form.review, !form.isSending else { return [] }
        compose?.isSending = true
        say(Texts.sending)
        var effects: [ClientEffect] = []
        if let draft = form.draft, form.isWorthKeeping {
            effects.append(.saveDraft(name: draft, form.kept))
        }
        return effects + [.submit(review.submission, attachments: form.attachments, draft: form.draft)]
    }

    private mutating func invite(_ form: ComposeState) -> [ClientEffect] {
        var form = form
        let name = form["name"].trimmedSpaces
        let organisation = form["organisation"].trimmedSpaces
        guard !name.isEmpty else {
            form.setProblem(Texts.Form.writeText, of: "name")
            compose = form
            return []
        }
        compose = nil
        return [
            .act(.invite(organisation: organisation, name: name, roles: form["roles"].listItems), on: .none)
        ]
    }
}
