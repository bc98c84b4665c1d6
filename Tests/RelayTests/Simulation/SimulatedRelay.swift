import FaultyStorage
import Foundation
import LessonModel
import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOEmbedded
import NIOPosix
import Storage
import TLS
import TestSupport
import Wire

@testable import Relay

/// The relay's own parts on one thread, each of them moved by hand: two event loops, the pool's work, the verifying and
/// the committing thread, the clock, and a disk that loses power. What TLS would bring and take is handed over in the clear.
final class SimulatedRelay {
    /// What the pool would do, to be done one by one in any order.
    final class Work: BlockingWork {
        private let waiting = NIOLockedValueBox<[@Sendable (NIOThreadPool.WorkItemState) -> Void]>([])

        var count: Int { waiting.withLockedValue { $0.count } }

        func submit(_ body: @escaping @Sendable (NIOThreadPool.WorkItemState) -> Void) {
            waiting.withLockedValue { $0.append(body) }
        }

        func doOne(_ random: inout SeededRandom) {
            let body = waiting.withLockedValue { waiting in
                waiting.isEmpty ? nil : waiting.remove(at: Int.random(in: waiting.indices, using: &random))
            }
            body?(.active)
        }

        func forget() { waiting.withLockedValue { $0 = [] } }
    }

    private static let logger = Logger(label: "simulation") { _ in SwiftLogNoOpLogHandler() }

    private let members: SimulatedMembers
    private let directory: TemporaryDirectory
    let storage: FaultyStorage
    let time: NIOLockedValueBox<Milliseconds>
    private(set) var core: RelayCore?
    private(set) var eventLoops: [EmbeddedEventLoop] = []
    private var loops: [RelayLoop] = []
    private(set) var work = Work()

    init(_ members: SimulatedMembers) throws {
        self.members = members
        directory = try TemporaryDirectory()
        time = NIOLockedValueBox(members.start)
        try Data(members.database).write(to: URL(filePath: directory.file("relay.sqlite")))
        storage = FaultyStorage(directory: directory.path)
        try start()
    }

    deinit {
        core = nil
        storage.remove()
    }

    var store: RelayStore? { core?.store }

    func start() throws {
        let store = try RelayStore(directory: directory.path, readerCount: 1)
        let clock: @Sendable () -> Milliseconds = { [time] in time.withLockedValue { $0 } }
        var limits = RelayLimits()
        limits.maxPendingPosts = 12
        let membership = try Membership(store: store, clock: clock)
        eventLoops = [EmbeddedEventLoop(), EmbeddedEventLoop()]
        loops = eventLoops.enumerated().map { RelayLoop(index: $0, eventLoop: $1, head: store.head()) }
        let cursors = CursorBook()
        let counters = RelayCounters()
        work = Work()
        let committer = GroupCommitter(
            store: store, membership: membership, limits: limits, loops: loops, cursors: cursors, counters: counters,
            clock: clock, logger: Self.logger)
        core = RelayCore(
            identity: RelayIdentity(
                relayID: Array(repeating: 1, count: 16), domain: "relay.test", host: "h", port: 1, enrolmentPort: 2),
            store: store, membership: membership, registry: SessionRegistry(limits: limits), committer: committer,
            cursors: cursors, counters: counters, limits: limits, pool: work,
            authority: CurrentAuthority(members.authority.authority), publication: nil, clock: clock,
            logger: Self.logger)
    }

    /// The process is killed. Connections must have been closed.
    func crash(losesPower: Bool, _ random: inout SeededRandom) throws {
        storage.arm(.powerLoss, atCall: 1)
        work.forget()
        try? core?.store.close()
        core = nil
        loops = []
        eventLoops = []
        if losesPower { try storage.losePower(using: &random) }
        storage.repair()
    }

    func connect(_ person: SimulatedMembers.Person, _ random: inout SeededRandom) throws -> EmbeddedChannel? {
        guard let core else { return nil }
        let index = Int.random(in: eventLoops.indices, using: &random)
        let channel = EmbeddedChannel(
            handler: SessionHandler(core: core, loop: loops[index], logger: Self.logger), loop: eventLoops[index])
        channel.pipeline.fireUserInboundEventTriggered(
            TLSHandshakeCompleted(
                peer: PeerIdentity(certificate: person.certificate, chain: []), applicationProtocol: "lessons/1",
                version: "TLSv1.3", cipherSuite: ""))
        return channel
    }

    // MARK: Moving

    func runLoop(_ random: inout SeededRandom) { random.pick(eventLoops).run() }
    /// What a loop does each second.
    func sweep() { core?.refreshIfStale() }
    func work(_ random: inout SeededRandom) { work.doOne(&random) }
    func verify() { _ = core?.committer.verifyNext(timeout: 0) }

    func commit() {
        // As the committer's thread, which waits while a loop has too much to do.
        for loop in eventLoops { loop.run() }
        _ = core?.committer.commitNext(timeout: 0)
    }

    /// Everything that can go on goes on.
    func settle(_ random: inout SeededRandom) {
        verify()
        commit()
        sweep()
        while work.count > 0 { work(&random) }
        for loop in eventLoops { loop.run() }
    }

    var isIdle: Bool { work.count == 0 && core?.committer.pendingCount == 0 }
}
