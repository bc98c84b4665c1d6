import LessonModel
import TerminalUI

extension ShownPost {
    /// The post with field names that stay the same from version to version.
    var json: JSONNode {
        let fields: [(String, JSONNode)] = [
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
            ("attachments", .array(post.attachments.map { .object($0.jsonFields) })),
        ]
        return .object(fields + post.body.jsonFields)
    }
}

extension Post.Body {
    fileprivate var jsonFields: [(String, JSONNode)] {
        switch self {
        case .lesson(let lesson): lesson.jsonFields
        case .comment(let comment):
            [("parent", .string(comment.parent.description)), ("text", .string(comment.text))]
        case .revision(let revision):
            [("base", .string(revision.base.description)), ("note", .string(revision.note))]
                + revision.lesson.jsonFields
        case .endorsement(let endorsement):
            [("withdrawal", .bool(endorsement.isWithdrawal)), ("note", .string(endorsement.note))]
        case .applicationReport(let report):
            [
                ("status", .string(report.status.name)), ("outcome", .string(report.outcome)),
                ("evidence", .text(report.evidence)),
            ]
        case .stateChange(let change):
            [
                ("from", .string(change.from.name)), ("to", .string(change.to.name)),
                ("reason", .string(change.reason)), ("evidence", .strings(change.evidence.map(\.description))),
                ("superseded_by", .text(change.supersededBy?.description)),
            ]
        case .translation(let translation):
            [("source", .string(translation.source.description)), ("by_machine", .bool(translation.isByMachine))]
                + translation.lesson.jsonFields
        case .redaction(let redaction):
            [
                ("target", .string(redaction.target.description)),
                ("target_sha256", .string(Hex.text(of: redaction.targetHash))), ("reason", .string(redaction.reason)),
            ]
        }
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
