import ArgumentParser
import Foundation
import LessonModel
import PKI
import Relay
import Storage
import Wire

struct StartBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start", abstract: "How soon a relay with a long log serves.",
        discussion: """
            Fills a log first, a tenth of it lessons and the rest comments, indexed for search, which takes minutes for a \
            million. Then a relay is started with it: how long until it is ready, and until a new connection had its first \
            answers.
            """)

    @OptionGroup var options: BenchOptions
    @Option(help: "Posts in the log.") var posts = 1_000_000
    @Option(help: "Bytes of a post's content, about.") var bytes = 1_024

    func validate() throws {
        guard posts > 0, bytes > 0 else { throw ValidationError("--posts and --bytes are 1 or more") }
    }

    func run() async throws {
        for figure in try await figures() { try options.print([figure]) }
    }

    func figures() async throws -> [Figure] {
        let clock = ContinuousClock()
        return try await BenchRelay.with(options.relay, prepare: fill) { relay in
            let started = Figure(
                "start with \(posts) posts", operations: 1, wall: relay.startUp, cpu: relay.cpuTime,
                note: String(
                    format: "%.0f ms until ready, %d MiB resident", relay.startUp.seconds * 1_000,
                    relay.residentKiB / 1_024))
            let begun = clock.now
            let cpu = relay.cpuTime
            let peer = try await relay.connect()
            let requests: [(what: String, body: WireFrame.OneOf_Body)] = [
                ("a post", try relay.member.posts(1, bytes: bytes, topic: BenchRelay.topic)[0]),
                ("a page of threads", .listThreads(WireListThreads())), ("topics", .listTopics(WireListTopics())),
            ]
            var figures = [started]
            for request in requests {
                _ = try await peer.request(request.body)
                let passed = clock.now - begun
                figures.append(
                    Figure(
                        "connected, then answered: \(request.what)", operations: 1, wall: passed,
                        cpu: relay.cpuTime - cpu,
                        note: String(format: "%.1f ms after connecting", passed.seconds * 1_000)))
            }
            return figures
        }
    }

    /// The content is real, the signatures are not: nothing of a start looks at them.
    private func fill(_ home: RelayHome) throws {
        let store = try RelayStore(directory: home.path)
        defer { try? store.close() }
        guard let slug = OrganisationSlug("bench"), let topic = Topic(BenchRelay.topic) else {
            preconditionFailure("bench is a slug, and the topic a topic")
        }
        let now = RelayServer.systemClock()
        var random = SystemCSPRNG()
        let author = MemberID(UUIDValue(version7At: now, using: &random))
        let member = Member(id: author, organisation: slug, name: "Bench", kind: .person, roles: [.contributor])
        try store.addMembers(
            [(member: member, certificates: [])], audit: AuditEntry(at: now, actor: .host, action: "bench.fill"))
        let text = String(repeating: "What happened, why it matters, what to change. ", count: bytes / 47 + 1)
        var thread: PostID?
        for start in stride(from: 0, to: posts, by: StartBench.batch) {
            let requests = (start..<min(posts, start + StartBench.batch)).map { index in
                let id = PostID(UUIDValue(version7At: now, using: &random))
                let lesson = index % 10 == 0 ? id : thread ?? id
                thread = lesson
                let body: Post.Body =
                    lesson == id
                    ? .lesson(
                        Lesson(title: "Lesson \(index)", observation: text, recommendation: "Change it."))
                    : .comment(Comment(parent: lesson, text: text))
                let post = Post(
                    id: id, salt: SecureRandom.bytes(Post.saltBytes), author: author, organisation: slug,
                    createdAt: now, topic: topic, thread: lesson, marking: .green, audience: .everybody, language: "en",
                    body: body)
                let content = post.encodedContent()
                return AppendRequest(
                    post: post,
                    signed: SignedPost(
                        content: content, signature: SecureRandom.bytes(64),
                        certificateFingerprint: SecureRandom.bytes(32)),
                    contentHash: SHA256.digest(content), country: nil, organisationKind: .other
                ) { _ in .allowed }
            }
            _ = try store.append(requests, receivedAt: now)
            try store.indexForSearch { try? Post(content: $0) }
        }
    }

    private static let batch = 1_000
}
