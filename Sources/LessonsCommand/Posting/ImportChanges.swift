import LessonModel

/// What the command line says in place of a lesson's own topic, language, marking and audience.
struct ImportChanges: Equatable {
    var topic: Topic?
    var language: String?
    var marking: Marking?
    /// Empty: the lesson's own, where its marking stays.
    var audience = Audience()

    /// For a lesson that its author hands in.
    func applied(to document: LessonDocument) throws(ImportProblem) -> LessonDocument {
        var document = document
        if let topic { document.topic = topic }
        if let language { document.language = language }
        if let marking, marking != document.marking {
            document.marking = marking
            document.audience = .everybody
        }
        if audience != .everybody { document.audience = audience }
        do { try document.audience.validate(for: document.marking) } catch {
            throw ImportProblem(key: nil, problem: error.description)
        }
        return document
    }

    /// For a lesson that somebody has exported: it may go no further than its source has said (TLP 2.0).
    func applied(
        to document: LessonDocument, organisation: OrganisationSlug?, author: MemberID?
    ) throws(ImportProblem) -> LessonDocument {
        let changed = try applied(to: document)
        guard changed.marking != document.marking || changed.audience != document.audience else { return changed }
        // Without its origin nobody is the author's organisation.
        guard let organisation = organisation ?? OrganisationSlug("unknown") else { return document }
        let member = author ?? MemberID(UUIDValue(high: 0, low: 0))
        func visibility(_ document: LessonDocument) -> Visibility {
            Visibility(
                marking: document.marking, audience: document.audience, author: member, organisation: organisation)
        }
        guard
            visibility(document).admits(
                reply: visibility(changed), clients: { _ in [] }, organisationOf: { _ in nil })
        else {
            throw ImportProblem(
                key: nil,
                problem: "the lesson is marked \(document.marking.label); only its source may say that it goes further")
        }
        return changed
    }
}
