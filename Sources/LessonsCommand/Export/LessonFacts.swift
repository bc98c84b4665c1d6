import LessonModel

extension Lesson {
    /// What a lesson says beside its sections, for reading, in the order of its document; what it does not say is left out.
    var labelledFacts: [(label: String, value: String)] {
        let facts: [(String, String?)] = [
            ("Happened", eventDate), ("Country", country.map { ParticipatingState.name(of: $0) ?? $0 }),
            ("Tags", tags.isEmpty ? nil : tags.joined(separator: ", ")), ("To act", actionBody), ("By", dueDate),
        ]
        return facts.compactMap { label, value in value.map { (label, $0) } }
    }
}
