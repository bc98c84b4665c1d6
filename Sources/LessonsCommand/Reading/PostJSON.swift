import LessonModel

extension ShownPost {
    /// The post with field names that stay the same from version to version.
    var json: JSONNode {
        var fields: [(String, JSONNode)] = [
            ("sequence", .integer(stored.sequence)),
            ("id", .string(post.id.description)),
            ("thread", .string(post.thread.description)),
            ("kind", .string(post.body.kind.name)),
            ("topic", .string(post.topic.path)),
            ("marking", .string(post.marking.label)),
            ("audience", post.audience.json),
            ("language", .string(post.language)),
            ("organisation", .string(post.organisation.text)),
            ("author", .string(post.author.description)),
            ("author_name", .text(authorName)),
            ("created_at", .string(TimeText.iso(post.createdAt))),
            ("received_at", .string(TimeText.iso(stored.receivedAt))),
            ("verified", .bool(isVerified)),
        ]
        switch post.body {
        case .lesson(let lesson): fields += lesson.jsonFields
        case .comment(let comment):
            fields += [("parent", .string(comment.parent.description)), ("text", .string(comment.text))]
        }
        return .object(fields)
    }
}

extension Lesson {
    var jsonFields: [(String, JSONNode)] {
        [
            ("title", .string(title)),
            ("observation", .string(observation)),
            ("discussion", .string(discussion)),
            ("conclusion", .string(conclusion)),
            ("recommendation", .string(recommendation)),
            ("evidence", .text(evidence)),
            ("event_date", .text(eventDate)),
            ("country", .text(country)),
            ("tags", .strings(tags)),
            ("action_body", .text(actionBody)),
            ("due_date", .text(dueDate)),
            ("references", .strings(references)),
        ]
    }
}

extension Audience {
    /// Short names of organisations, or ids of members.
    var json: JSONNode {
        .strings(organisations.sorted().map(\.text) + members.sorted().map(\.description))
    }
}
