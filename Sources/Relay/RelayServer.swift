import Foundation
package import LessonModel
package import Logging
import NIOCore
import NIOPosix
import PKI
import ServiceLifecycle
import Storage
import Synchronization
import TLS
import Wire

/// A relay that listens: opened from its data directory, run until it is told to stop, drained in good order.
package final class RelayServer: Service, Sendable {
    package struct Addresses: Sendable, Equatable {
        package var port: Int
        package var enrolmentPort: Int
    }

    private let configuration: RelayConfiguration
    private let group: MultiThreadedEventLoopGroup
    private let pool: NIOThreadPool
    let loops: [RelayLoop]
    let core: RelayCore
    private let channels: OpenChannels
    /// Apart, so that strangers take no member's place.
    private let enrolments = OpenChannels(limit: 512)
    let handshakes: HandshakeGate
    private let enrolmentHandshakes: HandshakeGate
    let credentials: RelayCredentials
    private let listeners = Mutex<[any Channel]>([])
    private let isDrained = Mutex(false)
    private let onReady: @Sendable (Addresses) -> Void

    /// Opens the store, takes the directory's lock and loads the certificates. Nothing listens yet.
    /// - Parameters:
    ///   - eventLoops: threads that serve connections; 0 for one a core.
    ///   - issuingPassphrase: of issuing keys that are encrypted.
    ///   - onReady: called with the bound ports once connections are accepted.
    package init(
        home: RelayHome, configuration: RelayConfiguration, issuingPassphrase: [UInt8]? = nil, eventLoops: Int = 0,
        clock: @escaping @Sendable () -> Milliseconds = RelayServer.systemClock, logger: Logger,
        onReady: @escaping @Sendable (Addresses) -> Void = { _ in }
    ) throws {
        self.configuration = configuration
        self.onReady = onReady
        let limits = configuration.limits
        let store = try RelayStore(directory: home.path)
        let authority = try home.readAuthority(
            publication: configuration.publicationURLs(), passphrase: issuingPassphrase)
        let membership = try Membership(store: store, clock: clock)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: eventLoops > 0 ? eventLoops : System.coreCount)
        self.group = group
        let head = store.head()
        let loops = group.makeIterator().enumerated().map { RelayLoop(index: $0, eventLoop: $1, head: head) }
        self.loops = loops
        let cursors = CursorBook()
        let counters = RelayCounters()
        let committer = GroupCommitter(
            store: store, membership: membership, limits: limits, loops: loops, cursors: cursors, counters: counters,
            clock: clock, logger: logger)
        let pool = NIOThreadPool(numberOfThreads: max(2, System.coreCount))
        self.pool = pool
        let current = CurrentAuthority(authority)
        let publication =
            configuration.publication == nil
            ? nil
            : RevocationPublication(
                store: store, revocations: membership.revocations, authority: { current.value },
                readRootList: { home.readRootList() }, clock: clock, logger: logger)
        core = RelayCore(
            identity: configuration.identity, store: store, membership: membership,
            registry: SessionRegistry(limits: limits), committer: committer, cursors: cursors, counters: counters,
            limits: limits, pool: pool, authority: current, publication: publication, clock: clock, logger: logger)
        try core.loadTold()
        handshakes = HandshakeGate(limits)
        enrolmentHandshakes = HandshakeGate(limits)
        channels = OpenChannels(limit: limits.maxSessions + limits.maxSessions / 4)
        credentials = try RelayCredentials(
            home: home, configuration: configuration, passphrase: issuingPassphrase, core: core)
    }

    package static let systemClock: @Sendable () -> Milliseconds = {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Milliseconds(now.tv_sec) * 1_000 + Milliseconds(now.tv_nsec) / 1_000_000
    }

    package var counters: RelayCounters { core.counters }
    package var membership: Membership { core.membership }
    /// Nil when the configuration publishes nothing.
    package var publication: RevocationPublication? { core.publication }
    /// A drain has begun.
    var isStopping: Bool { isDrained.withLock { $0 } }

    // MARK: Running

    /// Serves until graceful shutdown is asked for, then drains.
    package func run() async throws {
        let addresses = try await start()
        onReady(addresses)
        try? await gracefulShutdown()
        await drain()
    }

    /// Binds both listeners.
    package func start() async throws -> Addresses {
        pool.start()
        let store = core.store
        try await pool.runIfActive { try store.sweepBlobFiles() }
        core.committer.start()
        for loop in loops {
            loop.eventLoop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { [self] _ in sweep(loop)
            }
        }
        let relay = try await bind(port: configuration.port, channels, handshakes) { [self] channel, place in
            let loop = relayLoop(of: channel.eventLoop)
            return [
                TLSHandler(
                    context: credentials.contexts.relay, handshakeTimeout: .seconds(core.limits.handshakeSeconds)),
                SessionHandler(core: core, loop: loop, place: place, logger: core.logger),
            ]
        }
        let enrolment = try await bind(port: configuration.enrolmentPort, enrolments, enrolmentHandshakes) {
            [self] _, place in
            [
                TLSHandler(
                    context: credentials.contexts.enrolment,
                    handshakeTimeout: .seconds(core.limits.handshakeSeconds)),
                EnrolmentHandler(core: core, place: place),
            ]
        }
        listeners.withLock { $0 = [relay, enrolment] }
        return Addresses(
            port: relay.localAddress?.port ?? configuration.port,
            enrolmentPort: enrolment.localAddress?.port ?? configuration.enrolmentPort)
    }

    /// Accepts nothing more, commits and answers what was accepted, says Goaway to everybody, and closes the store.
    /// A second call does nothing.
    package func drain() async {
        guard
            isDrained.withLock({ isDrained in
                defer { isDrained = true }
                return !isDrained
            })
        else { return }
        for listener in listeners.withLock({ $0 }) { try? await listener.close() }
        for loop in loops {
            // A hop through each loop: no session submits after the flag is seen there.
            try? await loop.eventLoop.submit { loop.isDraining = true }.get()
        }
        let core = core
        try? await pool.runIfActive { core.committer.finish() }
        for loop in loops { try? await loop.eventLoop.submit {}.get() }
        core.registry.endAll(.draining, "the relay is stopping; it will be back", retryAfterMs: 2_000)
        await enrolments.closeAll(within: .seconds(2), on: group.any())
        await channels.closeAll(within: .seconds(Int64(core.limits.drainSeconds)), on: group.any())
        do {
            try await pool.runIfActive {
                try core.store.purgeErasedWords()
                if core.store.mayHaveErasedBlobs {
                    try core.store.collectBlobs(uploadsBefore: core.clock() - RelayStore.uploadLifetime)
                }
            }
        } catch {
            core.logger.error("erased words and files wait for the next start", metadata: ["reason": "\(error)"])
        }
        try? await pool.shutdownGracefully()
        try? await group.shutdownGracefully()
        do {
            try core.store.close()
        } catch {
            core.logger.error("the database did not close in good order", metadata: ["reason": "\(error)"])
        }
    }

    /// Reads the authority and the relay's certificate again, as after SIGHUP. Sessions stay.
    /// - Throws: what was wrong with them; then the old ones stay in use, and the status says so.
    package func reload() async throws {
        let credentials = credentials
        try await pool.runIfActive { try credentials.reload() }
    }

    private func bind(
        port: Int, _ channels: OpenChannels, _ gate: HandshakeGate,
        _ handlers: @escaping @Sendable (any Channel, HandshakeGate.Place) -> [any ChannelHandler]
    ) async throws -> any Channel {
        let limits = core.limits
        return try await ServerBootstrap(group: group)
            // Without descriptors to accept with, a listener waits a while and does not spin.
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        AcceptBackoffHandler(shouldForwardIOErrorCaught: false))
                }
            }
            .serverChannelOption(.backlog, value: 1_024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(
                .writeBufferWaterMark, value: .init(low: limits.maxUnsentBytes / 4, high: limits.maxUnsentBytes)
            )
            .childChannelOption(
                .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 512, initial: 2_048, maximum: 65_536)
            )
            .childChannelInitializer { [counters] channel in
                guard channels.add(channel) else {
                    return channel.eventLoop.makeFailedFuture(RelayHomeError.invalid("too many connections"))
                }
                guard let place = gate.enter(channel.remoteAddress, now: channel.eventLoop.now) else {
                    counters.add(.handshakesRefused)
                    return RelayServer.letWait(channel)
                }
                channel.closeFuture.whenComplete { _ in place.leave() }
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers(handlers(channel, place))
                }
            }
            .bind(host: configuration.listen, port: port).get()
    }

    /// Leaves a connection unread and closes it later: who tries again and again is slowed down by waiting.
    private static func letWait(_ channel: any Channel) -> EventLoopFuture<Void> {
        channel.eventLoop.scheduleTask(in: refusedConnectionLifetime) { channel.close(promise: nil) }
        return channel.setOption(.autoRead, value: false)
    }

    private static let refusedConnectionLifetime = TimeAmount.seconds(5)

    private func relayLoop(of eventLoop: any EventLoop) -> RelayLoop {
        guard let loop = loops.first(where: { $0.eventLoop === eventLoop }) else {
            preconditionFailure("every channel runs on a loop of the relay's own group")
        }
        return loop
    }

    private func sweep(_ loop: RelayLoop) {
        let now = core.clock()
        for session in loop.fanOut.allSessions { session.endIfOverdue(now: now, deadline: loop.eventLoop.now) }
        guard loop.index == 0 else { return }
        credentials.sweep()
        core.refreshIfStale()
        core.indexSoon()
        core.clearUpIfDue()
        core.publication?.refreshIfDue(on: core.pool)
    }
}
