package import LessonModel
package import PKI
package import Storage
import Synchronization
package import Wire

/// Who is a member now: the store's directory in memory, asked in every handshake and for every post.
///
/// What is not in it is denied. `reload` replaces it at once; the revocation index is always at least as strict as it.
package final class Membership: Sendable {
    /// Why a certificate does not open a session.
    package struct Refusal: Error, Equatable {
        package var code: WireErrorCode
        package var reason: String
    }

    /// Public keys of members that have posted; beyond this many the cache starts anew.
    private static let maxCachedKeys = 10_000

    package let revocations = RevocationIndex()
    private let store: RelayStore
    private let current: Mutex<DirectorySnapshot>
    /// Held while the directory is read and replaced: of two readings at once, an older one must not come last.
    private let reloading = Mutex(())
    private let keys = Mutex<[[UInt8]: PublicKey]>([:])

    package init(store: RelayStore) throws(StorageError) {
        self.store = store
        let directory = try store.directory()
        current = Mutex(directory)
        revocations.replaceAll(with: Membership.index(of: directory))
    }

    package var directory: DirectorySnapshot { current.withLock { $0 } }

    /// Reads the directory again. On failure the old one stays in force. What was stored before the call is in force
    /// when it returns, whoever else calls at the same time. Blocks; never on an event loop.
    package func reload() throws(StorageError) {
        try reloading.withLock { _ throws(StorageError) in
            let directory = try store.directory()
            revocations.replaceAll(with: Membership.index(of: directory))
            current.withLock { $0 = directory }
            keys.withLock { $0.removeAll() }
        }
    }

    /// Judges the certificate of a handshake that TLS has already found good.
    /// - Parameter now: milliseconds since 1970.
    package func admit(_ certificate: Certificate, now: Milliseconds) -> Result<Principal, Refusal> {
        if revocations.contains(certificate) {
            return .failure(Refusal(code: .certificateRevoked, reason: "your certificate was revoked"))
        }
        guard certificate.isValid(at: now / 1_000) else {
            return .failure(
                Refusal(
                    code: .certificateExpired, reason: "your certificate is not valid now; ask for a new invitation"))
        }
        guard let member = directory.activeCertificates[certificate.fingerprint]?.member else {
            return .failure(Refusal(code: .notAMember, reason: "your certificate belongs to no member of this relay"))
        }
        return principal(member, certificate.fingerprint)
    }

    /// The member as they are now, for a session that is open.
    package func principal(_ id: MemberID, _ fingerprint: [UInt8]) -> Result<Principal, Refusal> {
        principal(id, fingerprint, in: directory)
    }

    func principal(
        _ id: MemberID, _ fingerprint: [UInt8], in directory: DirectorySnapshot
    ) -> Result<Principal, Refusal> {
        guard let member = directory.members[id], let organisation = directory.organisations[member.organisation] else {
            return .failure(Refusal(code: .notAMember, reason: "you are no member of this relay any more"))
        }
        guard directory.activeCertificates[fingerprint]?.member == id else {
            return .failure(Refusal(code: .certificateRevoked, reason: "your certificate was revoked"))
        }
        guard !organisation.isSuspended else {
            return .failure(Refusal(code: .organisationSuspended, reason: "\(organisation.name) is suspended"))
        }
        guard !member.isSuspended else {
            return .failure(Refusal(code: .memberSuspended, reason: "your membership is suspended"))
        }
        return .success(Principal(member: member, organisation: organisation, certificateFingerprint: fingerprint))
    }

    /// The key of a certificate that `member` holds, not revoked and not expired; nil otherwise.
    func publicKey(_ fingerprint: [UInt8], of member: MemberID, now: Milliseconds) -> PublicKey? {
        let active = current.withLock { $0.activeCertificates[fingerprint] }
        guard let active, active.member == member, active.notAfterSeconds >= now / 1_000 else { return nil }
        if let key = keys.withLock({ $0[fingerprint] }) { return key }
        guard let stored = try? store.certificate(fingerprint: fingerprint),
            let certificate = try? Certificate(der: stored.issued.der)
        else { return nil }
        keys.withLock { keys in
            if keys.count >= Membership.maxCachedKeys { keys.removeAll() }
            keys[fingerprint] = certificate.publicKey
        }
        return certificate.publicKey
    }

    private static func index(of directory: DirectorySnapshot) -> [RevocationIndex.Key: RevocationIndex.Entry] {
        var entries: [RevocationIndex.Key: RevocationIndex.Entry] = [:]
        for revoked in directory.revokedCertificates {
            let key = RevocationIndex.Key(issuerKeyID: revoked.issuerKeyID, serialNumber: revoked.serial)
            entries[key] = RevocationIndex.Entry(
                reason: RevocationReason(rawValue: revoked.reason) ?? .unspecified, time: revoked.revokedAt / 1_000)
        }
        return entries
    }
}
