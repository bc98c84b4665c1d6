import Foundation
import LessonModel
import PKI
import TLS

/// What the relay's listeners speak TLS with, made from the files of the data directory at one instant.
struct RelayContexts: Sendable {
    var relay: TLSContext
    var enrolment: TLSContext
    /// Nil where EST is not configured.
    var est: TLSContext?
    var certificate: Certificate
    /// When the relay's certificate is to be renewed, milliseconds since 1970.
    var renewAt: Milliseconds

    /// A relay's certificate is renewed when less than this part of its time is left.
    private static let renewalPart: Int64 = 3

    /// What the contexts are made for.
    struct Terms: Sendable {
        var names: RelayConfiguration.Names
        var hasEST: Bool
        var revocations: RevocationIndex
        var publication: RevocationPublication?
    }

    /// Reads the relay's certificate and key, renews them where that is due or their issuer is accepted no more, and checks
    /// that they are good.
    /// - Throws: what is wrong with them; nothing was changed then, but that they may have been renewed.
    init(_ home: RelayHome, _ authority: CertificateAuthority, _ terms: Terms, now: Milliseconds) throws {
        var (certificate, key) = try home.readRelayCertificate()
        if now / 1_000 >= Self.renewalTime(of: certificate) || authority.issuer(of: certificate) == nil {
            try home.issueRelayCertificate(authority, names: terms.names, now: now)
            (certificate, key) = try home.readRelayCertificate()
        }
        let issuer = try Self.check(certificate, authority, names: terms.names, now: now / 1_000)
        try terms.publication?.attend(to: certificate)
        let chain = [certificate, issuer]
        let revocations = terms.revocations
        let fingerprint = certificate.fingerprint
        let status = terms.publication.map { publication in
            { @Sendable () -> [UInt8]? in publication.staple(for: fingerprint) }
        }
        func context(
            _ chain: [Certificate], _ authentication: TLSContext.ServerConfiguration.ClientAuthentication,
            _ alpn: String, acceptsMissingALPN: Bool = false
        ) throws -> TLSContext {
            try TLSContext(
                server: .init(
                    certificateChain: chain, privateKey: key, clientAuthentication: authentication,
                    alpnProtocols: [alpn], acceptsMissingALPN: acceptsMissingALPN, statusResponse: status))
        }
        let issuers = authority.issuingCertificates
        // Without ALPN, too, so that ordinary tools can examine the port: nobody but a member gets past the handshake, and
        // whoever offers another protocol is refused.
        relay = try context(
            chain, .required(issuers: issuers, isRevoked: { revocations.contains($0) }), "lessons/1",
            acceptsMissingALPN: true)
        enrolment = try context(chain + [authority.root], .none, "lessons-enrol/1")
        est =
            terms.hasEST
            ? try context(
                chain, .optional(issuers: issuers, isRevoked: { revocations.contains($0) }), "http/1.1",
                acceptsMissingALPN: true) : nil
        self.certificate = certificate
        renewAt = Self.renewalTime(of: certificate) * 1_000
    }

    /// - Returns: the issuer of `certificate`.
    private static func check(
        _ certificate: Certificate, _ authority: CertificateAuthority, names: RelayConfiguration.Names, now: Int64
    ) throws(RelayHomeError) -> Certificate {
        guard let issuer = authority.issuer(of: certificate) else {
            throw .invalid(
                "the relay's certificate is not of this relay's authority; remove relay.key to have another one made")
        }
        let verification = CertificateAuthority.verifyChain(
            leaf: certificate, intermediates: [issuer], roots: [authority.root], at: now, purpose: .relay)
        if case .refused(let failure) = verification {
            throw .invalid("the relay's certificate is not good: \(failure)")
        }
        for name in names.dns where !certificate.dnsNames.contains(name.lowercased()) {
            throw .invalid("the relay's certificate is not for \(name), which relay.json names")
        }
        return issuer
    }

    private static func renewalTime(of certificate: Certificate) -> Int64 {
        certificate.notAfter - (certificate.notAfter - certificate.notBefore) / renewalPart
    }
}
