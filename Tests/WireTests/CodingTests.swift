import LessonModel
import NIOCore
import TestSupport
import Testing
import Wire

@Suite struct CodingTests {
    private static func post(_ body: (PostID) -> Post.Body, marking: Marking, audience: Audience) throws -> Post {
        let id = PostID(UUIDValue(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0001))
        let body = body(id)
        return Post(
            id: id, salt: Array(0..<16), author: MemberID(UUIDValue(high: 1, low: 2)),
            organisation: try #require(OrganisationSlug("al-ombudsman")), createdAt: 1_790_000_000_123,
            topic: try #require(Topic("accountability/complaints")),
            thread: body.kind == .lesson ? id : PostID(UUIDValue(high: 5, low: 6)), marking: marking,
            audience: audience,
            language: "sr-Latn", body: body)
    }

    @Test func `a lesson comes back from its content as it was`() throws {
        let lesson = Lesson(
            title: "Titulli — Überschrift", observation: "o\n\nü", discussion: "d", conclusion: "c",
            recommendation: "r",
            country: "AL", eventDate: "2026-05", tags: ["a", "b"], actionBody: "who", dueDate: "2027-01-01",
            evidence: "e", references: ["https://example.org/1"])
        let post = try Self.post(
            { _ in .lesson(lesson) }, marking: .amber,
            audience: Audience(organisations: [try #require(OrganisationSlug("ge-police"))]))
        #expect(try Post(content: post.encodedContent()) == post)
    }

    @Test func `a comment marked RED comes back from its content as it was`() throws {
        let post = try Self.post(
            { _ in .comment(Comment(parent: PostID(UUIDValue(high: 7, low: 8)), text: "Yes.")) }, marking: .red,
            audience: Audience(members: [MemberID(UUIDValue(high: 3, low: 4)), MemberID(UUIDValue(high: 9, low: 9))]))
        #expect(try Post(content: post.encodedContent()) == post)
    }

    @Test func `a post of every kind comes back from its content as it was`() throws {
        let other = PostID(UUIDValue(high: 7, low: 8))
        let lesson = Lesson(title: "T", observation: "o", recommendation: "r")
        let bodies: [Post.Body] = [
            .lesson(lesson), .comment(Comment(parent: other, text: "Yes.")),
            .revision(Revision(base: other, lesson: lesson, note: "n")), .endorsement(Endorsement(note: "n")),
            .endorsement(Endorsement(isWithdrawal: true)),
            .applicationReport(ApplicationReport(status: .considering, outcome: "")),
            .applicationReport(ApplicationReport(status: .triedAndFailed, outcome: "o", evidence: "e")),
            .stateChange(
                StateChange(from: .lessonIdentified, to: .goodPractice, reason: "r", evidence: [other, other])),
            .stateChange(StateChange(from: .observation, to: .superseded, reason: "r", supersededBy: other)),
            .translation(Translation(source: other, lesson: lesson, isByMachine: true)),
            .redaction(Redaction(target: other, targetHash: Array(0..<32), reason: "r")),
        ]
        #expect(Set(bodies.map(\.kind)) == Set(PostKind.allCases), "a kind is missing here")
        for body in bodies {
            let post = try Self.post({ _ in body }, marking: .green, audience: .everybody)
            #expect(try Post(content: post.encodedContent()) == post)
        }
    }

    @Test func `content that is cut short or altered is an error, never a crash`() throws {
        let seed = UInt64.random(in: .min ... .max)
        print("seed \(seed)")
        var random = SeededRandom(seed: seed)
        let content = try Self.post(
            { _ in .lesson(Lesson(title: "T", observation: "o", recommendation: "r", tags: ["x"])) }, marking: .green,
            audience: .everybody
        ).encodedContent()
        for length in 0..<content.count { _ = try? Post(content: Array(content.prefix(length))) }
        for _ in 0..<3_000 {
            var altered = content
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                altered[Int.random(in: 0..<altered.count, using: &random)] = UInt8.random(
                    in: .min ... .max, using: &random)
            }
            _ = try? Post(content: altered)
        }
        #expect(throws: PostDecodingError.self) { try Post(content: []) }
    }

    @Test(arguments: [0, 1, 127, 128, 300, 20_000])
    func `the delivery that is written by hand is the one that protobuf reads`(_ size: Int) throws {
        let stored = StoredPost(
            sequence: Int64(size) * 1_000_003 + 1, receivedAt: 1_790_000_000_000,
            post: SignedPost(
                content: Array(repeating: 7, count: size), signature: Array(0..<71),
                certificateFingerprint: Array(0..<32)))
        var buffer = ByteBuffer()
        DeliverEncoder.write(stored, into: &buffer)
        var decoder = FrameDecoder()
        decoder.feed(buffer)
        let frame = try WireFrame(decoding: try #require(try decoder.next()))
        #expect(frame.requestID == 0)
        #expect(frame.deliver.post.value == stored)
        #expect(try decoder.next() == nil)
    }

    @Test func `a filter that is wrong is refused with its field`() {
        func field(_ change: (inout WireFilter) -> Void) -> String? {
            var filter = WireFilter()
            filter.topics = ["#"]
            change(&filter)
            do throws(PostRuleError) {
                _ = try filter.value()
                return nil
            } catch {
                return error.field
            }
        }
        #expect(field { _ in } == nil)
        #expect(field { $0.topics = [] } == "topics")
        #expect(field { $0.topics = ["!media"] } == "topics")
        #expect(field { $0.topics = ["a/#/b"] } == "topics")
        #expect(field { $0.countries = ["al"] } == "countries")
        #expect(field { $0.languages = ["e"] } == "languages")
        #expect(field { $0.organisationKinds = [.unspecified] } == "organisation_kinds")
        #expect(field { $0.states = [.UNRECOGNIZED(99)] } == "states")
    }
}

@Suite struct InvitationTests {
    private static let invitation = Invitation(
        host: "relay.example", port: 7_443, enrolmentPort: 7_444, rootFingerprint: Array(0..<32),
        token: Array(100..<120))

    @Test(arguments: ["relay.example", "192.0.2.7", "2001:db8::7"])
    func `an invitation comes back from its text`(_ host: String) throws {
        var invitation = Self.invitation
        invitation.host = host
        #expect(try Invitation(text: "  \(invitation.text)\n") == invitation)
    }

    @Test func `an invitation needs no quoting in a shell`() {
        let safe = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:,/")
        #expect(Self.invitation.text.allSatisfy(safe.contains))
    }

    @Test(arguments: [
        "", "https://relay.example", "lessons://relay.example:1,2/abc", "lessons://relay.example/a/b",
        "lessons://:1,2/AAAA/AAAA", "lessons://h:0,2/AAAA/AAAA", "lessons://h:1,99999/AAAA/AAAA",
    ])
    func `a damaged invitation is refused with a sentence`(_ text: String) {
        #expect(throws: InvitationError.self) { try Invitation(text: text) }
    }

    @Test func `every shortened invitation is refused`() {
        let text = Self.invitation.text
        for length in 0..<text.count {
            #expect(throws: InvitationError.self) { try Invitation(text: String(text.prefix(length))) }
        }
    }
}
