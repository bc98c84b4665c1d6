import Foundation
import NIOCore
import Synchronization
import Wire

/// Revokes one organisation after another and waits for the list with all of them, while another session asks again and
/// again whether the relay still answers.
struct RevocationListBench {
    let relay: BenchRelay
    let peer: BenchPeer

    func figures() async throws -> [Figure] {
        let clock = ContinuousClock()
        let pinger = try await relay.connect()
        let over = Over()
        let cpu = relay.cpuTime
        let start = clock.now
        let before = try await listNumber()
        async let pings = Self.ping(pinger, until: over)
        var revoked = 0
        var times: [Duration] = []
        for index in 0..<BenchDirectory.organisations {
            var revoke = WireRevokeCertificates()
            revoke.organisation = "bench-\(index)"
            revoke.reason = "cessationOfOperation"
            let asked = clock.now
            guard case .revoked(let answer) = try await peer.request(.revokeCertificates(revoke)) else {
                throw BenchError.unexpectedAnswer
            }
            times.append(clock.now - asked)
            revoked += Int(answer.certificates)
        }
        let last = clock.now
        let reached = try await listNumber()
        var tries = 0
        // A list that was begun before the last revocation does not hold it, the one after that does.
        while try await listNumber() < reached + 1, tries < 100 { tries += 1 }
        let waited = clock.now - last
        over.isSet.withLock { $0 = true }
        let answers = try await pings
        return [
            MembershipBench.summary("revoke an organisation", times, cpu: .zero),
            Figure(
                "revocation list of \(revoked) certificates", operations: 1, wall: clock.now - start,
                cpu: relay.cpuTime - cpu,
                note: String(
                    format: "there %.1f s after the last revocation, %d lists meanwhile", waited.seconds,
                    Int(try await listNumber() - before))),
            MembershipBench.summary("  a session's ping meanwhile", answers, cpu: .zero),
        ]
    }

    private func listNumber() async throws -> UInt64 {
        guard case .status(let status) = try await peer.request(.fetchStatus(WireFetchStatus())) else {
            throw BenchError.unexpectedAnswer
        }
        return status.issuers.first?.revocationListNumber ?? 0
    }

    private final class Over: Sendable {
        let isSet = Mutex(false)
    }

    private static func ping(_ peer: BenchPeer, until over: Over) async throws -> [Duration] {
        var times: [Duration] = []
        while !over.isSet.withLock({ $0 }) {
            let start = ContinuousClock.now
            guard case .pong = try await peer.request(.ping(WirePing())) else { throw BenchError.unexpectedAnswer }
            times.append(ContinuousClock.now - start)
        }
        return times
    }
}
