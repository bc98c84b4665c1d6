package import LessonModel
package import PKI
package import Storage

/// A post with what was found out about its signature.
package struct VerifiedPost: Sendable, Equatable {
    package var stored: StoredPost
    /// Nil when the content cannot be read at all.
    package var post: Post?
    package var verdict: SignatureVerdict

    package init(stored: StoredPost, post: Post?, verdict: SignatureVerdict) {
        self.stored = stored
        self.post = post
        self.verdict = verdict
    }
}

/// Whether a post is what its author signed.
package enum SignatureVerdict: Sendable, Equatable {
    /// By the key of this certificate, which leads to the relay's root and was valid when the relay received the post.
    case verified(by: Certificate)
    case failed(VerificationFailure)

    package var isVerified: Bool { if case .verified = self { true } else { false } }
}

/// Why a post may not be shown as its author's.
package enum VerificationFailure: Error, Sendable, Equatable {
    /// The content is no post of `lessons/1`.
    case unreadable(String)
    /// The relay does not have the certificate that the post names.
    case unknownCertificate
    /// The certificate does not lead to the relay's root, or not at the time that the post was received.
    case untrustedCertificate(String)
    /// The certificate had been revoked before the post was received.
    case revokedCertificate
    /// The certificate speaks for another member than the content's author.
    case foreignAuthor
    /// The signature does not fit the content.
    case badSignature
}

extension VerificationFailure: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unreadable(let detail): "the content cannot be read: \(detail)"
        case .unknownCertificate: "the relay does not have the author's certificate"
        case .untrustedCertificate(let detail): "the author's certificate is not trusted: \(detail)"
        case .revokedCertificate: "the author's certificate had been revoked before"
        case .foreignAuthor: "the certificate belongs to another member than the author"
        case .badSignature: "the signature does not fit the content"
        }
    }
}

extension VerifiedPost {
    /// The post as the mirror keeps it; nil when its content cannot be read.
    package var mirrored: MirroredPost? {
        guard let post else { return nil }
        let verification: PostVerification =
            switch verdict {
            case .verified: .verified
            case .failed(.unknownCertificate): .unchecked
            case .failed: .failed
            }
        return MirroredPost(stored: stored, post: post, verification: verification)
    }
}
