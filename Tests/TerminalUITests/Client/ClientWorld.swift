import LessonModel
import Testing

@testable import TerminalUI

/// A client with a few topics, threads and posts, the same at every run.
struct ClientWorld {
    static let now: Milliseconds = 1_795_000_000_000
    static let me = ClientIdentityFacts(
        name: "Bella Benoit", organisation: slug("police-al"), member: member(2), relay: "relay.test:7443",
        isAdministrator: false, isCurator: false, language: "en")

    static func slug(_ text: String) -> OrganisationSlug {
        guard let slug = OrganisationSlug(text) else { preconditionFailure("\(text) is no slug") }
        return slug
    }

    static func member(_ number: UInt8) -> MemberID {
        guard let id = MemberID(bytes: [UInt8](repeating: number, count: 16)) else { preconditionFailure("16 bytes") }
        return id
    }

    static func postID(_ number: UInt8) -> PostID {
        guard let id = PostID(bytes: [UInt8](repeating: number, count: 16)) else { preconditionFailure("16 bytes") }
        return id
    }

    static let topics = [
        TopicRow(path: "borders", description: "Border security", threads: 1, unread: 0),
        TopicRow(path: "policing", description: "Policing", threads: 0, unread: 0),
        TopicRow(
            path: "policing/community", description: "Policing close to people", threads: 2, unread: 3, isFollowed: true
        ),
    ]

    static let threads = [
        row(1, "Foot patrols at night: fewer complaints", unread: 2, posts: 3),
        row(2, "Gute Wache — тихие улицы 静かな通り", unread: 1, posts: 1, state: .lessonLearned, marking: .amberStrict),
        row(3, "A lesson that was read", unread: 0, posts: 9, state: .goodPractice, marking: .red),
    ]

    static func row(
        _ number: UInt8, _ title: String, unread: Int, posts: Int, state: ThreadState = .observation,
        marking: Marking = .green
    ) -> ThreadRow {
        ThreadRow(
            id: postID(number), sequence: Int64(number) * 10, lastSequence: Int64(number) * 10 + 5,
            topic: "policing/community", title: title, organisation: "ngo-de", language: "en", marking: marking,
            state: state, posts: posts, unread: unread, endorsements: 2, adopted: 1)
    }

    static func post(
        _ number: UInt8, _ sequence: SequenceNumber, by author: UInt8 = 1, _ body: Post.Body, thread: UInt8 = 1
    ) -> ShownPost {
        let post = Post(
            id: postID(number), salt: [UInt8](repeating: 0, count: Post.saltBytes), author: member(author),
            organisation: author == 2 ? me.organisation : slug("ngo-de"), createdAt: now,
            topic: Topic("policing/community") ?? preconditionTopic, thread: postID(thread), marking: .green,
            audience: .everybody, language: "en", body: body)
        return ShownPost(
            stored: StoredPost(
                sequence: sequence, receivedAt: 0,
                post: SignedPost(content: [], signature: [], certificateFingerprint: [])),
            post: post, signature: .verified(author == 2 ? "Bella Benoit" : "Dora Deutsch"))
    }

    private static var preconditionTopic: Topic { preconditionFailure("a topic") }

    static let posts = [
        post(
            1, 10,
            .lesson(
                Lesson(
                    title: "Foot patrols at night: fewer complaints",
                    observation: "We walked.\n\nPeople *talked* to us, and complaints fell by half within a year.",
                    recommendation: "Walk more, drive less. " + String(repeating: "Every word counts here. ", count: 8))
            )),
        post(20, 11, by: 2, .comment(Comment(parent: postID(1), text: "We tried it: it works."))),
        post(21, 12, .comment(Comment(parent: postID(20), text: "How many officers did you need?"))),
        post(22, 13, .comment(Comment(parent: postID(1), text: "Another thought."))),
    ]

    /// Connected, with topics and threads loaded.
    static func state(columns: Int = 80, rows: Int = 24, me: ClientIdentityFacts = me) -> ClientState {
        var state = ClientState(columns: columns, rows: rows, now: now, me: me)
        _ = state.update(.link(.connected))
        _ = state.update(.topics(topics))
        _ = state.update(.threads(threads, for: state.request))
        return state
    }

    /// With the first thread open.
    static func reading(columns: Int = 80, rows: Int = 24, readThrough: SequenceNumber = 0) -> ClientState {
        var state = state(columns: columns, rows: rows)
        _ = state.update(.thread(id: postID(1), posts: posts, readThrough: readThrough))
        return state
    }
}

extension ClientState {
    /// Presses keys by their names.
    @discardableResult
    mutating func press(_ keys: String...) -> [ClientEffect] {
        keys.flatMap { name -> [ClientEffect] in
            guard let key = Key(name) else {
                Issue.record("\(name) is no key")
                return []
            }
            return update(.key(key))
        }
    }

    @discardableResult
    mutating func type(_ text: String) -> [ClientEffect] {
        text.flatMap { update(.key(Key($0 == "\n" ? .enter : .character($0)))) }
    }
}
