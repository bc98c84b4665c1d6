import LessonModel
import PKI
import RelayClient
import Storage
import Wire

/// A post with all that is known of it here, ready to be shown.
struct ShownPost: Sendable, Equatable {
    enum Signature: Sendable, Equatable {
        /// By the member whose certificate says this name.
        case verified(String?)
        case unchecked
        /// With the reason where it is known.
        case failed(String?)
    }

    var stored: StoredPost
    var post: Post
    var signature: Signature

    init(stored: StoredPost, post: Post, signature: Signature) {
        self.stored = stored
        self.post = post
        self.signature = signature
    }

    /// Nil when the content cannot be read at all.
    init?(_ verified: VerifiedPost) {
        guard let post = verified.post else { return nil }
        let signature: Signature =
            switch verified.verdict {
            case .verified(let certificate): .verified(certificate.commonName)
            case .failed(.unknownCertificate): .unchecked
            case .failed(let failure): .failed(failure.description)
            }
        self.init(stored: verified.stored, post: post, signature: signature)
    }

    /// Nil when the content cannot be read at all.
    /// - Parameter nameOf: the name in a kept certificate, by its fingerprint.
    init?(_ entry: MirrorEntry, nameOf: ([UInt8]) -> String?) {
        guard let post = try? Post(content: entry.stored.post.content) else { return nil }
        let signature: Signature =
            switch entry.verification {
            case .verified: .verified(nameOf(entry.stored.post.certificateFingerprint))
            case .unchecked: .unchecked
            case .failed: .failed(nil)
            }
        self.init(stored: entry.stored, post: post, signature: signature)
    }

    /// Nil unless the signature proves it.
    var authorName: String? {
        if case .verified(let name) = signature { name } else { nil }
    }

    var isVerified: Bool {
        if case .verified = signature { true } else { false }
    }

    /// A lesson's title, or what the post says in one line.
    var headline: String {
        switch post.body {
        case .lesson(let lesson): lesson.title
        case .comment(let comment): Self.firstLine(comment.text)
        case .revision(let revision): Self.firstLine(revision.note).nonEmpty ?? revision.lesson.title
        case .endorsement(let endorsement): Self.firstLine(endorsement.note)
        case .applicationReport(let report): Self.firstLine(report.outcome)
        case .stateChange(let change): Self.firstLine(change.reason)
        case .translation(let translation): translation.lesson.title
        case .redaction(let redaction): Self.firstLine(redaction.reason)
        }
    }

    private static func firstLine(_ text: String) -> String {
        String(text.split(whereSeparator: \.isNewline).first { $0.contains { !$0.isWhitespace } } ?? "")
    }
}

extension ClientMirror {
    /// The name in the author's certificate, where that is kept.
    func authorName(fingerprint: [UInt8]) -> String? {
        guard let der = try? certificate(fingerprint: fingerprint) else { return nil }
        return (try? Certificate(der: der))?.commonName
    }

    /// What can be read of `entries`.
    func shown(_ entries: [MirrorEntry]) -> [ShownPost] {
        var names: [[UInt8]: String?] = [:]
        return entries.compactMap { entry in
            ShownPost(entry) { fingerprint in
                if let known = names[fingerprint] { return known }
                let name = authorName(fingerprint: fingerprint)
                names[fingerprint] = .some(name)
                return name
            }
        }
    }
}
