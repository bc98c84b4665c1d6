import LessonModel
import Logging
import NIOPosix
package import PKI
import Storage
import Synchronization

/// What the relay tells the rest of the world about its certificates: revocation lists, status answers, and the
/// certificates of the authority, for every issuing certificate that is accepted now.
///
/// Status answers ask the index that ends sessions, so they tell of a revocation from the moment it is in force; lists
/// follow within a second or two, made beside the relay's work.
package final class RevocationPublication: Sendable {
    private struct Staple: Sendable {
        var fingerprint: [UInt8]
        var response: [UInt8]
        var madeAt: Int64
        var generation: Int
    }

    private struct State: Sendable {
        var lists: [[UInt8]: PublishedRevocationList] = [:]
        /// Of the revocation index, when the lists were begun.
        var generation = -1
        var responders: [[UInt8]: StatusResponder] = [:]
        var rootList: RevocationList?
        /// The relay's own certificate, for the answer that is shown with it.
        var relayCertificate: Certificate?
        var staple: Staple?
        /// When something is due by itself, seconds since 1970.
        var nextDue: Int64 = 0
        /// After a failure: not tried again before, whatever is due; seconds since 1970.
        var pausedUntil: Int64 = 0
    }

    private let store: RelayStore
    private let revocations: RevocationIndex
    private let authority: @Sendable () -> CertificateAuthority
    private let readRootList: @Sendable () -> RevocationList?
    private let clock: @Sendable () -> Milliseconds
    private let logger: Logger
    private let state = Mutex(State())
    private let isRefreshing = Atomic(false)
    private let refreshing = Mutex(())

    init(
        store: RelayStore, revocations: RevocationIndex, authority: @escaping @Sendable () -> CertificateAuthority,
        readRootList: @escaping @Sendable () -> RevocationList?, clock: @escaping @Sendable () -> Milliseconds,
        logger: Logger
    ) {
        self.store = store
        self.revocations = revocations
        self.authority = authority
        self.readRootList = readRootList
        self.clock = clock
        self.logger = logger
    }

    private var now: Int64 { clock() / 1_000 }

    // MARK: Making

    /// Makes what is due on the pool, unless nothing is or somebody is at it. Returns at once; called now and then.
    func refreshIfDue(on pool: any BlockingWork) {
        let isDue = state.withLock {
            PublicationSchedule.isDue(
                hasChanged: $0.generation != revocations.generation, nextDue: $0.nextDue, pausedUntil: $0.pausedUntil,
                now: now)
        }
        guard isDue, !isRefreshing.exchange(true, ordering: .acquiringAndReleasing) else { return }
        pool.submit { [self] pool in
            if case .active = pool {
                do {
                    try refresh()
                } catch {
                    logger.error("revocations could not be published", metadata: ["reason": "\(error)"])
                    // Not at once again: what fails now fails in a second as well.
                    let now = now
                    state.withLock { $0.pausedUntil = now + PublicationSchedule.pauseSeconds }
                }
            }
            isRefreshing.store(false, ordering: .releasing)
        }
    }

    /// Makes what is due. Blocks. On failure what was published before stays.
    func refresh() throws {
        try refreshing.withLock { _ in
            // Read first: a revocation that comes meanwhile makes a further list.
            let generation = revocations.generation
            let authority = authority()
            let now = now
            let before = state.withLock { $0 }
            var after = before
            after.rootList = readRootList()
            let keyIDs = Set(authority.issuingCertificates.compactMap(\.subjectKeyID))
            after.lists = before.lists.filter { keyIDs.contains($0.key) }
            after.responders = before.responders.filter { keyIDs.contains($0.key) }
            for issuer in authority.issuers {
                guard let keyID = issuer.certificate.subjectKeyID, issuer.certificate.isValid(at: now) else { continue }
                after.lists[keyID] = try list(issuer, keyID, hasChanged: before.generation != generation, now: now)
                after.responders[keyID] = try responder(before.responders[keyID], issuer, authority, now: now)
            }
            after.generation = generation
            after.nextDue = now + 300
            state.withLock { state in
                after.relayCertificate = state.relayCertificate
                after.staple = state.staple
                state = after
            }
            try refreshStaple(now: now)
        }
    }

    private func list(
        _ issuer: CertificateAuthority.Issuer, _ keyID: [UInt8], hasChanged: Bool, now: Int64
    ) throws -> PublishedRevocationList {
        let known = try state.withLock { $0.lists[keyID] } ?? store.revocationList(issuerKeyID: keyID)
        let entries = try store.revocations(issuerKeyID: keyID, previousUpdate: known?.list.thisUpdate ?? 0)
        let contentHash = Self.hash(of: entries)
        // What changed may be another issuer's, or known to the list since before a restart.
        let isOther = hasChanged && known?.contentHash != contentHash
        if let known, !PublicationSchedule.isDue(known.list, hasChanged: isOther, now: now) { return known }
        let list = try issuer.revocationList(
            entries, number: (known?.list.number ?? 0) + 1, thisUpdate: now,
            nextUpdate: min(now + PublicationSchedule.listSeconds, issuer.certificate.notAfter))
        let published = PublishedRevocationList(list: list, contentHash: contentHash)
        try store.keep(published, issuerKeyID: keyID)
        logger.info(
            "revocation list made",
            metadata: ["issuer": "\(issuer.certificate.commonName ?? "?")", "number": "\(list.number)"])
        return published
    }

    private static func hash(of entries: [RevocationList.Entry]) -> [UInt8] {
        var bytes: [UInt8] = []
        for entry in entries {
            bytes += [UInt8(entry.serialNumber.count)] + entry.serialNumber + [UInt8(entry.reason.rawValue)]
            bytes += (0..<8).map { UInt8(truncatingIfNeeded: entry.time >> (56 - 8 * $0)) }
        }
        return SHA256.digest(bytes)
    }

    private func responder(
        _ known: StatusResponder?, _ issuer: CertificateAuthority.Issuer, _ authority: CertificateAuthority, now: Int64
    ) throws -> StatusResponder {
        if let known, !PublicationSchedule.isDue(known.signer, now: now) { return known }
        // The key lives in memory only: a restart makes another one.
        let key = try PrivateKey.generate(.p256)
        let single = try CertificateAuthority(
            root: authority.root, issuers: [issuer], publication: authority.publication)
        let signer = try single.issue(
            .ocspSigner, to: key.publicKey,
            subject: DistinguishedName(commonName: "\(issuer.certificate.commonName ?? "Issuing") status").fitting,
            now: now)
        try store.recordOwnCertificate(signer, purpose: "status", at: now * 1_000)
        return try StatusResponder(issuer: issuer.certificate, signer: signer, key: key)
    }

    // MARK: The relay's own certificate

    /// From now on the answer for `certificate` is made, and good. Blocks.
    func attend(to certificate: Certificate) throws {
        try store.recordOwnCertificate(certificate, purpose: "relay", at: clock())
        state.withLock { $0.relayCertificate = certificate }
        try refreshStaple(now: now)
    }

    /// The answer to show with the certificate of this fingerprint; nil when there is none that is still good. Does not block.
    func staple(for fingerprint: [UInt8]) -> [UInt8]? {
        let now = now
        return state.withLock { state in
            guard let staple = state.staple, staple.fingerprint == fingerprint,
                now < staple.madeAt + PublicationSchedule.answerSeconds
            else { return nil }
            return staple.response
        }
    }

    private func refreshStaple(now: Int64) throws {
        let generation = revocations.generation
        let (certificate, staple, responders) = state.withLock { ($0.relayCertificate, $0.staple, $0.responders) }
        guard let certificate, let keyID = certificate.authorityKeyID, let responder = responders[keyID]
        else { return }
        if let staple, staple.fingerprint == certificate.fingerprint, staple.generation == generation,
            (0..<PublicationSchedule.stapleRenewalSeconds).contains(now - staple.madeAt)
        {
            return
        }
        let request = try StatusRequest.make(for: certificate, issuer: responder.issuer)
        guard let response = try signed(request, responder, now: now) else { return }
        state.withLock {
            $0.staple = Staple(
                fingerprint: certificate.fingerprint, response: response, madeAt: now, generation: generation)
        }
    }

    // MARK: Answering

    /// An answer to a question for status.
    package struct Answer: Sendable {
        package var der: [UInt8]
        /// For everybody who asks the same, so that it may be kept; seconds since 1970.
        package var keptUntil: Int64?
        package var isRefusal: Bool
    }

    /// Answers a stranger's question. Blocks for a look into the database.
    package func answer(_ der: some Collection<UInt8>) -> Answer {
        func refuse(_ refusal: StatusResponder.Refusal) -> Answer {
            Answer(der: refusal.der, keptUntil: nil, isRefusal: true)
        }
        guard let request = try? StatusRequest(der: der) else { return refuse(.malformedRequest) }
        let responders = state.withLock { Array($0.responders.values) }
        guard let responder = responders.first(where: { $0.isResponsible(for: request.certificateIDs[0]) }) else {
            return refuse(responders.isEmpty ? .tryLater : .unauthorized)
        }
        do {
            let now = now
            guard let der = try signed(request, responder, now: now) else { return refuse(.unauthorized) }
            return Answer(
                der: der, keptUntil: request.hasNonce ? nil : now + PublicationSchedule.answerSeconds, isRefusal: false)
        } catch {
            logger.error("a status could not be answered", metadata: ["reason": "\(error)"])
            return refuse(.internalError)
        }
    }

    private func signed(_ request: StatusRequest, _ responder: StatusResponder, now: Int64) throws -> [UInt8]? {
        guard let keyID = responder.issuer.subjectKeyID else { return nil }
        // The store throws its own errors; within the answer only PKI's are known.
        var statuses: [[UInt8]: CertificateStatus] = [:]
        for id in request.certificateIDs { statuses[id.serialNumber] = try status(keyID, id.serialNumber) }
        return try responder.answer(
            request, thisUpdate: now, nextUpdate: now + PublicationSchedule.answerSeconds
        ) { statuses[$0.serialNumber] ?? .unknown }
    }

    private func status(_ keyID: [UInt8], _ serial: [UInt8]) throws -> CertificateStatus {
        if let entry = revocations.entry(RevocationIndex.Key(issuerKeyID: keyID, serialNumber: serial)) {
            return .revoked(entry.reason, time: entry.time)
        }
        return try store.isIssued(issuerKeyID: keyID, serial: serial) ? .good : .unknown
    }

    // MARK: Handing out

    /// The list of the authority with this key identifier, the root's too; nil when there is none.
    package func revocationList(of keyID: [UInt8]) -> RevocationList? {
        let root = authority().root.subjectKeyID
        return state.withLock { keyID == root ? $0.rootList : $0.lists[keyID]?.list }
    }

    /// The certificate of the authority with this key identifier; nil when there is none.
    package func certificate(of keyID: [UInt8]) -> Certificate? {
        let authority = authority()
        return ([authority.root] + authority.issuingCertificates).first { $0.subjectKeyID == keyID }
    }

    /// What is published for an issuing certificate.
    package struct IssuerState: Sendable, Equatable {
        package var listNumber: Int64
        /// Seconds since 1970.
        package var listNextUpdate: Int64
        /// Seconds since 1970.
        package var statusSignerEnds: Int64
    }

    /// Nil before the first list, and for issuers that are accepted no more.
    package func issuerState(of keyID: [UInt8]) -> IssuerState? {
        state.withLock { state in
            guard let list = state.lists[keyID]?.list, let responder = state.responders[keyID] else {
                return nil
            }
            return IssuerState(
                listNumber: list.number, listNextUpdate: list.nextUpdate, statusSignerEnds: responder.signer.notAfter)
        }
    }
}
