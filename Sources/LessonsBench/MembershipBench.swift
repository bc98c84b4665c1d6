import ArgumentParser
import Foundation
import LessonModel
import NIOCore
import PKI
import Relay
import TLS
import Wire

struct MembershipBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "membership", abstract: "What an administrator waits for at a large authority.",
        discussion: """
            Issues the certificates first, which takes a while. Times are a client's, from the request to its answer over \
            TLS; of a revocation also to the end of the live session that used the certificate.
            """)

    @OptionGroup var options: BenchOptions
    @Option(help: "Members.") var members = 20_000
    @Option(help: "Certificates of each member.") var certificates = 5
    @Option(help: "Tries of each request.") var tries = 50

    func run() async throws {
        for figure in try await figures() { try options.print([figure]) }
    }

    func figures() async throws -> [Figure] {
        var directory = try BenchDirectory(members: members, certificatesEach: certificates)
        let clock = ContinuousClock()
        let filled = ContinuousClock.now
        return try await BenchRelay.with(
            options.relay, age: directory.age, publishes: true, prepare: { try directory.fill($0, keeping: tries) }
        ) { relay in
            let total = members * certificates
            var figures = [
                Figure(
                    "start with \(members) members, \(total) certificates", operations: 1, wall: relay.startUp,
                    cpu: relay.cpuTime,
                    note: String(
                        format: "%.0f ms until ready, %d MiB resident (filled in %.0f s)",
                        relay.startUp.seconds * 1_000, relay.residentKiB / 1_024,
                        (clock.now - filled - relay.startUp).seconds))
            ]
            let peer = try await relay.connect()
            for (what, request) in requests(directory, now: RelayServer.systemClock()) {
                figures.append(
                    try await measure(what, relay) { index in
                        let start = clock.now
                        _ = try await peer.request(request(index))
                        return clock.now - start
                    })
            }
            figures += try await revocations(directory, relay, peer)
            figures += try await RevocationListBench(relay: relay, peer: peer).figures()
            figures.append(
                Figure(
                    "relay afterwards", operations: 1, wall: .seconds(1), cpu: relay.cpuTime,
                    note: "\(relay.residentKiB / 1_024) MiB resident"))
            return figures
        }
    }

    private func requests(
        _ directory: BenchDirectory, now: Milliseconds
    ) -> [(String, (Int) -> WireFrame.OneOf_Body)] {
        func list(
            _ set: @escaping (inout WireListCertificates, Int) -> Void
        ) -> (Int) -> WireFrame.OneOf_Body {
            { index in
                var list = WireListCertificates()
                set(&list, index)
                return .listCertificates(list)
            }
        }
        return [
            ("certificates, first page", list { _, _ in }),
            ("certificates of an organisation", list { list, index in list.organisation = "bench-\(index % 200)" }),
            (
                "certificates, search by a name",
                list { list, index in list.search = directory.name(index * 397 % members).uppercased() }
            ),
            ("certificates, search that all match", list { list, _ in list.search = "of the bench" }),
            ("certificates, search that none match", list { list, index in list.search = "nobody \(index)" }),
            (
                "certificates, fingerprint of 8 digits",
                list { list, index in
                    list.search = String(directory.live[index % directory.live.count].fingerprintText.prefix(8))
                }
            ),
            (
                "certificates that end within 14 days",
                list { list, _ in
                    list.state = .valid
                    list.endsBeforeMs = now + 14 * 86_400_000
                }
            ),
            ("certificates on hold (none)", list { list, _ in list.state = .onHold }),
            ("members, first page of 500", { _ in .listMemberSummaries(WireListMemberSummaries()) }),
            (
                "members, search by a name",
                { index in
                    var list = WireListMemberSummaries()
                    list.search = "member \(index * 397 % members) of"
                    return .listMemberSummaries(list)
                }
            ),
            ("organisations with counts", { _ in .listOrganisationSummaries(WireListOrganisationSummaries()) }),
            ("status", { _ in .fetchStatus(WireFetchStatus()) }),
        ]
    }

    /// Each try revokes the certificate of another live session.
    private func revocations(
        _ directory: BenchDirectory, _ relay: BenchRelay, _ peer: BenchPeer
    ) async throws -> [Figure] {
        var victims: [BenchPeer] = []
        for certificate in directory.live {
            let context = try TLSContext(
                client: .init(
                    trust: .roots([relay.member.root]), serverName: "127.0.0.1",
                    identity: (chain: [certificate] + directory.issuers, key: directory.key),
                    alpnProtocols: ["lessons/1"]))
            victims.append(try await relay.connect(as: context))
        }
        let clock = ContinuousClock()
        var ends: [Duration] = []
        let answered = try await measure("revoke one certificate", relay) { index in
            let victim = victims[index]
            var revoke = WireRevokeCertificates()
            revoke.fingerprint = Data(directory.live[index].fingerprint)
            revoke.reason = "keyCompromise"
            let start = clock.now
            async let ended: Void = victim.channel.closeFuture.get()
            guard case .revoked(let revoked) = try await peer.request(.revokeCertificates(revoke)),
                revoked.certificates == 1, revoked.sessions == 1
            else { throw BenchError.unexpectedAnswer }
            let time = clock.now - start
            try await ended
            ends.append(clock.now - start)
            return time
        }
        return [answered, MembershipBench.summary("  until its live session has ended", ends, cpu: .zero)]
    }

    private func measure(
        _ what: String, _ relay: BenchRelay, _ body: (Int) async throws -> Duration
    ) async throws -> Figure {
        let cpu = relay.cpuTime
        var times: [Duration] = []
        for index in 0..<tries { times.append(try await body(index)) }
        return MembershipBench.summary(what, times, cpu: relay.cpuTime - cpu)
    }

    static func summary(_ what: String, _ times: [Duration], cpu: Duration) -> Figure {
        let sorted = times.sorted().map { $0.seconds * 1_000 }
        return Figure(
            what, operations: times.count, wall: times.reduce(.zero, +), cpu: cpu,
            note: String(format: "median %.1f ms, worst %.1f ms", sorted[sorted.count / 2], sorted[sorted.count - 1]))
    }
}
