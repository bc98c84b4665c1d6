import ArgumentParser
import Foundation
import Histogram
import NIOCore
import PKI
import TLS
import Wire

struct RevocationBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revocation", abstract: "From a revocation to the end of the session it is about.",
        discussion: """
            Opens live, subscribed sessions, each with a certificate of its own, and revokes one certificate after \
            another over the wire. Times run from the request to the moment its session is told why. Each time checks \
            that the certificate cannot come back and that every other session still receives the next post.
            """)

    @OptionGroup var options: BenchOptions
    @Option(help: "Live sessions.") var sessions = 200
    @Option(help: "Revocations.") var tries = 100

    func validate() throws {
        guard sessions > 1, tries > 0 else { throw ValidationError("give two sessions or more, and a try or more") }
    }

    func run() async throws { try options.print([try await figure()]) }

    func figure() async throws -> Figure {
        try await BenchRelay.with(options.relay) { relay in
            let administrator = try await relay.connect()
            var live: [Seat] = []
            for _ in 0..<sessions { live.append(try await Seat(relay, administrator)) }
            let posts = try relay.member.posts(tries, bytes: 1_024, topic: BenchRelay.topic)
            var times = Histogram<UInt64>(numberOfSignificantValueDigits: .three)
            var wall = Duration.zero
            let cpu = relay.cpuTime
            for post in posts {
                let victim = live.removeFirst()
                let start = NIODeadline.now()
                wall += try await ContinuousClock().measure {
                    try await administrator.revoke(victim.member)
                    let (told, at) = try await victim.peer.goaway.get()
                    guard told.code == .certificateRevoked else { throw BenchError.unexpectedAnswer }
                    times.record(UInt64(max(0, (at - start).nanoseconds)))
                }
                try await victim.peer.channel.closeFuture.get()
                guard (try? await relay.connect(as: victim.context)) == nil else {
                    throw BenchError.refused("nothing: a revoked certificate came back")
                }
                live.append(try await Seat(relay, administrator))
                _ = try await administrator.request(post)
                for seat in live { try await seat.peer.received(seat.expecting()).get() }
            }
            let values = [50, 99, 100].map { Double(times.valueAtPercentile($0)) / 1e6 }
            return Figure(
                "revocation, \(sessions) live sessions", operations: tries, wall: wall, cpu: relay.cpuTime - cpu,
                note: String(
                    format: "told after p50 %.2f ms, p99 %.2f ms, worst %.2f ms; CPU with a join and %d deliveries",
                    values[0], values[1], values[2], sessions))
        }
    }

    /// A member's live session, and how many posts it has to have received.
    private final class Seat {
        let member: BenchMember
        let context: TLSContext
        let peer: BenchPeer
        private var posts = 0

        init(_ relay: BenchRelay, _ administrator: BenchPeer) async throws {
            member = try await BenchMember.join(try await administrator.invite("Seat"), relay.group)
            context = try member.clientContext()
            peer = try await relay.subscribe("policing/#", as: context)
        }

        func expecting() -> Int {
            posts += 1
            return posts
        }
    }
}

extension BenchPeer {
    /// A new contributor's invitation to the first organisation.
    fileprivate func invite(_ name: String) async throws -> Wire.Invitation {
        var invite = WireInvite()
        invite.organisation = "bench"
        invite.name = name
        invite.kind = .person
        guard case .invited(let invited) = try await request(.invite(invite)) else { throw BenchError.unexpectedAnswer }
        return try Wire.Invitation(text: invited.invitation)
    }

    fileprivate func revoke(_ member: BenchMember) async throws {
        var revoke = WireRevokeCertificates()
        revoke.fingerprint = Data(member.chain[0].fingerprint)
        revoke.reason = "keyCompromise"
        guard case .revoked(let revoked) = try await request(.revokeCertificates(revoke)), revoked.certificates == 1,
            revoked.sessions == 1
        else { throw BenchError.unexpectedAnswer }
    }
}
