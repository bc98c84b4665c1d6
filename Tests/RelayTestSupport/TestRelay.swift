import Foundation
package import LessonModel
package import Logging
import NIOCore
package import NIOPosix
import PKI
package import Relay
package import RelayClient
import Synchronization
import TestSupport
package import Wire

/// A real relay in this process: its own directory, database and authority, real TLS on loopback.
package final class TestRelay: Sendable {
    package let home: RelayHome
    package let clock: ManualRelayClock
    package let group = MultiThreadedEventLoopGroup.singleton
    package let configuration: RelayConfiguration
    package let admin: ClientIdentity
    private let directory: TemporaryDirectory
    private let running: Mutex<(server: RelayServer, addresses: RelayServer.Addresses)>

    package static let logger = Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() }

    /// Runs `body` with a new relay and stops it afterwards, whatever happens.
    package static func with(
        limits: RelayLimits = RelayLimits(), configure: (inout RelayConfiguration) -> Void = { _ in },
        _ body: (TestRelay) async throws -> Void
    ) async throws {
        let relay = try await TestRelay(limits: limits, configure)
        do {
            try await body(relay)
        } catch {
            await relay.stop()
            throw error
        }
        await relay.stop()
    }

    private init(limits: RelayLimits, _ configure: (inout RelayConfiguration) -> Void) async throws {
        directory = try TemporaryDirectory()
        home = RelayHome(path: directory.path + "/relay")
        clock = ManualRelayClock()
        var configuration = RelayConfiguration(
            relayID: Hex.text(of: SecureRandom.bytes(16)), domain: "relay.test", host: "127.0.0.1", port: 0,
            enrolmentPort: 0, listen: "127.0.0.1", names: .init(dns: ["relay.test"], ip: ["127.0.0.1"]), limits: limits)
        configure(&configuration)
        self.configuration = configuration
        let office = Organisation(
            slug: try Self.slug("office"), name: "Office", country: nil, kind: .international)
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

    package var server: RelayServer { running.withLock { $0.server } }
    package var addresses: RelayServer.Addresses { running.withLock { $0.addresses } }

    package func stop() async { await server.drain() }

    /// Drains the relay and opens it again from its directory, on other ports.
    package func restart() async throws {
        await stop()
        let server = try RelayServer(
            home: home, configuration: configuration, eventLoops: 2, clock: clock.read, logger: TestRelay.logger)
        let addresses = try await server.start()
        running.withLock { $0 = (server, addresses) }
    }

    private static func slug(_ text: String) throws -> OrganisationSlug {
        guard let slug = OrganisationSlug(text) else { throw RelayHomeError.invalid("\(text) is no short name") }
        return slug
    }

    // MARK: Members

    package func join(_ invitation: String) async throws -> ClientIdentity {
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
    package func organisation(
        _ slug: String, country: String? = "AL", kind: OrganisationKind = .police, roles: [WireRole] = [.contributor]
    ) async throws -> ClientIdentity {
        let connection = try await connect(admin)
        try await connection.addOrganisation(
            Organisation(slug: try Self.slug(slug), name: slug, country: country, kind: kind))
        await connection.close()
        return try await member(of: slug, name: "first of \(slug)", roles: roles)
    }

    package func member(of slug: String, name: String, roles: [WireRole] = [.contributor]) async throws
        -> ClientIdentity
    {
        try await join(try await invite(slug, name, roles))
    }

    package func invite(_ slug: String, _ name: String, _ roles: [WireRole], lifetime: Milliseconds = 0) async throws
        -> String
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

    package func connect(_ identity: ClientIdentity) async throws -> RelayConnection {
        try await RelayConnection.connect(
            to: RelayAddress(host: "127.0.0.1", port: addresses.port), identity: identity, agent: "tests", group: group,
            logger: TestRelay.logger)
    }
}

/// Stands still unless it is told to move. Begins at the real time, since OpenSSL judges certificates by that.
package final class ManualRelayClock: Sendable {
    private let time: Mutex<Milliseconds>

    package init() { time = Mutex(RelayServer.systemClock()) }

    package var now: Milliseconds { time.withLock { $0 } }
    package var read: @Sendable () -> Milliseconds { { self.now } }

    package func advance(by milliseconds: Milliseconds) { time.withLock { $0 += milliseconds } }
}
