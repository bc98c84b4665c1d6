import Foundation
import LessonModel
import Logging
import NIOCore
import NIOPosix
import PKI
import Relay
import RelayClient
import Synchronization
import TestSupport
import Testing
import Wire

/// A real relay in this process: its own directory, database and authority, real TLS on loopback.
final class TestRelay: Sendable {
    let home: RelayHome
    let clock: ManualRelayClock
    let group = MultiThreadedEventLoopGroup.singleton
    let configuration: RelayConfiguration
    let admin: ClientIdentity
    private let directory: TemporaryDirectory
    private let running: Mutex<(server: RelayServer, addresses: RelayServer.Addresses)>

    static let logger = Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() }

    /// Runs `body` with a new relay and stops it afterwards, whatever happens.
    static func with(
        limits: RelayLimits = RelayLimits(), _ body: (TestRelay) async throws -> Void
    ) async throws {
        let relay = try await TestRelay(limits: limits)
        do {
            try await body(relay)
        } catch {
            await relay.stop()
            throw error
        }
        await relay.stop()
    }

    private init(limits: RelayLimits) async throws {
        directory = try TemporaryDirectory()
        home = RelayHome(path: directory.path + "/relay")
        clock = ManualRelayClock()
        configuration = RelayConfiguration(
            relayID: Hex.text(of: SecureRandom.bytes(16)), domain: "relay.test", host: "127.0.0.1", port: 0,
            enrolmentPort: 0, listen: "127.0.0.1", names: .init(dns: ["relay.test"], ip: ["127.0.0.1"]), limits: limits)
        let office = try Organisation(
            slug: #require(OrganisationSlug("office")), name: "Office", country: nil, kind: .international)
        let setup = RelaySetup(
            configuration: configuration, organisation: office, administrator: "Ada",
            rootPassphrase: Array("correct horse battery".utf8))
        // Port 0 cannot stand in an invitation: only its root and token are used here.
        let text = try setup.make(in: home, now: clock.now).replacing(":0,0/", with: ":1,1/")
        let server = try RelayServer(
            home: home, configuration: configuration, eventLoops: 2, clock: clock.read, logger: TestRelay.logger)
        let addresses = try await server.start()
        running = Mutex((server, addresses))
        admin = try await TestRelay.join(text, addresses, clock, group)
    }

    var server: RelayServer { running.withLock { $0.server } }
    var addresses: RelayServer.Addresses { running.withLock { $0.addresses } }

    func stop() async { await server.drain() }

    /// Drains the relay and opens it again from its directory, on other ports.
    func restart() async throws {
        await stop()
        let server = try RelayServer(
            home: home, configuration: configuration, eventLoops: 2, clock: clock.read, logger: TestRelay.logger)
        let addresses = try await server.start()
        running.withLock { $0 = (server, addresses) }
    }

    // MARK: Members

    func join(_ invitation: String) async throws -> ClientIdentity {
        try await TestRelay.join(invitation.replacing(":0,0/", with: ":1,1/"), addresses, clock, group)
    }

    private static func join(
        _ text: String, _ addresses: RelayServer.Addresses, _ clock: ManualRelayClock, _ group: any EventLoopGroup
    ) async throws -> ClientIdentity {
        var invitation = try Wire.Invitation(text: text)
        invitation.port = addresses.port
        invitation.enrolmentPort = addresses.enrolmentPort
        return try await Enrolment.join(
            invitation, agent: "tests", group: group, now: clock.now / 1_000, logger: TestRelay.logger)
    }

    /// Adds an organisation and lets its first member join.
    func organisation(
        _ slug: String, country: String? = "AL", kind: OrganisationKind = .police, roles: [WireRole] = [.contributor]
    ) async throws -> ClientIdentity {
        let connection = try await connect(admin)
        try await connection.addOrganisation(
            Organisation(slug: try #require(OrganisationSlug(slug)), name: slug, country: country, kind: kind))
        await connection.close()
        return try await member(of: slug, name: "first of \(slug)", roles: roles)
    }

    func member(of slug: String, name: String, roles: [WireRole] = [.contributor]) async throws -> ClientIdentity {
        try await join(try await invite(slug, name, roles))
    }

    func invite(_ slug: String, _ name: String, _ roles: [WireRole], lifetime: Milliseconds = 0) async throws -> String
    {
        let connection = try await connect(admin)
        var invite = WireInvite()
        invite.organisation = slug
        invite.name = name
        invite.kind = .person
        invite.roles = roles
        invite.lifetimeMs = lifetime
        let text = try await connection.invite(invite).invitation
        await connection.close()
        return text
    }

    func connect(_ identity: ClientIdentity) async throws -> RelayConnection {
        try await RelayConnection.connect(
            to: RelayAddress(host: "127.0.0.1", port: addresses.port), identity: identity, agent: "tests", group: group,
            logger: TestRelay.logger)
    }
}

/// Stands still unless it is told to move. Begins at the real time, since OpenSSL judges certificates by that.
final class ManualRelayClock: Sendable {
    private let time: Mutex<Milliseconds>

    init() { time = Mutex(RelayServer.systemClock()) }

    var now: Milliseconds { time.withLock { $0 } }
    var read: @Sendable () -> Milliseconds { { self.now } }

    func advance(by milliseconds: Milliseconds) { time.withLock { $0 += milliseconds } }
}
