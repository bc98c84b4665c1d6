import Foundation
import LessonModel
import PKI
import TestSupport

@testable import Storage

/// A store in a directory of its own, with values to fill it.
final class Fixture {
    let directory: TemporaryDirectory
    var store: RelayStore
    var random: SeededRandom
    private(set) var time: Milliseconds = 1_790_000_000_000

    static let topics = ["policing/community", "policing/reform", "cyber/cybercrime", "media"].compactMap { Topic($0) }

    init(seed: UInt64 = 1) throws {
        directory = try TemporaryDirectory()
        store = try RelayStore(directory: directory.path)
        random = SeededRandom(seed: seed)
        try store.addTopics(
            Fixture.topics.map { TopicDescription(topic: $0, description: "About \($0)") },
            audit: AuditEntry(at: time, actor: .host, action: "topic.add"))
    }

    func reopen() throws {
        try store.close()
        store = try RelayStore(directory: directory.path)
    }

    func audit(_ action: String = "test", actor: AuditActor = .host) -> AuditEntry {
        AuditEntry(at: tick(), actor: actor, action: action)
    }

    func tick() -> Milliseconds {
        time += 1_000
        return time
    }

    func uuid() -> UUIDValue { UUIDValue(version7At: tick(), using: &random) }
    func postID() -> PostID { PostID(uuid()) }
    func memberID() -> MemberID { MemberID(uuid()) }

    func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) } }

    /// Adds the organisation when it is new, and a member of it.
    func member(
        of slug: String = "police-al", name: String = "Somebody", roles: Set<Role> = [.contributor]
    ) throws -> Viewer {
        let organisation = try slugValue(slug)
        if try store.organisation(organisation) == nil {
            try store.addOrganisation(
                Organisation(slug: organisation, name: slug, country: "AL", kind: .police), audit: audit())
        }
        let id = memberID()
        try store.addMember(
            Member(id: id, organisation: organisation, name: name, kind: .person, roles: roles), audit: audit())
        return Viewer(member: id, organisation: organisation)
    }

    func slugValue(_ text: String) throws -> OrganisationSlug {
        guard let slug = OrganisationSlug(text) else { throw FixtureError.badSlug(text) }
        return slug
    }

    func lesson(
        by author: Viewer, topic: Topic = topics[0], marking: Marking = .green, audience: Audience = .everybody,
        language: String = "en", title: String = "A lesson"
    ) -> Post {
        let id = postID()
        return Post(
            id: id, salt: bytes(Post.saltBytes), author: author.member, organisation: author.organisation,
            createdAt: tick(), topic: topic, thread: id, marking: marking, audience: audience, language: language,
            body: .lesson(Lesson(title: title, observation: "It happened.", recommendation: "Do better.")))
    }

    func comment(
        by author: Viewer, on lesson: Post, parent: PostID? = nil, marking: Marking = .green,
        audience: Audience = .everybody
    ) -> Post {
        Post(
            id: postID(), salt: bytes(Post.saltBytes), author: author.member, organisation: author.organisation,
            createdAt: tick(), topic: lesson.topic, thread: lesson.id, marking: marking, audience: audience,
            language: "en", body: .comment(Comment(parent: parent ?? lesson.id, text: "We tried it.")))
    }

    /// Any post of a thread.
    func post(
        _ body: Post.Body, by author: Viewer, on lesson: Post, marking: Marking = .green,
        audience: Audience = .everybody, language: String = "en"
    ) -> Post {
        Post(
            id: postID(), salt: bytes(Post.saltBytes), author: author.member, organisation: author.organisation,
            createdAt: tick(), topic: lesson.topic, thread: lesson.id, marking: marking, audience: audience,
            language: language, body: body)
    }

    /// The store does not look into the signed bytes, so random ones stand for the content.
    func request(
        _ post: Post, contentBytes: Int = 64, country: String? = "AL", kind: OrganisationKind = .police,
        rights: ThreadRights = ThreadRights(), decision: ReplyDecision = .allowed
    ) -> AppendRequest {
        let content = bytes(contentBytes)
        return AppendRequest(
            post: post,
            signed: SignedPost(content: content, signature: bytes(70), certificateFingerprint: bytes(32)),
            contentHash: SHA256.digest(content), country: country, organisationKind: kind,
            rights: rights, mayReply: { _ in decision })
    }

    static let uploads = UploadLimits(maxFiles: 4, maxBytes: 4_096, minFreeBytes: 0)

    /// Brings a file to the relay in one piece.
    @discardableResult
    func upload(_ bytes: [UInt8], named name: String = "plan.pdf", by viewer: Viewer) throws -> LessonModel.Attachment {
        let file = attachment(bytes, named: name)
        let now = tick()
        guard try !store.openUpload(file.digest, size: file.size, by: viewer, at: now, limits: Self.uploads).isComplete
        else { return file }
        _ = try bytes.withUnsafeBytes {
            try store.appendUpload($0, at: 0, of: file.digest, by: viewer.member, at: now, limits: Self.uploads)
        }
        guard try store.finishUpload(file.digest, by: viewer.member, at: now) else { throw FixtureError.badUpload }
        return file
    }

    func attachment(_ bytes: [UInt8], named name: String = "plan.pdf") -> LessonModel.Attachment {
        LessonModel.Attachment(
            name: name, mediaType: "application/pdf", size: Int64(bytes.count), digest: SHA256.digest(bytes))
    }

    @discardableResult
    func append(_ posts: Post...) throws -> [LoggedPost] {
        let outcomes = try store.append(posts.map { request($0) }, receivedAt: tick())
        return outcomes.compactMap(\.logged)
    }
}

enum FixtureError: Error {
    case badSlug(String)
    case badUpload
}

extension AppendOutcome {
    var logged: LoggedPost? {
        if case .appended(let post) = self { post } else { nil }
    }

    var duplicate: PostPlace? {
        if case .duplicate(let place) = self { place } else { nil }
    }

    /// The outcome's name alone, for comparison.
    var name: String {
        switch self {
        case .appended: "appended"
        case .duplicate: "duplicate"
        case .conflict: "conflict"
        case .unknownTopic: "unknownTopic"
        case .unknownThread: "unknownThread"
        case .unknownParent: "unknownParent"
        case .topicMismatch: "topicMismatch"
        case .widerThanThread: "widerThanThread"
        case .attachmentMissing: "attachmentMissing"
        case .held: "held"
        case .tooManyHeld: "tooManyHeld"
        case .notWaiting: "notWaiting"
        case .ruledOut(let error): "\(error.kind)"
        }
    }
}

/// All bytes of a file.
func fileBytes(_ path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(filePath: path))) }

extension RelayStore {
    /// Runs `statements` on the writer in one transaction, as somebody would who edits the file.
    func edit(_ statements: String...) throws {
        try write { db in for statement in statements { try db.run(statement) } }
    }
}
