import FaultyStorage
import Foundation
import LessonModel
import PKI
import Storage
import TestSupport
import Testing
import Wire

@testable import Relay

/// What every run begins with: members with certificates, a relay's database that knows them, and posts signed beforehand,
/// since signing and migrating would be most of a run.
struct SimulatedMembers: Sendable {
    struct Person: Sendable {
        let id: MemberID
        let organisation: OrganisationSlug
        let certificate: Certificate
        let key: PrivateKey

        var viewer: Viewer { Viewer(member: id, organisation: organisation) }
    }

    struct PreparedPost: Sendable {
        let post: Post
        let signed: SignedPost
        /// Who may see it, by index; found here apart from the relay's own rule.
        let readers: Set<Int>
    }

    static let topics = ["policing/community", "policing/reform", "media", "judiciary"].compactMap { Topic($0) }
    /// What is posted there by others than curators is held.
    static let moderated = topics[3]
    /// By index; the first administers the relay too.
    static let curators = [0, 1]

    let authority: TestAuthority
    /// The first administers the relay and posts nothing.
    let people: [Person]
    /// By author; lessons stand before the comments on them.
    let posts: [[PreparedPost]]
    let database: [UInt8]
    let start: Milliseconds

    var administrator: Person { people[0] }

    init() throws {
        authority = try TestAuthority()
        start = authority.now * 1_000
        let organisations = ["osce", "police-al", "police-al", "ngo-rs", "media-mk"].compactMap { OrganisationSlug($0) }
        var random = SeededRandom(seed: 7)
        people = try organisations.enumerated().map { [authority] index, organisation in
            let made = try authority.member(commonName: "Member \(index)", organisation: organisation.text)
            return Person(
                id: try #require(MemberID(text: made.uuid.uuidString)), organisation: organisation,
                certificate: made.certificate,
                key: made.key)
        }
        database = try Self.database(people, at: start)
        var posts: [[PreparedPost]] = people.map { _ in [] }
        for round in 0..<12 {
            for author in people.indices.dropFirst() {
                let lesson = try Self.lesson(by: author, people, round, at: start, &random)
                posts[author].append(lesson)
                for other in people.indices.dropFirst() where lesson.readers.contains(other) && random.chance(oneIn: 2)
                {
                    posts[other].append(try Self.comment(by: other, on: lesson, people, at: start, &random))
                }
            }
        }
        self.posts = posts
    }

    private static func lesson(
        by author: Int, _ people: [Person], _ round: Int, at time: Milliseconds, _ random: inout SeededRandom
    ) throws -> PreparedPost {
        let person = people[author]
        let id = PostID(UUIDValue(version7At: time, using: &random))
        let other = people[random.pick(Array(people.indices.dropFirst()))]
        let marking: Marking = [.green, .green, .amberStrict, .red][round % 4]
        let audience: Audience =
            switch marking {
            case .amberStrict: Audience(organisations: [other.organisation])
            case .red: Audience(members: [other.id])
            default: .everybody
            }
        let readers = people.indices.filter { index in
            switch marking {
            case .amberStrict:
                [person.organisation, other.organisation].contains(people[index].organisation)
            case .red: [person.id, other.id].contains(people[index].id)
            default: true
            }
        }
        let text = String(repeating: "It happened. ", count: random.chance(oneIn: 5) ? 400 : 4)
        return try prepared(
            Post(
                id: id, salt: (0..<Post.saltBytes).map { _ in UInt8.random(in: 0...255, using: &random) },
                author: person.id, organisation: person.organisation, createdAt: time,
                topic: topics[(author + round + round / 4) % topics.count], thread: id, marking: marking,
                audience: audience, language: "en",
                body: .lesson(Lesson(title: "Lesson \(author).\(round)", observation: text, recommendation: "Do."))),
            by: person, Set(readers))
    }

    private static func comment(
        by author: Int, on lesson: PreparedPost, _ people: [Person], at time: Milliseconds,
        _ random: inout SeededRandom
    ) throws -> PreparedPost {
        try prepared(
            Post(
                id: PostID(UUIDValue(version7At: time, using: &random)),
                salt: (0..<Post.saltBytes).map { _ in UInt8.random(in: 0...255, using: &random) },
                author: people[author].id, organisation: people[author].organisation, createdAt: time,
                topic: lesson.post.topic, thread: lesson.post.id, marking: lesson.post.marking,
                audience: commentAudience(lesson.post, people[author]), language: "en",
                body: .comment(Comment(parent: lesson.post.id, text: "We tried it."))),
            by: people[author], commentReaders(lesson, people[author], people))
    }

    /// The lesson's author must be named where somebody else answers.
    private static func commentAudience(_ lesson: Post, _ author: Person) -> Audience {
        switch lesson.marking {
        case .amberStrict: Audience(organisations: [lesson.organisation])
        case .red: Audience(members: [lesson.author])
        default: .everybody
        }
    }

    private static func commentReaders(_ lesson: PreparedPost, _ author: Person, _ people: [Person]) -> Set<Int> {
        let post = lesson.post
        return Set(
            lesson.readers.filter { index in
                switch post.marking {
                case .amberStrict: [post.organisation, author.organisation].contains(people[index].organisation)
                case .red: [post.author, author.id].contains(people[index].id)
                default: true
                }
            })
    }

    private static func prepared(_ post: Post, by person: Person, _ readers: Set<Int>) throws -> PreparedPost {
        let content = post.encodedContent()
        return PreparedPost(
            post: post,
            signed: SignedPost(
                content: content, signature: try person.key.sign(SignedPost.signatureContext + content),
                certificateFingerprint: person.certificate.fingerprint),
            readers: readers)
    }

    private static func database(_ people: [Person], at time: Milliseconds) throws -> [UInt8] {
        let directory = try TemporaryDirectory()
        let store = try RelayStore(directory: directory.path)
        let audit = AuditEntry(at: time, actor: .host, action: "test")
        try store.addTopics(topics.map { TopicDescription(topic: $0, description: "") }, audit: audit)
        try store.changeTopic(moderated, description: nil, isArchived: nil, isModerated: true, audit: audit)
        for (index, person) in people.enumerated() {
            if try store.organisation(person.organisation) == nil {
                try store.addOrganisation(
                    Organisation(
                        slug: person.organisation, name: person.organisation.text, country: "AL", kind: .police),
                    audit: audit)
            }
            var roles: Set<Role> = index == 0 ? [.relayAdministrator] : [.contributor]
            if curators.contains(index) { roles.insert(.curator) }
            try store.addMember(
                Member(id: person.id, organisation: person.organisation, name: "Member", kind: .person, roles: roles),
                audit: audit)
            let certificate = person.certificate
            try store.recordCertificate(
                IssuedCertificate(
                    fingerprint: certificate.fingerprint, issuerKeyID: certificate.authorityKeyID ?? [],
                    serial: certificate.serialNumber, der: certificate.der, notBeforeSeconds: certificate.notBefore,
                    notAfterSeconds: certificate.notAfter), of: person.id, audit: audit)
        }
        try store.close()
        return Array(try Data(contentsOf: URL(filePath: directory.file("relay.sqlite"))))
    }
}
