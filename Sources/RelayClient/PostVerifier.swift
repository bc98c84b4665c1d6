package import LessonModel
package import PKI
internal import Synchronization
internal import Wire

/// Checks that posts are what their authors signed: the signature, the certificate's chain up to the root at the time that
/// the relay received the post, and that the certificate speaks for the author.
///
/// Certificates that were found to be trusted are remembered, so that a further post of an author costs one signature.
package final class PostVerifier: Sendable {
    /// In one request; see FetchCertificates.
    package static let maxFetched = 100
    /// Issuing certificates of one root that are remembered; a relay rolls over once in some years.
    private static let maxIssuers = 64
    /// Signatures that are worth a task of their own.
    private static let postsPerTask = 32

    /// What is known of one certificate.
    private struct Author: Sendable {
        let certificate: Certificate
        let member: MemberID
        /// Seconds since 1970 in which the whole chain is valid.
        let validity: Range<Int64>
        /// Milliseconds since 1970; nil: not revoked.
        let revokedAt: Milliseconds?
    }

    private struct State {
        var authors: [[UInt8]: Author] = [:]
        /// Certificates that never will be trusted.
        var refused: [[UInt8]: VerificationFailure] = [:]
        var issuers: [Certificate]
    }

    private typealias Findings = [[UInt8]: Result<Author, VerificationFailure>]

    private let root: Certificate
    private let maxRemembered: Int
    private let state: Mutex<State>

    /// - Parameters:
    ///   - issuers: issuing certificates that are known already, such as the member's own.
    ///   - maxRemembered: certificates; when more are seen all are forgotten.
    package init(root: Certificate, issuers: [Certificate] = [], maxRemembered: Int = 10_000) {
        self.root = root
        self.maxRemembered = maxRemembered
        state = Mutex(State(issuers: issuers))
    }

    /// Verifies `posts`, in parallel where that pays.
    /// - Returns: one for each of `posts`, in their order.
    /// - Throws: what `source.fetch` throws; then nothing is known of any of `posts`.
    package func verify(
        _ posts: [StoredPost], with source: CertificateSource
    ) async throws(ClientError) -> [VerifiedPost] {
        let findings = try await findings(for: posts, source)
        guard posts.count > Self.postsPerTask else { return posts.map { Self.verify($0, findings) } }
        return await withTaskGroup(of: (Int, [VerifiedPost]).self) { group in
            for start in stride(from: 0, to: posts.count, by: Self.postsPerTask) {
                let part = posts[start..<min(posts.count, start + Self.postsPerTask)]
                group.addTask { (start, part.map { Self.verify($0, findings) }) }
            }
            var parts: [(Int, [VerifiedPost])] = []
            for await part in group { parts.append(part) }
            return parts.sorted { $0.0 < $1.0 }.flatMap(\.1)
        }
    }

    private static func verify(_ stored: StoredPost, _ findings: Findings) -> VerifiedPost {
        let post: Post
        do {
            post = try Post(content: stored.post.content)
        } catch {
            return VerifiedPost(stored: stored, post: nil, verdict: .failed(.unreadable(error.description)))
        }
        func failed(_ failure: VerificationFailure) -> VerifiedPost {
            VerifiedPost(stored: stored, post: post, verdict: .failed(failure))
        }
        let author: Author
        switch findings[stored.post.certificateFingerprint] {
        case nil: return failed(.unknownCertificate)
        case .failure(let failure): return failed(failure)
        case .success(let known): author = known
        }
        guard author.validity.contains(stored.receivedAt / 1_000) else {
            return failed(.untrustedCertificate("it was not valid when the relay received the post"))
        }
        if let revokedAt = author.revokedAt, stored.receivedAt >= revokedAt { return failed(.revokedCertificate) }
        guard author.member == post.author else { return failed(.foreignAuthor) }
        guard
            author.certificate.publicKey.kind == .p256,
            author.certificate.publicKey.isValidSignature(
                stored.post.signature, for: SignedPost.signatureContext + stored.post.content)
        else { return failed(.badSignature) }
        return VerifiedPost(stored: stored, post: post, verdict: .verified(by: author.certificate))
    }
}

// MARK: Certificates

extension PostVerifier {
    private func findings(
        for posts: [StoredPost], _ source: CertificateSource
    ) async throws(ClientError) -> Findings {
        var findings: Findings = [:]
        // The time of one of each author's posts; the chain's validity then judges the others.
        var unknown: [[UInt8]: Int64] = [:]
        state.withLock { state in
            for stored in posts {
                let fingerprint = stored.post.certificateFingerprint
                guard findings[fingerprint] == nil, unknown[fingerprint] == nil else { continue }
                if let author = state.authors[fingerprint] {
                    findings[fingerprint] = .success(author)
                } else if let failure = state.refused[fingerprint] {
                    findings[fingerprint] = .failure(failure)
                } else if fingerprint.count == SHA256.byteCount {
                    unknown[fingerprint] = stored.receivedAt / 1_000
                }
            }
        }
        guard !unknown.isEmpty else { return findings }
        for entry in source.kept(Array(unknown.keys)) {
            if entry.certificate.isAuthority { note(issuers: [entry.certificate]) }
            guard let seconds = unknown[entry.fingerprint] else { continue }
            // Its issuer may not be known yet: then the relay is asked as well.
            guard case .success(let author) = judge(entry.certificate, at: seconds, revokedAt: nil) else { continue }
            unknown[entry.fingerprint] = nil
            findings[entry.fingerprint] = .success(author)
            remember(author, as: entry.fingerprint)
        }
        guard let fetch = source.fetch else { return findings }
        var rest = Array(unknown.keys)
        while !rest.isEmpty {
            let list = try await fetch(Array(rest.prefix(Self.maxFetched)))
            rest.removeFirst(min(Self.maxFetched, rest.count))
            take(list, unknown, into: &findings, source)
        }
        return findings
    }

    private func take(
        _ list: WireCertificateList, _ unknown: [[UInt8]: Int64], into findings: inout Findings,
        _ source: CertificateSource
    ) {
        let issuers = list.issuers.prefix(Self.maxIssuers).compactMap {
            try? Certificate(der: $0)
        }
        note(issuers: issuers)
        var trusted: [NamedCertificate] = []
        for entry in list.certificates {
            // Another one may stand for the one that was asked for: what counts is that it speaks for the author, that it is
            // trusted, and that its key made the signature.
            let fingerprint = Array(entry.fingerprint)
            guard let certificate = try? Certificate(der: entry.certificate), let seconds = unknown[fingerprint] else {
                continue
            }
            let revokedAt = entry.revokedAtMs > 0 ? entry.revokedAtMs : nil
            let finding = judge(certificate, at: seconds, revokedAt: revokedAt)
            findings[fingerprint] = finding
            switch finding {
            case .success(let author):
                remember(author, as: fingerprint)
                // A revoked one is asked for again another time, since the time of its revocation is not kept.
                if revokedAt == nil {
                    trusted.append(NamedCertificate(fingerprint: fingerprint, certificate: certificate))
                }
            case .failure(let failure):
                remember(failure, of: fingerprint)
            }
        }
        guard !trusted.isEmpty else { return }
        source.keep(trusted + issuers.map { NamedCertificate(fingerprint: $0.fingerprint, certificate: $0) })
    }

    private func judge(
        _ certificate: Certificate, at seconds: Int64, revokedAt: Milliseconds?
    ) -> Result<Author, VerificationFailure> {
        guard let member = certificate.memberID else {
            return .failure(.untrustedCertificate("it is not a member's"))
        }
        // A malformed date reads as the far end of time.
        guard certificate.notBefore < certificate.notAfter else {
            return .failure(.untrustedCertificate("it is never valid"))
        }
        // Judged at a time when it was valid; whether that fits each post is asked with the post.
        let time = certificate.isValid(at: seconds) ? seconds : certificate.notAfter - 1
        let verification = CertificateAuthority.verifyChain(
            leaf: certificate, intermediates: issuers(of: certificate), roots: [root], at: time, purpose: .member)
        switch verification {
        case .trusted(let chain):
            return .success(
                Author(certificate: certificate, member: member, validity: chain.validity, revokedAt: revokedAt))
        case .refused(let failure):
            return .failure(.untrustedCertificate(failure.description))
        }
    }

    /// Those that may have signed `certificate`, retired ones among them: it is judged at the time of its posts.
    private func issuers(of certificate: Certificate) -> [Certificate] {
        let issuers = state.withLock { $0.issuers.filter { $0.subjectKeyID == certificate.authorityKeyID } }
        return Array(issuers.prefix(CertificateAuthority.maxIntermediates))
    }

    private func note(issuers: [Certificate]) {
        state.withLock { state in
            for issuer in issuers where !state.issuers.contains(issuer) && issuer.isSigned(by: root) {
                guard state.issuers.count < Self.maxIssuers else { return }
                state.issuers.append(issuer)
            }
        }
    }

    private func remember(_ author: Author, as fingerprint: [UInt8]) {
        state.withLock { state in
            if state.authors.count >= maxRemembered { state.authors.removeAll() }
            state.authors[fingerprint] = author
        }
    }

    private func remember(_ failure: VerificationFailure, of fingerprint: [UInt8]) {
        state.withLock { state in
            if state.refused.count >= maxRemembered { state.refused.removeAll() }
            state.refused[fingerprint] = failure
        }
    }
}
