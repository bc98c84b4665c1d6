import LessonModel
import PKI
import TLS

/// What handshakes are made with: one TLS context for each kind of listener, all of the same certificate and authority.
/// Immutable; a reload makes a new value and swaps it, and connections keep the context that they began with.
struct RelayContexts: Sendable {
    let relay: TLSContext
    let enrolment: TLSContext
    /// Nil where EST is not configured.
    let est: TLSContext?
    /// Milliseconds since 1970.
    let renewAt: Milliseconds
    let endsAt: Milliseconds

    /// - Throws: `TLSError` when OpenSSL does not take certificate and key.
    init(
        _ credential: RelayCredential, _ authority: CertificateAuthority, _ revocations: RevocationIndex,
        publication: RevocationPublication?, hasEST: Bool
    ) throws {
        let fingerprint = credential.certificate.fingerprint
        let status = publication.map { publication in
            { @Sendable () -> [UInt8]? in publication.staple(for: fingerprint) }
        }
        func context(
            _ chain: [Certificate], _ authentication: TLSContext.ServerConfiguration.ClientAuthentication,
            _ alpn: String, acceptsMissingALPN: Bool
        ) throws -> TLSContext {
            try TLSContext(
                server: .init(
                    certificateChain: chain, privateKey: credential.key, clientAuthentication: authentication,
                    alpnProtocols: [alpn], acceptsMissingALPN: acceptsMissingALPN, statusResponse: status))
        }
        let issuers = RelayContexts.clientIssuers(authority, now: credential.checkedAt)
        // Without ALPN, too, so that ordinary tools can examine the port: nobody but a member gets past the handshake, and
        // whoever offers another protocol is refused.
        relay = try context(
            credential.chain, .required(issuers: issuers, isRevoked: { revocations.contains($0) }), "lessons/1",
            acceptsMissingALPN: true)
        enrolment = try context(
            credential.chain + [authority.root], .none, "lessons-enrol/1", acceptsMissingALPN: false)
        est =
            hasEST
            ? try context(
                credential.chain, .optional(issuers: issuers, isRevoked: { revocations.contains($0) }), "http/1.1",
                acceptsMissingALPN: true) : nil
        renewAt = credential.renewAt * 1_000
        endsAt = credential.certificate.notAfter * 1_000
    }

    /// The issuers that a handshake still knows. The retired are among them until they end: whatever they signed is revoked
    /// or unknown to the directory, and so their members learn `certificate_revoked`, which says more than `unknown_ca`.
    static func clientIssuers(_ authority: CertificateAuthority, now: Int64) -> [Certificate] {
        authority.issuingCertificates + authority.retired.filter { $0.notAfter > now }
    }
}
