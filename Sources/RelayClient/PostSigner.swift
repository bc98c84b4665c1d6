package import LessonModel
internal import PKI
internal import Wire

/// Makes posts in a member's name and signs them.
package struct PostSigner: Sendable {
    package let author: MemberID
    package let organisation: OrganisationSlug
    private let key: PrivateKey
    private let certificateFingerprint: [UInt8]

    /// - Throws: `.identity` when the identity has no certificate, or a key that does not sign posts.
    package init(_ identity: ClientIdentity) throws(ClientError) {
        guard let certificate = identity.certificate else {
            throw .identity("this profile has no certificate; join a relay first")
        }
        guard identity.key.kind == .p256 else {
            throw .identity("posts are signed with a P-256 key, and this identity has another kind; join again")
        }
        author = identity.member.id
        organisation = identity.member.organisation
        key = identity.key
        certificateFingerprint = certificate.fingerprint
    }

    /// A post that opens a thread.
    /// - Parameters:
    ///   - id: nil for a new one; an import that may be repeated gives its own.
    ///   - now: milliseconds since 1970.
    package func post(
        _ lesson: Lesson, topic: Topic, marking: Marking, audience: Audience, language: String, id: PostID? = nil,
        attachments: [Attachment] = [], now: Milliseconds
    ) -> Post {
        let id = id ?? Self.newID(at: now)
        return Post(
            id: id, salt: SecureRandom.bytes(Post.saltBytes), author: author, organisation: organisation,
            createdAt: now, topic: topic, thread: id, marking: marking, audience: audience, language: language,
            body: .lesson(lesson), attachments: attachments)
    }

    /// A post in a thread.
    /// - Parameters:
    ///   - thread: the id of the thread's lesson.
    ///   - topic: the thread's.
    package func post(
        _ body: Post.Body, in thread: PostID, topic: Topic, marking: Marking, audience: Audience, language: String,
        attachments: [Attachment] = [], now: Milliseconds
    ) -> Post {
        Post(
            id: Self.newID(at: now), salt: SecureRandom.bytes(Post.saltBytes), author: author,
            organisation: organisation, createdAt: now, topic: topic, thread: thread, marking: marking,
            audience: audience, language: language, body: body, attachments: attachments)
    }

    /// The post as it travels: its encoded content and the signature over that.
    /// - Parameter maxContentBytes: the relay's limit where it is known, see `WireLimits.maxPostBytes`.
    /// - Throws: `.invalidPost` for a post that breaks a rule or is another's; `.identity` when the key does not sign.
    package func sign(_ post: Post, maxContentBytes: Int? = nil) throws(ClientError) -> SignedPost {
        guard post.author == author, post.organisation == organisation else {
            throw .invalidPost("the post is in another member's name than this profile's")
        }
        do { try post.validate() } catch { throw .invalidPost(error.problem) }
        let content = post.encodedContent()
        if let maxContentBytes, content.count > maxContentBytes {
            throw .invalidPost("the post has \(content.count) bytes; this relay takes \(maxContentBytes): shorten it")
        }
        let signature: [UInt8]
        do { signature = try key.sign(SignedPost.signatureContext + content) } catch {
            throw .identity("the key of this profile does not sign: \(error)")
        }
        return SignedPost(content: content, signature: signature, certificateFingerprint: certificateFingerprint)
    }

    /// What was signed with an earlier certificate of the same member, signed anew: the same bytes, so that the relay knows the
    /// post by its hash. Nil when it is signed with the present one already.
    package func resigned(_ signed: SignedPost) throws(ClientError) -> SignedPost? {
        guard signed.certificateFingerprint != certificateFingerprint else { return nil }
        do {
            return SignedPost(
                content: signed.content, signature: try key.sign(SignedPost.signatureContext + signed.content),
                certificateFingerprint: certificateFingerprint)
        } catch {
            throw .identity("the key of this profile does not sign: \(error)")
        }
    }

    private static func newID(at now: Milliseconds) -> PostID {
        var random = SystemCSPRNG()
        return PostID(UUIDValue(version7At: now, using: &random))
    }
}
