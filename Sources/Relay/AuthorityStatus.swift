import Foundation
import LessonModel
import PKI
import Storage
import Synchronization
import Wire

/// The authority's part of the status, for relay administrators.
extension RelayCore {
    /// Fills the issuers, the root's end and the warnings.
    /// - Parameter counts: what the status has counted already.
    func describeAuthority(
        in reply: inout WireStatus, _ counts: MembershipCounts, isRelayAdministrator: Bool
    ) throws {
        let now = clock()
        guard isRelayAdministrator else {
            reply.warnings = AuthorityWarnings(now: now, membersEnding: counts.membersEnding).sentences
            return
        }
        let authority = authority
        let inUse = try store.certificatesInUse(now: now)
        reply.rootCertificateEndsMs = authority.root.notAfter * 1_000
        reply.issuers = authority.issuingCertificates.enumerated().map { index, certificate in
            issuerStatus(certificate, signs: index == 0, inUse)
        }
        reply.warnings = warnings(counts, authority, inUse, now: now).sentences
    }

    private func issuerStatus(_ certificate: Certificate, signs: Bool, _ inUse: [[UInt8]: Int]) -> WireIssuerStatus {
        let keyID = certificate.subjectKeyID ?? []
        var status = WireIssuerStatus()
        status.name = certificate.commonName ?? certificate.subject
        status.keyID = Data(keyID)
        status.endsMs = certificate.notAfter * 1_000
        status.signs = signs
        status.certificates = UInt32(clamping: inUse[keyID] ?? 0)
        if let published = publication?.issuerState(of: keyID) {
            status.revocationListNumber = UInt64(clamping: published.listNumber)
            status.revocationListNextMs = published.listNextUpdate * 1_000
            status.statusSignerEndsMs = published.statusSignerEnds * 1_000
        }
        return status
    }

    private func warnings(
        _ counts: MembershipCounts, _ authority: CertificateAuthority, _ inUse: [[UInt8]: Int], now: Milliseconds
    ) -> AuthorityWarnings {
        let condition = authorityCondition.withLock { $0 }
        let entries = (try? condition.folder?.entries()) ?? []
        return AuthorityWarnings(
            now: now,
            issuers: authority.issuingCertificates.enumerated().map { index, certificate in
                let entry = entries.first { $0.certificate == certificate }
                return AuthorityWarnings.Issuer(
                    name: certificate.commonName ?? certificate.subject, number: entry?.number,
                    endsAt: certificate.notAfter * 1_000, signs: index == 0, isRetiring: entry?.retirement != nil,
                    certificates: inUse[certificate.subjectKeyID ?? []] ?? 0)
            },
            rootEndsAt: authority.root.notAfter * 1_000,
            relayCertificateEndsAt: certificateEnd.load(ordering: .relaxed),
            relayCertificateRenewAt: condition.renewAt, failure: condition.failure,
            rootListEndsAt: publication.map { publication in
                (authority.root.subjectKeyID.flatMap { publication.revocationList(of: $0) }?.nextUpdate ?? 0) * 1_000
            } ?? .max,
            isRootKeyHere: condition.folder?.holdsRootKey ?? false, membersEnding: counts.membersEnding,
            relayAdministrators: (try? store.relayAdministratorCount(at: now)) ?? 0)
    }
}
