import LessonModel
import TerminalUI

/// A thread as one line of JSON: the format `lessons-relay/thread`, which `ThreadSchema` describes.
enum ThreadJSON {
    static let format = "lessons-relay/thread"
    /// Fields may be added within a version; a reader passes over what it does not know.
    static let version: Int64 = 1

    static func node(_ thread: ShownThread) -> JSONNode {
        let posts = thread.posts.sorted { $0.stored.sequence < $1.stored.sequence }
        let handling = posts.map(\.post.marking).max { $0.rawValue < $1.rawValue }
        return .object([
            ("format", .string(format)), ("version", .integer(version)), ("thread", .string(thread.id.description)),
            ("handling", .text(handling.map { "TLP:\($0.label)" })),
            ("topic", .text(thread.lesson?.post.topic.path)), ("title", .text(thread.document?.lesson.lesson.title)),
            ("state", .text(thread.document?.state?.name)), ("posts", .array(posts.map(post))),
        ])
    }

    /// A post as everywhere, with what is known of its signature.
    private static func post(_ shown: ShownPost) -> JSONNode {
        guard case .object(let fields) = shown.json else { return shown.json }
        return .object(fields + [("signature", .string(shown.facts.signature.rawValue))])
    }
}

/// The lesson of an exported thread, and what is known of its origin.
struct ThreadLesson: Equatable {
    var thread: PostID
    var organisation: OrganisationSlug?
    var author: MemberID?
    var lesson: LessonDocument
    /// How many other posts the thread has.
    var replies: Int
}

/// Why a record is no thread of ours, with the field at fault.
struct ThreadJSONProblem: Error, Equatable, CustomStringConvertible {
    var field: String
    var problem: String

    var description: String { "\(field): \(problem)" }
}

extension ThreadJSON {
    /// Reads the lesson of a line that `node` has written. What follows it is not looked into.
    static func lesson(of record: JSONValue) throws(ThreadJSONProblem) -> ThreadLesson {
        guard record["format"] == .string(format) else {
            throw ThreadJSONProblem(
                field: "format", problem: "this is no thread of a Lessons Relay; other records need --mapping")
        }
        guard record["version"] == .integer(version) else {
            throw ThreadJSONProblem(
                field: "version", problem: "this program reads version \(version) of the format; update lessons")
        }
        let thread = try value(record, "thread", "a post's id") { PostID(text: $0) }
        guard case .array(let posts) = record["posts"] else {
            throw ThreadJSONProblem(field: "posts", problem: "must be a list of posts")
        }
        let opening = posts.first {
            $0["id"]?.text.flatMap { PostID(text: $0) } == thread && $0["kind"]?.text == "lesson"
        }
        guard let opening else {
            throw ThreadJSONProblem(field: "posts", problem: "the post that opens the thread is not among them")
        }
        // The text that the lesson has now: its last revision's.
        let revision = posts.last { $0["kind"]?.text == "revision" && $0["signature"]?.text != "failed" }
        return ThreadLesson(
            thread: thread, organisation: opening["organisation"]?.text.flatMap { OrganisationSlug($0) },
            author: opening["author"]?.text.flatMap { MemberID(text: $0) },
            lesson: try document(of: opening, text: revision ?? opening),
            replies: posts.count - 1)
    }

    /// - Parameter text: the post with the lesson's text.
    private static func document(
        of post: JSONValue, text source: JSONValue
    ) throws(ThreadJSONProblem) -> LessonDocument {
        let marking = try value(post, "marking", "a label of TLP 2.0 such as GREEN") { Marking(label: $0) }
        var audience = Audience()
        for name in try texts(post, "audience") {
            if let member = MemberID(text: name) {
                audience.members.insert(member)
            } else if let slug = OrganisationSlug(name) {
                audience.organisations.insert(slug)
            } else {
                throw ThreadJSONProblem(
                    field: "audience",
                    problem: "\"\(name.prefix(60))\" is no organisation's short name and no member's id")
            }
        }
        do { try audience.validate(for: marking) } catch {
            throw ThreadJSONProblem(field: "audience", problem: error.description)
        }
        let lesson = Lesson(
            title: try text(source, "title"), observation: try text(source, "observation"),
            discussion: try text(source, "discussion"), conclusion: try text(source, "conclusion"),
            recommendation: try text(source, "recommendation"), country: try optional(source, "country"),
            eventDate: try optional(source, "event_date"), tags: try texts(source, "tags"),
            actionBody: try optional(source, "action_body"), dueDate: try optional(source, "due_date"),
            evidence: try optional(source, "evidence"), references: try texts(source, "references"))
        do { try lesson.validate() } catch { throw ThreadJSONProblem(field: error.field, problem: error.problem) }
        return LessonDocument(
            lesson: lesson, topic: try value(post, "topic", "a topic such as policing/community") { Topic($0) },
            language: try value(post, "language", "a language tag such as en") { LanguageTag.isValid($0) ? $0 : nil },
            marking: marking, audience: audience)
    }

    private static func value<Value>(
        _ node: JSONValue, _ field: String, _ wanted: String, _ convert: (String) -> Value?
    ) throws(ThreadJSONProblem) -> Value {
        guard case .string(let text) = node[field], let value = convert(text) else {
            throw ThreadJSONProblem(field: field, problem: "must be \(wanted)")
        }
        return value
    }

    private static func text(_ node: JSONValue, _ field: String) throws(ThreadJSONProblem) -> String {
        guard case .string(let text) = node[field] else {
            throw ThreadJSONProblem(field: field, problem: "must be a text")
        }
        return text
    }

    private static func optional(_ node: JSONValue, _ field: String) throws(ThreadJSONProblem) -> String? {
        switch node[field] {
        case .string(let text): return text
        case .null, nil: return nil
        default: throw ThreadJSONProblem(field: field, problem: "must be a text or null")
        }
    }

    private static func texts(_ node: JSONValue, _ field: String) throws(ThreadJSONProblem) -> [String] {
        guard case .array(let values) = node[field] else {
            throw ThreadJSONProblem(field: field, problem: "must be a list of texts")
        }
        var texts: [String] = []
        for value in values {
            guard case .string(let text) = value else {
                throw ThreadJSONProblem(field: field, problem: "must be a list of texts")
            }
            texts.append(text)
        }
        return texts
    }
}
