import LessonModel
import RelayClient
import Storage
import TerminalUI
import Wire

/// A thread as a command works with it.
struct ShownThread {
    var id: PostID
    var posts: [ShownPost]
    /// Nil where only the relay would know.
    var state: ThreadState?

    /// The post that opens the thread; nil where it is not here.
    var lesson: ShownPost? { posts.first { $0.post.id == id && $0.post.body.kind == .lesson } }
}

/// Finds threads and posts by what a person calls them, with the relay where there is a connection, in the mirror
/// otherwise. What the relay sends is verified, and kept in the mirror.
struct ThreadReader {
    let mirror: ClientMirror
    /// Nil: offline.
    let connection: RelayConnection?
    private let verifier: PostVerifier

    /// Threads that are looked through for a post which the mirror does not have.
    private static let maxSearchedThreads = 2_000
    /// Those that are asked for the post itself.
    private static let maxAskedThreads = 20

    init(mirror: ClientMirror, identity: ClientIdentity, connection: RelayConnection?) {
        self.mirror = mirror
        self.connection = connection
        verifier = PostVerifier(root: identity.root, issuers: Array(identity.chain.dropFirst()))
    }

    /// The thread in which the post is, and the post.
    func find(_ reference: PostReference) async throws -> (thread: ShownThread, post: ShownPost) {
        let (thread, post) = try await locate(reference)
        let found = try await read(thread)
        guard let shown = found.posts.first(where: { $0.post.id == post }) else {
            throw Self.notFound(reference, connection)
        }
        return (found, shown)
    }

    /// - Throws: UNKNOWN_THREAD, from the relay or in its words.
    func read(_ id: PostID) async throws -> ShownThread {
        guard let connection else {
            let posts = mirror.shown(try mirror.thread(id))
            guard !posts.isEmpty else { throw Self.notFound(.id(id), nil) }
            return ShownThread(id: id, posts: posts)
        }
        let (summary, posts) = try await connection.wholeThread(id)
        let shown = try await keep(posts, connection)
        return ShownThread(id: id, posts: shown, state: ThreadState(rawValue: summary.state.rawValue))
    }

    /// Fetches a post into the mirror; nil where it is not for us.
    @discardableResult
    func fetch(_ id: PostID) async throws -> ShownPost? {
        guard let connection else { return nil }
        return try await keep(try await connection.posts([id]), connection).first
    }

    /// Makes the device's subscription select the threads that the member follows, and receives what they hold so far.
    /// - Returns: true when the subscription was changed.
    @discardableResult
    func follow(durable: String) async throws -> Bool {
        guard let connection, let new = try await ThreadFollowing(mirror, durable: durable).update(over: connection)
        else { return false }
        // A thread that is not for the member any more, or was none, is followed in vain.
        for thread in new { _ = try? await read(thread) }
        return true
    }

    private func keep(_ posts: [StoredPost], _ connection: RelayConnection) async throws -> [ShownPost] {
        let verified = try await verifier.verify(posts, with: CertificateSource(mirror: mirror, connection: connection))
        try mirror.store(verified.compactMap(\.mirrored))
        return mirror.withTopicsOfNow(verified.compactMap(ShownPost.init))
    }

    // MARK: Finding

    private func locate(_ reference: PostReference) async throws -> (thread: PostID, post: PostID) {
        if let entry = try mirrored(reference) { return (entry.thread, entry.id) }
        guard let connection else { throw Self.notFound(reference, nil) }
        switch reference {
        case .id(let id):
            if let post = try await fetch(id) { return (post.post.thread, post.post.id) }
        case .prefix(let prefix):
            let ids = try await connection.allThreads(ThreadListing(limit: Self.maxSearchedThreads))
                .compactMap { PostID(bytes: $0.threadID) }.filter { $0.description.hasPrefix(prefix) }
            if ids.count > 1 { throw Self.ambiguous(prefix, ids.count) }
            if let id = ids.first { return (id, id) }
        case .sequence(let sequence):
            let threads = try await connection.allThreads(ThreadListing(limit: Self.maxSearchedThreads))
            if let summary = threads.first(where: { $0.sequence == sequence }),
                let id = PostID(bytes: summary.threadID)
            {
                return (id, id)
            }
            let candidates = threads.filter { $0.sequence < sequence && sequence <= $0.lastSequence }
            for summary in candidates.prefix(Self.maxAskedThreads) {
                guard let thread = PostID(bytes: summary.threadID) else { continue }
                let page = try await connection.thread(thread, after: sequence - 1, limit: 1)
                guard let stored = page.posts.first?.value, stored.sequence == sequence,
                    let post = try? Post(content: stored.post.content)
                else { continue }
                return (thread, post.id)
            }
        }
        throw Self.notFound(reference, connection)
    }

    private func mirrored(_ reference: PostReference) throws -> MirrorEntry? {
        switch reference {
        case .id(let id): return try mirror.post(id)
        case .sequence(let sequence):
            let entry = try mirror.posts(after: sequence - 1, limit: 1).first
            return entry?.stored.sequence == sequence ? entry : nil
        case .prefix(let prefix):
            var matches: [MirrorEntry] = []
            var after: SequenceNumber = 0
            while case let page = try mirror.posts(after: after, limit: 1_000), let last = page.last {
                matches += page.filter { $0.id.description.hasPrefix(prefix) }
                after = last.stored.sequence
            }
            if matches.count > 1 { throw Self.ambiguous(prefix, matches.count) }
            return matches.first
        }
    }

    private static func ambiguous(_ prefix: String, _ count: Int) -> CommandFailure {
        CommandFailure(
            .usage, "AMBIGUOUS", "\(count) posts have an id that begins with \(prefix)",
            hint: "write more of the id, or the post's number")
    }

    private static func notFound(_ reference: PostReference, _ connection: RelayConnection?) -> CommandFailure {
        let name =
            switch reference {
            case .id(let id): id.description
            case .prefix(let prefix): "\(prefix)…"
            case .sequence(let sequence): "#\(sequence)"
            }
        return connection == nil
            ? CommandFailure(
                .missingInput, "NOT_FOUND", "the post \(name) has not been received here",
                hint: "receive what is new with: lessons sync")
            : CommandFailure(
                .missingInput, "NOT_FOUND", "there is no post \(name) for you",
                hint: "see the threads with: lessons threads")
    }
}
