/// How records of another system, one JSON object each, become lessons.
///
/// A pure value: the same record and mapping give the same lesson, so that an import can be repeated. `ImportMapping.llis`
/// is built in; others are read from a YAML file, see `init(parsing:)`.
package struct ImportMapping: Hashable, Sendable {
    /// A part of a lesson that a record's fields can fill. The raw values are the mapping file's keys.
    package enum Target: String, CaseIterable, Sendable {
        case key, title, observation, discussion, conclusion, recommendation, evidence
        case eventDate = "event-date"
        case country, tags
    }

    /// The record's fields for a part, in order: the first that holds text is taken, later ones are its fallbacks.
    /// A field is a member's name, or names joined by dots for a member of a member.
    package var fields: [Target: [String]]
    /// Used where no field holds text.
    package var defaults: [Target: String]
    /// A record is taken only when each of these fields has one of these texts.
    package var filters: [String: Set<String>]
    /// The same for every record. A mapping without one of these three needs it from elsewhere before it can map.
    package var topic: Topic?
    package var language: String?
    package var marking: Marking?
    package var audience: Audience

    package init(
        fields: [Target: [String]], defaults: [Target: String] = [:], filters: [String: Set<String>] = [:],
        topic: Topic? = nil, language: String? = nil, marking: Marking? = nil, audience: Audience = .everybody
    ) {
        self.fields = fields
        self.defaults = defaults
        self.filters = filters
        self.topic = topic
        self.language = language
        self.marking = marking
        self.audience = audience
    }

    /// The mappings that need no file, by name.
    package static let builtIn: [String: ImportMapping] = ["llis": llis]

    /// NASA's Lessons Learned Information System: records with id, title, abstract, driving_event, lesson,
    /// recommendation, evidence, organization, date_occurred and topics. The caller adds topic and marking.
    ///
    /// Observation falls back from driving_event to abstract, then to lesson; recommendation to lesson.
    package static let llis = ImportMapping(
        fields: [
            .key: ["id"],
            .title: ["title"],
            .observation: ["driving_event", "abstract", "lesson"],
            .discussion: ["abstract"],
            .conclusion: ["lesson"],
            .recommendation: ["recommendation", "lesson"],
            .evidence: ["evidence"],
            .eventDate: ["date_occurred"],
            .tags: ["topics"],
        ],
        defaults: [
            .recommendation: "The source gives no recommendation. Read the observation, and the report it speaks of."
        ],
        language: "en")
}

/// A record that became a lesson.
package struct ImportedLesson: Hashable, Sendable {
    /// The record's own identity: the same whenever the record is imported again.
    package var key: String
    package var document: LessonDocument
    /// What was changed or left out, one sentence each; empty when the record fitted as it was.
    package var notes: [String]

    package init(key: String, document: LessonDocument, notes: [String]) {
        self.key = key
        self.document = document
        self.notes = notes
    }
}

/// Why a record did not become a lesson. Other records are not affected.
package struct ImportProblem: Error, Hashable, Sendable, CustomStringConvertible {
    /// The record's own identity, nil where it has none.
    package let key: String?
    package let problem: String

    package init(key: String?, problem: String) {
        self.key = key
        self.problem = problem
    }

    package var description: String { key.map { "record \($0): \(problem)" } ?? problem }
}
