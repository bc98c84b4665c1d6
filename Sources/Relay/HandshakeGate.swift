import Glibc
import NIOCore
import Synchronization
import TLS

/// Connections that nobody is known on yet: bounded together and by source address, and by source address in a time, so
/// that one machine that opens connections and says nothing, or begins one handshake after the other, keeps no member out.
/// A connection that broke a protocol counts for twenty: a handshake costs the relay a millisecond, whoever asks for it.
final class HandshakeGate: Sendable {
    /// What a connection that broke a protocol counts for in its address's pace.
    static let violationCost = 20

    private struct State {
        var total = 0
        var perAddress: [String: Int] = [:]
    }

    private let limit: Int
    private let limitPerAddress: Int
    private let pace: RateLimiter<String>
    private let state = Mutex(State())

    init(_ limits: RelayLimits) {
        limit = limits.maxHandshakes
        limitPerAddress = limits.maxHandshakesPerAddress
        pace = RateLimiter(limits.maxConnectionsPerMinute, per: .minutes(1))
    }

    /// One connection's place, from its acceptance until it is known whose it is.
    final class Place: Sendable {
        private let gate: HandshakeGate
        private let address: String
        private let isHeld = Atomic(true)

        fileprivate init(_ gate: HandshakeGate, _ address: String) {
            self.gate = gate
            self.address = address
        }

        /// Called twice, it does nothing.
        func leave() {
            guard isHeld.exchange(false, ordering: .acquiringAndReleasing) else { return }
            gate.leave(address)
        }

        /// Charges the address where `error` is the peer's breach of TLS, and not a connection that was lost or was slow.
        func note(_ error: any Error, now: NIODeadline) {
            switch error {
            case TLSError.handshakeFailed, TLSError.protocolViolation: misbehaved(now: now)
            default: break
            }
        }

        /// The peer broke TLS or the frames' protocol on this connection: its address waits the longer for the next.
        func misbehaved(now: NIODeadline) {
            gate.pace.charge(address, HandshakeGate.violationCost - 1, now: now)
        }
    }

    var count: Int { state.withLock { $0.total } }

    /// - Returns: nil where there is no place left, for anybody or for this address.
    func enter(_ address: SocketAddress?, now: NIODeadline) -> Place? {
        let key = HandshakeGate.key(address)
        guard pace.take(key, now: now) == nil else { return nil }
        let isTaken = state.withLock { state in
            guard state.total < limit, state.perAddress[key, default: 0] < limitPerAddress else { return false }
            state.total += 1
            state.perAddress[key, default: 0] += 1
            return true
        }
        return isTaken ? Place(self, key) : nil
    }

    private func leave(_ key: String) {
        state.withLock { state in
            state.total -= 1
            state.perAddress[key, default: 1] -= 1
            if state.perAddress[key] == 0 { state.perAddress[key] = nil }
        }
    }

    /// An IPv4 address as it is; of IPv6 the first 64 bits, since one machine has all the rest (RFC 4291 §2.5.4).
    static func key(_ address: SocketAddress?) -> String {
        guard let address, let text = address.ipAddress else { return "" }
        var bytes: [UInt8] = Array(repeating: 0, count: 16)
        guard case .v6 = address, inet_pton(AF_INET6, text, &bytes) == 1 else { return text }
        // ::ffff:0:0/96 are IPv4 addresses (RFC 4291 §2.5.5.2).
        let isMapped = bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
        return isMapped ? text : bytes[..<8].map { String($0, radix: 16) }.joined(separator: ":")
    }
}
