import Foundation
import LessonModel
import Logging
import NIOCore
import NIOPosix
import PKI
import Storage
import Synchronization
import Wire

/// What all sessions of a relay share.
final class RelayCore: Sendable {
    let identity: RelayIdentity
    let store: RelayStore
    let membership: Membership
    let registry: SessionRegistry
    let committer: GroupCommitter
    let cursors: CursorBook
    let counters: RelayCounters
    let limits: RelayLimits
    let pool: any BlockingWork
    private let currentAuthority: CurrentAuthority
    let clock: @Sendable () -> Milliseconds
    let logger: Logger
    /// Nil when nothing is published.
    let publication: RevocationPublication?
    /// The end of the relay's own certificate, milliseconds since 1970.
    let certificateEnd = Atomic<Milliseconds>(0)
    /// Somebody indexes posts for search.
    let isIndexing = Atomic(false)
    private let isRefreshing = Atomic(false)
    /// What the status tells of the authority beside its certificates.
    let authorityCondition = Mutex(AuthorityCondition())
    /// How much of what is refused goes into the audit log.
    let refusalBudget = Mutex(RefusalBudget())
    /// When what is kept no longer was last deleted; nil before the first time.
    let clearedUpAt = Mutex<Milliseconds?>(nil)
    let isClearingUp = Atomic(false)
    let topicMoves = TopicMoveLog()
    private let requestRate: RateLimiter<MemberID>
    private let postRate: RateLimiter<OrganisationSlug>
    /// When names of people were erased last; 0: never.
    let namesErasedAt = Atomic<Milliseconds>(0)

    init(
        identity: RelayIdentity, store: RelayStore, membership: Membership, registry: SessionRegistry,
        committer: GroupCommitter, cursors: CursorBook, counters: RelayCounters, limits: RelayLimits,
        pool: any BlockingWork,
        authority: CurrentAuthority, publication: RevocationPublication?,
        clock: @escaping @Sendable () -> Milliseconds, logger: Logger
    ) {
        self.identity = identity
        self.store = store
        self.membership = membership
        self.registry = registry
        self.committer = committer
        self.cursors = cursors
        self.counters = counters
        self.limits = limits
        self.pool = pool
        requestRate = RateLimiter(limits.maxRequestsPerSecond, per: .seconds(1))
        postRate = RateLimiter(limits.maxPostsPerHour, per: .hours(1))
        currentAuthority = authority
        self.publication = publication
        self.clock = clock
        self.logger = logger
    }

    /// Reads what is told to everybody who connects.
    func loadTold() throws { namesErasedAt.store(try store.namesErasedAt(), ordering: .releasing) }

    /// Has the membership read `scope` after a change; see `Membership.refresh`. Where an earlier change was not read, it may
    /// be read now: sessions that it denies end.
    func refreshMembership(_ scope: DirectoryScope) throws(StorageError) {
        let wasStale = membership.isStale
        try membership.refresh(scope)
        if wasStale { registry.endStale(membership) }
    }

    /// Reads the membership again where a change was stored that the disk did not let it read: a revocation must not wait
    /// for the next one. Returns at once; work goes on the pool.
    func refreshIfStale() {
        guard membership.isStale, !isRefreshing.exchange(true, ordering: .acquiringAndReleasing) else { return }
        pool.submit { [self] state in
            guard case .active = state else { return }
            do {
                try topicMoves.whileAlone {
                    try membership.reloadIfStale()
                    topicMoves.settle()
                }
                registry.endStale(membership)
            } catch {
                counters.add(.storageFailures)
                logger.error("the members could not be read again", metadata: ["reason": "\(error)"])
            }
            isRefreshing.store(false, ordering: .releasing)
        }
    }

    /// The authority as it is now; a rollover replaces it while the relay runs.
    var authority: CertificateAuthority { currentAuthority.value }

    func replaceAuthority(with authority: CertificateAuthority) { currentAuthority.replace(with: authority) }

    /// Without the member, which the enrolment port does not have.
    func welcome(head: SequenceNumber) -> WireWelcome {
        var told = WireLimits()
        told.maxFrameBytes = UInt32(clamping: limits.maxFrameBytes)
        told.maxPostBytes = UInt32(clamping: limits.maxPostBytes)
        told.maxPublishesInFlight = UInt32(clamping: limits.maxPublishesInFlight)
        told.maxRequestsInFlight = UInt32(clamping: limits.maxRequestsInFlight)
        told.maxFilters = UInt32(clamping: limits.maxFilters)
        told.maxRequestsPerSecond = UInt32(clamping: limits.maxRequestsPerSecond)
        told.maxPostsPerHour = UInt32(clamping: limits.maxPostsPerHour)
        told.maxAttachmentBytes = UInt64(clamping: limits.maxAttachmentBytes)
        var welcome = WireWelcome()
        welcome.version = 1
        welcome.relayID = Data(identity.relayID)
        welcome.limits = told
        welcome.keepaliveMs = UInt32(clamping: min(limits.keepaliveSeconds, 4_000_000) * 1_000)
        welcome.headSequence = head
        welcome.serverTimeMs = clock()
        welcome.agent = RelayIdentity.agent
        welcome.namesErasedMs = namesErasedAt.load(ordering: .acquiring)
        return welcome
    }

    /// Counts a request of `principal`.
    /// - Parameter now: of the event loop.
    /// - Returns: nil when it is taken, else what the member is told; it was not counted then.
    func excess(of principal: Principal, isPost: Bool, now: NIODeadline) -> WireError? {
        if let wait = requestRate.take(principal.member.id, now: now) {
            return RelayCore.rateLimited("you send more than \(limits.maxRequestsPerSecond) requests a second", wait)
        }
        guard isPost, let wait = postRate.take(principal.organisation.slug, now: now) else { return nil }
        return RelayCore.rateLimited(
            "\(principal.organisation.slug) sends more than \(limits.maxPostsPerHour) posts an hour", wait)
    }

    private static func rateLimited(_ what: String, _ wait: TimeAmount) -> WireError {
        let milliseconds = (wait.nanoseconds + 999_999) / 1_000_000
        let seconds = (milliseconds + 999) / 1_000
        let time =
            milliseconds < 1_000
            ? "\(milliseconds) ms" : seconds < 120 ? "\(seconds) s" : "\((seconds + 59) / 60) minutes"
        return WireError(
            .rateLimited, "\(what); send it again in \(time)", isRetryable: true,
            retryAfterMs: UInt32(clamping: milliseconds))
    }

    /// One bounded read of the log, encoded. Nil when the store failed. Blocks.
    func readLog(_ read: DeliveryStream.Read, viewer: Viewer, filters: [SubscriptionFilter]) -> EncodedLogPage? {
        do {
            let page = try store.readLog(
                after: read.after, through: .max, viewer: viewer, filters: filters, maxPosts: read.maxPosts,
                maxBytes: read.maxBytes)
            var encoded = EncodedLogPage(
                frames: ByteBufferAllocator().buffer(capacity: page.posts.isEmpty ? 0 : 4_096), posts: 0,
                scannedThrough: page.scannedThrough)
            for post in page.posts {
                let end = encoded.frames.writerIndex
                DeliverEncoder.write(post, into: &encoded.frames)
                if encoded.frames.readableBytes > read.maxBytes, let last = encoded.lastSequence {
                    // The store counts content; credit counts frames. The rest is read again.
                    encoded.frames.moveWriterIndex(to: end)
                    encoded.scannedThrough = last
                    break
                }
                encoded.posts += 1
                encoded.lastSequence = post.sequence
            }
            return encoded
        } catch {
            counters.add(.storageFailures)
            logger.error("the log could not be read", metadata: ["reason": "\(error)"])
            return nil
        }
    }
}

/// The authority as it is now, for those who outlive a rollover.
final class CurrentAuthority: Sendable {
    private let current: Mutex<CertificateAuthority>

    init(_ authority: CertificateAuthority) { current = Mutex(authority) }

    var value: CertificateAuthority { current.withLock { $0 } }

    func replace(with authority: CertificateAuthority) { current.withLock { $0 = authority } }
}

/// What names a relay to its members and in its certificates.
package struct RelayIdentity: Sendable, Equatable {
    package static let agent = "lessons-relay/0.1"

    /// 16 bytes.
    package var relayID: [UInt8]
    /// The DNS name in its members' certificates.
    package var domain: String
    /// What invitations tell clients to connect to.
    package var host: String
    package var port: Int
    package var enrolmentPort: Int

    package init(relayID: [UInt8], domain: String, host: String, port: Int, enrolmentPort: Int) {
        self.relayID = relayID
        self.domain = domain
        self.host = host
        self.port = port
        self.enrolmentPort = enrolmentPort
    }
}
