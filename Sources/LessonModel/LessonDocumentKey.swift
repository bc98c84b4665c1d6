/// A key of the front matter of a lesson's document.
enum LessonDocumentKey: String, CaseIterable {
    case title, topic, language, marking, audience
    case eventDate = "event-date"
    case country, tags
    case actionBody = "action-body"
    case dueDate = "due-date"
    case references

    static let names = allCases.map(\.rawValue)
}
