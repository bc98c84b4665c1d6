import FoundationEssentials
package import LessonModel
package import PKI
package import Storage
import Synchronization
package import Wire

/// Who is a member now: the store's directory in memory, asked in every handshake and for every post.
///
/// What is not in it is denied. `refresh` replaces a part of it at once; the revocation index is always at least as
/// strict as it. Every question is answered in the directory's lock and hands out what was asked for alone.
package final class Membership: Sendable {
    /// Why a certificate does not open a session.
    package struct Refusal: Error, Equatable {
        package var code: WireErrorCode
        package var reason: String
    }

    /// Public keys of members that have posted; beyond this many the cache starts anew.
    private static let maxCachedKeys = 10_000
    /// A certificate that ended is kept for so long, so that its session learns that it has expired.
    private static let keptAfterEndSeconds: Int64 = 86_400

    package let revocations = RevocationIndex()
    private let store: RelayStore
    private let clock: @Sendable () -> Milliseconds
    private let current = Mutex(MemberDirectory())
    /// Held while a part is read and replaced: of two readings at once, an older one must not come last.
    private let refreshing = Mutex(())
    /// A change is stored that could not be read: this knows less than the store.
    private let stale = Atomic(false)
    private let keys = Mutex<[[UInt8]: PublicKey]>([:])

    package init(store: RelayStore, clock: @escaping @Sendable () -> Milliseconds) throws(StorageError) {
        self.store = store
        self.clock = clock
        try reload()
    }

    // MARK: Changes

    /// Whether a refresh has failed since `reloadIfStale`.
    var isStale: Bool { stale.load(ordering: .acquiring) }

    /// Reads everything again where a refresh has failed. What is denied from then on has sessions, which are the
    /// caller's to end.
    func reloadIfStale() throws(StorageError) {
        guard stale.exchange(false, ordering: .acquiringAndReleasing) else { return }
        try reload()
    }

    /// Reads everything again; see `refresh`.
    package func reload() throws(StorageError) {
        try alone { () throws(StorageError) in
            var directory = MemberDirectory()
            var revoked: [RevocationIndex.Key: RevocationIndex.Entry] = [:]
            let oldestEnd = oldestEnd
            try store.readDirectory(.everything, endingFrom: oldestEnd) { item in
                guard case .certificate(let certificate) = item else { return directory.add(item) }
                if let entry = certificate.indexEntry { revoked[certificate.indexKey] = entry }
                if certificate.notAfterSeconds >= oldestEnd { directory.add(item) }
            }
            // Both at once: what one of them does not have any more, the other one denies until it has the new state.
            for (key, entry) in revoked { revocations.insert(key, reason: entry.reason, time: entry.time) }
            current.withLock { $0 = directory }
            revocations.replaceAll(with: revoked)
        }
    }

    /// Reads `scope` again. On failure the old state stays in force, and this is stale. What was stored before the call is in
    /// force when it returns, whoever else calls at the same time. The cost is that of the scope, not of the directory. Blocks;
    /// never on an event loop.
    package func refresh(_ scope: DirectoryScope) throws(StorageError) {
        if case .everything = scope { return try reload() }
        try alone { () throws(StorageError) in
            var items: [DirectoryItem] = []
            var certificates: [DirectoryCertificate] = []
            let oldestEnd = oldestEnd
            // Those that ended long ago too: a hold of theirs may have been taken back.
            try store.readDirectory(scope, endingFrom: .min) { item in
                guard case .certificate(let certificate) = item else { return items.append(item) }
                certificates.append(certificate)
                if certificate.notAfterSeconds >= oldestEnd { items.append(item) }
            }
            for certificate in certificates {
                guard let entry = certificate.indexEntry else { continue }
                revocations.insert(certificate.indexKey, reason: entry.reason, time: entry.time)
            }
            current.withLock { $0.replace(scope, with: items) }
            // Last, so that the index is never the weaker one.
            for certificate in certificates where certificate.revocation == nil {
                revocations.removeHold(certificate.indexKey)
            }
        }
    }

    /// Runs `body` while nobody else reads the directory anew, and notes that it failed.
    private func alone(_ body: () throws(StorageError) -> Void) throws(StorageError) {
        try refreshing.withLock { _ throws(StorageError) in
            do throws(StorageError) {
                try body()
            } catch {
                stale.store(true, ordering: .releasing)
                throw error
            }
        }
    }

    private var oldestEnd: Int64 { clock() / 1_000 - Membership.keptAfterEndSeconds }

    // MARK: Questions

    package func organisation(_ slug: OrganisationSlug) -> Organisation? {
        current.withLock { $0.organisations[slug] }
    }

    package func member(_ id: MemberID) -> Member? { current.withLock { $0.member(id) } }

    package func hasTopic(_ topic: Topic) -> Bool { current.withLock { $0.topics.contains(topic) } }

    /// What the topic is called now that `name` stands or stood for.
    func currentName(of name: Topic) -> Topic { current.withLock { $0.formerTopicNames.name(of: name) } }

    /// The names that topics had before they moved.
    package var formerTopicNames: FormerTopicNames { current.withLock { $0.formerTopicNames } }

    /// The organisations that `slug` has named as its clients.
    package func clients(of slug: OrganisationSlug) -> Set<OrganisationSlug> {
        current.withLock { $0.organisations[slug]?.clients ?? [] }
    }

    /// Whether `member` holds the certificate, neither revoked nor on hold; it may have ended.
    package func holds(_ fingerprint: [UInt8], _ member: MemberID) -> Bool {
        current.withLock { $0.certificate(fingerprint, of: member)?.isOnHold == false }
    }

    /// How many certificates of `member` have not ended at `now` and are not revoked for ever.
    package func certificateCount(of member: MemberID, now: Milliseconds) -> Int {
        current.withLock { $0.certificateCount(of: member, at: now / 1_000) }
    }

    /// Whether `organisation` has a member for whom `condition`, which asks nothing of this membership, is true.
    func hasMember(of organisation: OrganisationSlug, where condition: (Member) -> Bool) -> Bool {
        current.withLock { $0.hasMember(of: organisation, where: condition) }
    }

    /// Judges the certificate of a handshake that TLS has already found good.
    /// - Parameter now: milliseconds since 1970.
    package func admit(_ certificate: Certificate, now: Milliseconds) -> Result<Principal, Refusal> {
        if let key = RevocationIndex.Key(certificate), let entry = revocations.entry(key) {
            return .failure(entry.reason == .certificateHold ? .onHold : .revoked)
        }
        guard certificate.authorityKeyID != nil else { return .failure(.revoked) }
        guard certificate.isValid(at: now / 1_000) else {
            return .failure(
                Refusal(
                    code: .certificateExpired, reason: "your certificate is not valid now; ask for a new invitation"))
        }
        guard let uri = certificate.memberURI, let id = MemberID(text: uri.memberID.uuidString),
            current.withLock({ $0.certificate(certificate.fingerprint, of: id) }) != nil
        else {
            return .failure(Refusal(code: .notAMember, reason: "your certificate belongs to no member of this relay"))
        }
        return principal(id, certificate.fingerprint)
    }

    /// The member as they are now, for a session that is open.
    package func principal(_ id: MemberID, _ fingerprint: [UInt8]) -> Result<Principal, Refusal> {
        let (member, organisation, certificate) = current.withLock { directory in
            let member = directory.member(id)
            return (
                member, member.flatMap { directory.organisations[$0.organisation] },
                directory.certificate(fingerprint, of: id)
            )
        }
        guard let member, let organisation else {
            return .failure(Refusal(code: .notAMember, reason: "you are no member of this relay any more"))
        }
        guard let certificate else { return .failure(.revoked) }
        guard !certificate.isOnHold else { return .failure(.onHold) }
        guard !organisation.isSuspended else {
            return .failure(Refusal(code: .organisationSuspended, reason: "\(organisation.name) is suspended"))
        }
        guard !member.isSuspended else {
            return .failure(Refusal(code: .memberSuspended, reason: "your membership is suspended"))
        }
        return .success(Principal(member: member, organisation: organisation, certificateFingerprint: fingerprint))
    }

    /// The key of a certificate that `member` holds, not revoked, on hold or expired; nil otherwise.
    func publicKey(_ fingerprint: [UInt8], of member: MemberID, now: Milliseconds) -> PublicKey? {
        guard let held = current.withLock({ $0.certificate(fingerprint, of: member) }), !held.isOnHold,
            held.notAfterSeconds >= now / 1_000
        else { return nil }
        // A key never changes, so that what is remembered needs no care when members change.
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
}

extension Membership.Refusal {
    fileprivate static let revoked = Membership.Refusal(
        code: .certificateRevoked, reason: "your certificate was revoked")
    fileprivate static let onHold = Membership.Refusal(
        code: .certificateOnHold, reason: "your certificate is on hold; an administrator can release it")
}

extension DirectoryCertificate {
    fileprivate var indexKey: RevocationIndex.Key {
        RevocationIndex.Key(issuerKeyID: issuerKeyID, serialNumber: serial)
    }

    fileprivate var indexEntry: RevocationIndex.Entry? {
        revocation.map {
            RevocationIndex.Entry(
                reason: RevocationReason(rawValue: $0.reason) ?? .unspecified, time: $0.at / 1_000)
        }
    }
}
