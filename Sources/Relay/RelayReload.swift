import Foundation
import LessonModel
import Logging
import NIOPosix
import PKI
import Storage
import Synchronization

/// Certificates that change while the relay runs: renewed by itself, replaced on disk, or rolled over.
///
/// Everything new is read, made and checked first, then swapped; on any failure the old stays in use, and the status and
/// the log tell why. Open sessions stay, but those of certificates that are accepted no more.
extension RelayServer {
    /// Reads certificates and authority anew. Blocks; never on an event loop.
    /// - Throws: what is wrong with the files; nothing was changed then.
    package func reload() throws {
        try reloading.withLock { _ in
            let stamps = RelayServer.stamps(of: home)
            do {
                let authority = try home.readAuthority(publication: configuration.publicationURLs())
                guard authority.authority.root == core.authority.root else {
                    throw RelayHomeError.invalid("the root certificate is another one; a relay keeps its root")
                }
                let fresh = try RelayContexts(home, authority.authority, contextTerms, now: core.clock())
                let before = contexts.withLock { contexts in
                    defer { contexts = fresh }
                    return contexts.certificate
                }
                core.replaceAuthority(with: authority)
                core.certificateEnd.store(fresh.certificate.notAfter * 1_000, ordering: .relaxed)
                core.reloadFailure.withLock { $0 = nil }
                if before != fresh.certificate {
                    core.logger.info(
                        "the relay's certificate is another one", metadata: ["ends": "\(fresh.certificate.notAfter)"])
                    try core.store.record(
                        hostEntry("certificate.relay", ["certificate": Hex.text(of: fresh.certificate.fingerprint)]))
                }
                try noteAuthority()
                try core.publication?.refresh()
            } catch {
                core.reloadFailure.withLock { $0 = "\(error)" }
                core.logger.error("certificates were not reloaded", metadata: ["reason": "\(error)"])
                try? core.store.record(
                    hostEntry("reload.fail", ["reason": SafeText.line(String("\(error)".prefix(300)))]))
                seenFiles.withLock { $0 = stamps }
                throw error
            }
            // After a renewal by this very call the files look different.
            seenFiles.withLock { $0 = RelayServer.stamps(of: home) }
        }
    }

    /// Reloads on the pool when a file has changed or the relay's certificate is to be renewed. Returns at once.
    func reloadIfDue(now: Milliseconds) {
        let hasChanged = seenFiles.withLock { $0 != RelayServer.stamps(of: home) }
        let isDue = now > contexts.withLock { $0.renewAt } && now >= nextRenewal.withLock { $0 }
        guard hasChanged || isDue, !isReloading.exchange(true, ordering: .acquiringAndReleasing) else { return }
        // A renewal that fails is tried again in a minute, not in a second.
        if isDue { nextRenewal.withLock { $0 = now + 60_000 } }
        core.pool.submit { [self] state in
            if case .active = state { try? reload() }
            isReloading.store(false, ordering: .releasing)
        }
    }

    static func stamps(of home: RelayHome) -> [FileStamp?] {
        [home.authorityStatePath, home.rootListPath, home.keyPath].map { FileStamp(path: $0) }
    }

    private func hostEntry(_ action: String, _ detail: [String: String]) -> AuditEntry {
        AuditEntry(at: core.clock(), actor: .host, action: action, detail: detail)
    }

    /// Compares the authority with what the database knows of it, writes into the audit log what somebody on this machine
    /// has changed, and ends what retired issuing certificates have signed.
    func noteAuthority() throws {
        let state = try home.readAuthorityState()
        let known = try core.store.setting("authority").flatMap {
            try? JSONDecoder().decode(AuthorityState.self, from: Data($0.utf8))
        }
        guard known != state else { return }
        let before = known ?? AuthorityState(accepted: [1])
        for number in state.accepted where !before.accepted.contains(number) {
            try core.store.record(hostEntry("authority.import", try facts(number)))
        }
        if let signing = state.accepted.first, signing != before.accepted.first {
            try core.store.record(hostEntry("authority.activate", try facts(signing)))
        }
        for number in state.retired where !before.retired.contains(number) {
            let certificate = try Certificate(pem: home.readPublic(home.issuingCertificatePath(number)))
            guard let keyID = certificate.subjectKeyID else { continue }
            // Audited with the number of certificates; those are as a rule none.
            let revoked = try core.store.revokeCertificates(
                issuerKeyID: keyID, reason: RevocationReason.superseded.rawValue,
                audit: hostEntry("authority.retire", try facts(number)))
            guard revoked > 0 else { continue }
            core.logger.warning(
                "a retired issuing certificate had signed certificates in use", metadata: ["count": "\(revoked)"])
            try core.membership.reload()
            core.committer.settle()
            core.registry.endStale(core.membership)
        }
        let text = String(decoding: try JSONEncoder().encode(state), as: UTF8.self)
        try core.store.setSetting("authority", to: text)
    }

    private func facts(_ number: Int) throws -> [String: String] {
        let certificate = try Certificate(pem: home.readPublic(home.issuingCertificatePath(number)))
        return ["issuer": certificate.commonName ?? "", "certificate": Hex.text(of: certificate.fingerprint)]
    }
}
