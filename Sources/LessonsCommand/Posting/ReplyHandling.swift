import LessonModel

/// The marking and audience of a post in a thread: the thread's, so that those who read the lesson read the reply, or narrower.
struct ReplyHandling: Equatable {
    let marking: Marking
    let audience: Audience

    /// - Parameters:
    ///   - lesson: the thread's.
    ///   - viewer: who replies.
    ///   - marking: nil for the lesson's.
    ///   - names: organisations, or members' ids for RED; empty for the lesson's audience, with its author, where the
    ///     marking is the lesson's or names the same kind.
    /// - Throws: for a name that is none, or an audience that does not fit the marking.
    init(
        to lesson: Post, from viewer: Viewer, marking: Marking?, audience names: [String]
    ) throws(CommandFailure) {
        let marking = marking ?? lesson.marking
        let audience = names.isEmpty ? Self.inherited(lesson, viewer, marking) : try Audience(names: names)
        do { try audience.validate(for: marking) } catch {
            throw CommandFailure(.usage, "INVALID", error.description, field: "audience")
        }
        self.marking = marking
        self.audience = audience
    }

    /// The lesson's author is not in its audience, and would not see the reply unless named. An organisation that the lesson
    /// names is named again by its own members: its clients see the reply by that alone.
    private static func inherited(_ lesson: Post, _ viewer: Viewer, _ marking: Marking) -> Audience {
        switch marking {
        case .clear, .green: return .everybody
        case .amber, .amberStrict:
            let author = lesson.organisation == viewer.organisation ? [] : [lesson.organisation]
            return Audience(organisations: lesson.audience.organisations.union(author))
        case .red:
            let named = lesson.audience.members.union([lesson.author]).subtracting([viewer.member])
            return Audience(members: named)
        }
    }
}
