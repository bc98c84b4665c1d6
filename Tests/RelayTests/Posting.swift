import LessonModel
import PKI
import RelayClient
import Testing
import Wire

/// Making posts in tests.
extension ClientIdentity {
    func lesson(
        _ title: String, topic: String = "policing/community", marking: Marking = .green,
        audience: Audience = .everybody,
        id: PostID? = nil, change: (inout Post) -> Void = { _ in }
    ) throws -> (id: PostID, signed: SignedPost) {
        let signer = try PostSigner(self)
        var post = signer.post(
            Lesson(title: title, observation: "It happened.", recommendation: "Change it."),
            topic: try #require(Topic(topic)), marking: marking, audience: audience, language: "en", id: id,
            now: 1_790_000_000_000)
        change(&post)
        return (post.id, try sign(post.encodedContent()))
    }

    func comment(
        _ text: String, in thread: PostID, parent: PostID? = nil, topic: String = "policing/community",
        marking: Marking = .green, audience: Audience = .everybody
    ) throws -> (id: PostID, signed: SignedPost) {
        let signer = try PostSigner(self)
        let post = signer.post(
            .comment(Comment(parent: parent ?? thread, text: text)), in: thread, topic: try #require(Topic(topic)),
            marking: marking, audience: audience, language: "en", now: 1_790_000_000_000)
        return (post.id, try sign(post.encodedContent()))
    }

    /// Signs any bytes as a post's content, rules or not.
    func sign(_ content: [UInt8]) throws -> SignedPost {
        SignedPost(
            content: content, signature: try key.sign(SignedPost.signatureContext + content),
            certificateFingerprint: try #require(certificate).fingerprint)
    }
}

extension RelayConnection {
    /// Opens a stream with ample credit.
    @discardableResult
    func open(
        _ topics: [String] = ["#"], durable: String = "", after: SequenceNumber? = 0, posts: UInt32 = 100_000,
        bytes: UInt64 = 1 << 30
    ) async throws -> WireSubscribed {
        var filter = WireFilter()
        filter.topics = topics
        var request = WireSubscribe()
        request.durable = durable
        request.filters = [filter]
        if let after { request.afterSequence = after }
        request.credit.posts = posts
        request.credit.bytes = bytes
        return try await subscribe(request)
    }

    /// Posts until the stream says that it is caught up.
    func untilCaughtUp() async throws -> [StoredPost] {
        var posts: [StoredPost] = []
        while let event = await events.next() {
            switch event {
            case .post(let post, _): posts.append(post)
            case .caughtUp: return posts
            case .gap, .goaway, .marksChanged: continue
            case .closed(let error): throw try #require(error)
            }
        }
        return posts
    }

    func nextPost() async throws -> StoredPost {
        while let event = await events.next() {
            if case .post(let post, _) = event { return post }
            if case .closed(let error) = event { throw try #require(error) }
        }
        throw ClientError.disconnected("the stream ended")
    }

    /// The code by which a post is refused; nil when it was taken.
    func refusal(of post: SignedPost) async throws -> (code: WireErrorCode, field: String)? {
        do throws(ClientError) {
            _ = try await publish(post)
            return nil
        } catch {
            guard case .request(let refused) = error else { throw error }
            return (refused.code, refused.field)
        }
    }
}
