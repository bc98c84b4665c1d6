import Foundation
package import LessonModel
import SwiftProtobuf

/// Why the content of a post cannot be read.
package enum PostDecodingError: Error, Equatable, CustomStringConvertible {
    case malformed
    case invalidUTF8
    case rule(PostRuleError)

    package var description: String {
        switch self {
        case .malformed: "the content is no PostContent of lessons.proto"
        case .invalidUTF8: "a text of the post holds bytes that are not UTF-8; send text as UTF-8"
        case .rule(let error): error.problem
        }
    }
}

extension Post {
    /// The bytes that the author signs.
    package func encodedContent() -> [UInt8] {
        var content = WirePostContent()
        content.salt = Data(salt)
        content.postID = Data(id.bytes)
        content.author = Data(author.bytes)
        content.organisation = organisation.text
        content.createdAtMs = createdAt
        content.topic = topic.path
        content.threadID = Data(thread.bytes)
        content.marking = WireMarking(marking)
        content.audience = WireAudience(audience)
        content.language = language
        content.attachments = attachments.map(WireAttachment.init)
        content.body = WirePostContent.OneOf_Body(body)
        guard let bytes: [UInt8] = try? content.serializedBytes() else {
            preconditionFailure("a message without required fields always serialises")
        }
        return bytes
    }

    /// Reads and validates what an author signed.
    /// - Throws: with the field at fault; nothing is guessed.
    package init(content bytes: [UInt8]) throws(PostDecodingError) {
        let content: WirePostContent
        do {
            content = try WirePostContent(serializedBytes: bytes)
        } catch BinaryDecodingError.invalidUTF8 {
            throw .invalidUTF8
        } catch {
            throw .malformed
        }
        do {
            self = try content.post()
            try validate()
        } catch {
            throw .rule(error)
        }
    }
}

extension WirePostContent {
    fileprivate func post() throws(PostRuleError) -> Post {
        guard let id = PostID(bytes: postID) else { throw .wrongBytes("post_id") }
        guard let author = MemberID(bytes: author) else { throw .wrongBytes("author") }
        guard let thread = PostID(bytes: threadID) else { throw .wrongBytes("thread_id") }
        guard let organisation = OrganisationSlug(organisation) else {
            throw PostRuleError(
                field: "organisation", problem: "the organisation's short name is 2 to 40 of a-z, 0-9 and hyphen")
        }
        guard let topic = Topic(topic) else {
            throw PostRuleError(
                field: "topic", problem: "the topic is malformed; write it like policing/community, in lower case")
        }
        guard let marking = Marking(rawValue: marking.rawValue) else {
            throw PostRuleError(
                field: "marking", problem: "the marking is missing: choose CLEAR, GREEN, AMBER, AMBER+STRICT or RED")
        }
        guard let body else {
            throw PostRuleError(field: "body", problem: "the post has no body this relay knows; update one of the two")
        }
        return Post(
            id: id, salt: Array(salt), author: author, organisation: organisation, createdAt: createdAtMs, topic: topic,
            thread: thread, marking: marking, audience: try audience.value(), language: language,
            body: try body.value(), attachments: attachments.map(\.value))
    }
}

extension WireAttachment {
    init(_ attachment: Attachment) {
        self.init()
        name = attachment.name
        mediaType = attachment.mediaType
        size = UInt64(clamping: attachment.size)
        digest = Data(attachment.digest)
    }

    fileprivate var value: Attachment {
        Attachment(name: name, mediaType: mediaType, size: Int64(clamping: size), digest: Array(digest))
    }
}

extension WireAudience {
    init(_ audience: Audience) {
        self.init()
        organisations = audience.organisations.sorted().map(\.text)
        members = audience.members.sorted().map { Data($0.bytes) }
    }

    fileprivate func value() throws(PostRuleError) -> Audience {
        guard organisations.count + members.count <= Audience.maxEntries else {
            throw PostRuleError(field: "audience", problem: AudienceError.tooMany.description)
        }
        var audience = Audience()
        for text in organisations {
            guard let slug = OrganisationSlug(text) else {
                throw PostRuleError(field: "audience", problem: "the audience names a malformed organisation")
            }
            audience.organisations.insert(slug)
        }
        for bytes in members {
            guard let member = MemberID(bytes: bytes) else { throw .wrongBytes("audience") }
            audience.members.insert(member)
        }
        return audience
    }
}

extension WireLesson {
    init(_ lesson: Lesson) {
        self.init()
        title = lesson.title
        observation = lesson.observation
        discussion = lesson.discussion
        conclusion = lesson.conclusion
        recommendation = lesson.recommendation
        country = lesson.country ?? ""
        eventDate = lesson.eventDate ?? ""
        tags = lesson.tags
        actionBody = lesson.actionBody ?? ""
        dueDate = lesson.dueDate ?? ""
        evidence = lesson.evidence ?? ""
        references = lesson.references
    }

    var value: Lesson {
        Lesson(
            title: title, observation: observation, discussion: discussion, conclusion: conclusion,
            recommendation: recommendation, country: country.nonEmpty, eventDate: eventDate.nonEmpty, tags: tags,
            actionBody: actionBody.nonEmpty, dueDate: dueDate.nonEmpty, evidence: evidence.nonEmpty,
            references: references)
    }
}

extension String {
    /// Nil for the empty text, by which proto3 says that a field is not set.
    package var nonEmpty: String? { isEmpty ? nil : self }
}

extension PostRuleError {
    static func wrongBytes(_ field: String) -> PostRuleError {
        PostRuleError(field: field, problem: "\(field) must be 16 bytes")
    }
}
