import LessonModel
import Logging
import NIOPosix
import PKI
import Storage
import Synchronization

/// Keeps a relay's certificates up to date while it runs: reads them again when told or when their files change, renews the
/// relay's own, and takes the authority's next issuing certificate into use.
///
/// Everything is read, checked and built first, then swapped at once. When anything is wrong the old stays in use, and the
/// reason stands in the log, in the audit log and in the relay's status. Sessions are not touched, but for those whose
/// certificates a forced retirement has revoked.
final class RelayCredentials: Sendable {
    /// From a failed renewal to the next, and between looks at whether something still relies on a retiring issuer.
    private static let pause: Milliseconds = 600_000

    private let home: RelayHome
    private let configuration: RelayConfiguration
    /// Of the issuing keys.
    private let passphrase: [UInt8]?
    private let core: RelayCore
    private let current: Mutex<RelayContexts>
    /// Held while files are read and swapped: of two reloads at once, an older reading must not come last.
    private let reloading = Mutex(())
    private let watch: Mutex<FileWatch>
    private let isLooking = Atomic(false)
    private let nextLook: Mutex<Milliseconds>

    /// Loads everything for the first time.
    /// - Throws: when the relay cannot serve with what is there.
    init(home: RelayHome, configuration: RelayConfiguration, passphrase: [UInt8]?, core: RelayCore) throws {
        self.home = home
        self.configuration = configuration
        self.passphrase = passphrase
        self.core = core
        core.authorityCondition.withLock { $0.folder = home.authority }
        watch = Mutex(FileWatch(read: RelayCredentials.marks(home)))
        let loaded: Loaded
        do {
            loaded = try RelayCredentials.load(home, configuration, passphrase, core, forcing: true)
        } catch StorageError.lastRelayAdministrator {
            // Better an issuer too many than nobody who could put it right.
            loaded = try RelayCredentials.load(home, configuration, passphrase, core, forcing: false)
            core.authorityCondition.withLock {
                $0.failure = .init(
                    at: core.clock(), reason: RelayCredentials.sentence(StorageError.lastRelayAdministrator))
            }
        }
        current = Mutex(loaded.contexts)
        nextLook = Mutex(core.clock() + RelayCredentials.pause)
        try RelayCredentials.use(loaded, core)
    }

    /// For the handshakes that begin now.
    var contexts: RelayContexts { current.withLock { $0 } }

    /// Reads everything again. Blocks; never on an event loop.
    /// - Throws: what was wrong; the old is in use then.
    func reload() throws {
        try reloading.withLock { _ in
            watch.withLock { $0.noteRead(RelayCredentials.marks(home)) }
            do {
                let loaded = try RelayCredentials.load(home, configuration, passphrase, core, forcing: true)
                try RelayCredentials.use(loaded, core)
                current.withLock { $0 = loaded.contexts }
                core.authorityCondition.withLock { $0.failure = nil }
                core.logger.notice(
                    "certificates reloaded",
                    metadata: [
                        "signs": "\(loaded.authority.issuingCertificates[0].commonName ?? "")",
                        "accepted": "\(loaded.authority.issuers.count)", "retired": "\(loaded.authority.retired.count)",
                    ])
            } catch {
                noteFailure(RelayCredentials.sentence(error))
                throw error
            }
        }
    }

    /// Looks whether there is anything to do, on the relay's pool. Called each second; a look that is still going on is not
    /// joined by another.
    func sweep() {
        guard !isLooking.exchange(true, ordering: .acquiringAndReleasing) else { return }
        core.pool.submit { [self] state in
            defer { isLooking.store(false, ordering: .releasing) }
            guard case .active = state, isDue(now: core.clock()) else { return }
            // What is wrong has been noted.
            try? reload()
        }
    }

    private func isDue(now: Milliseconds) -> Bool {
        if watch.withLock({ $0.isDue(RelayCredentials.marks(home)) }) { return true }
        return nextLook.withLock { nextLook in
            let wants = now > contexts.renewAt || core.authorityCondition.withLock { $0.isWaiting }
            guard wants, now >= nextLook else { return false }
            nextLook = now + RelayCredentials.pause
            return true
        }
    }

    private func noteFailure(_ reason: String) {
        let now = core.clock()
        let isNews = core.authorityCondition.withLock { condition in
            defer { condition.failure = .init(at: now, reason: reason) }
            return condition.failure?.reason != reason
        }
        core.logger.error(
            "the certificates could not be reloaded; the old ones stay in use", metadata: ["reason": "\(reason)"])
        guard isNews else { return }
        try? core.store.record(
            AuditEntry(at: now, actor: .host, action: "authority.reload-fail", detail: ["reason": reason]))
    }

    private static func marks(_ home: RelayHome) -> [FileWatch.Mark] {
        FileWatch.look(at: [home.keyPath], folder: home.authorityPath)
    }

    private static func sentence(_ error: any Error) -> String {
        if case StorageError.lastRelayAdministrator = error {
            return "retiring an issuing certificate would lock out the last relay administrator: let one of them run "
                + "`lessons renew` first; it goes on being accepted until then"
        }
        return "\(error)"
    }
}

// MARK: Reading and using

extension RelayCredentials {
    private struct Loaded {
        var authority: CertificateAuthority
        var contexts: RelayContexts
        var credential: RelayCredential
        var issuers: [StoredIssuer]
        var revoked: Int
        var isRetiring: Bool
    }

    /// Reads and checks, and writes the relay's new certificate and what became of the issuers. Nothing is in use yet.
    private static func load(
        _ home: RelayHome, _ configuration: RelayConfiguration, _ passphrase: [UInt8]?, _ core: RelayCore, forcing: Bool
    ) throws -> Loaded {
        let now = core.clock()
        let entries = try home.authority.entries()
        let authority = try home.authority.authority(
            publication: configuration.publicationURLs(), passphrase: passphrase,
            inUse: try core.store.certificatesInUse(now: now), forcing: forcing)
        guard authority.root == core.authority.root else {
            throw RelayHomeError.invalid("the root is another one; members trust the old one alone")
        }
        let credential = try RelayCredential(home, names: configuration.names, authority, now: now)
        let contexts = try RelayContexts(
            credential, authority, core.membership.revocations, publication: core.publication,
            hasEST: configuration.est != nil)
        if credential.isNew { try home.write(credential) }
        var reasons: [[UInt8]: Int] = [:]
        for entry in entries {
            if let keyID = entry.certificate?.subjectKeyID { reasons[keyID] = entry.retirement?.reason }
        }
        let issuers = authority.storedIssuers
        return Loaded(
            authority: authority, contexts: contexts, credential: credential, issuers: issuers,
            revoked: try core.store.note(issuers, reasons: reasons, now: now),
            isRetiring: entries.contains { entry in
                entry.retirement != nil && authority.issuingCertificates.contains { $0 == entry.certificate }
            })
    }

    /// Puts what was loaded into use for everybody.
    private static func use(_ loaded: Loaded, _ core: RelayCore) throws {
        core.replaceAuthority(with: loaded.authority)
        // Status answers before the certificate that is shown with one.
        try core.publication?.refresh()
        try core.publication?.attend(to: loaded.credential.certificate)
        core.certificateEnd.store(loaded.contexts.endsAt, ordering: .relaxed)
        core.authorityCondition.withLock { condition in
            condition.isRetiring = loaded.isRetiring
            condition.renewAt = loaded.contexts.renewAt
        }
        if loaded.revoked > 0 {
            try core.membership.reload()
            core.committer.settle()
            core.registry.endStale(core.membership)
        }
        guard loaded.credential.isNew else { return }
        try core.store.record(
            AuditEntry(
                at: core.clock(), actor: .host, action: "relay-certificate.renew",
                detail: [
                    "certificate": loaded.credential.certificate.fingerprintText,
                    "issuer": loaded.credential.issuer.commonName ?? "",
                ]))
    }
}

extension CertificateAuthority {
    /// For the store's memory of them.
    fileprivate var storedIssuers: [StoredIssuer] {
        func stored(_ certificate: Certificate, _ state: StoredIssuer.State) -> StoredIssuer {
            StoredIssuer(keyID: certificate.subjectKeyID ?? [], name: certificate.commonName ?? "", state: state)
        }
        return issuingCertificates.enumerated().map { stored($1, $0 == 0 ? .signing : .accepted) }
            + retired.map { stored($0, .retired) }
    }
}
