import LessonModel
import PKI
import RelayClient
import Storage
import TerminalUI
import Wire

extension ShownPost {
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
        let shown = entries.compactMap { entry in
            ShownPost(entry) { fingerprint in
                if let known = names[fingerprint] { return known }
                let name = authorName(fingerprint: fingerprint)
                names[fingerprint] = .some(name)
                return name
            }
        }
        return withTopicsOfNow(shown)
    }

    /// With the names that their topics have now.
    func withTopicsOfNow(_ posts: [ShownPost]) -> [ShownPost] {
        guard let names = try? formerTopicNames() else { return posts }
        return posts.map { post in
            var post = post
            post.topic = names.name(of: post.post.topic)
            return post
        }
    }
}
