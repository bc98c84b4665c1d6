import LessonModel
import PKI
import TLS

/// What handshakes are made with: one TLS context for each kind of listener, all of the same certificate and authority.
/// Immutable; a reload makes a new value and swaps it, and connections keep the context that they began with.
struct RelayContexts: Sendable {
    let relay: TLSContext
    let enrolment: TLSContext
    /// Milliseconds since 1970.
    let renewAt: Milliseconds
    let endsAt: Milliseconds

    /// - Throws: `TLSError` when OpenSSL does not take certificate and key.
    init(_ credential: RelayCredential, _ authority: CertificateAuthority, _ membership: Membership) throws {
        let revocations = membership.revocations
        relay = try TLSContext(
            server: .init(
                certificateChain: credential.chain, privateKey: credential.key,
                clientAuthentication: .required(
                    issuers: RelayContexts.clientIssuers(authority, now: credential.checkedAt),
                    isRevoked: { revocations.contains($0) }),
                alpnProtocols: ["lessons/1"]))
        enrolment = try TLSContext(
            server: .init(
                certificateChain: credential.chain + [authority.root], privateKey: credential.key,
                clientAuthentication: .none, alpnProtocols: ["lessons-enrol/1"]))
        renewAt = credential.renewAt * 1_000
        endsAt = credential.certificate.notAfter * 1_000
    }

    /// The issuers that a handshake still knows. The retired are among them until they end: whatever they signed is revoked
    /// or unknown to the directory, and so their members learn `certificate_revoked`, which says more than `unknown_ca`.
    static func clientIssuers(_ authority: CertificateAuthority, now: Int64) -> [Certificate] {
        authority.issuingCertificates + authority.retired.filter { $0.notAfter > now }
    }
}
