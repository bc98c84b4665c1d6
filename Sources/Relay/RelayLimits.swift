/// Every limit of a running relay. What concerns a client is told in Welcome.
package struct RelayLimits: Sendable, Codable, Equatable {
    /// The length of one frame, without its length bytes.
    package var maxFrameBytes = 1 << 20
    /// The length of a post's signed content.
    package var maxPostBytes = 768 << 10
    package var maxPublishesInFlight = 256
    package var maxRequestsInFlight = 16
    package var maxFilters = 64
    /// Posts that wait for verification or for the disk, of all sessions together.
    package var maxPendingPosts = 4_096
    /// Bytes of those posts.
    package var maxPendingBytes = 64 << 20
    package var maxSessions = 20_000
    package var maxSessionsPerOrganisation = 5_000
    /// Bytes that a peer has not read before the relay stops writing to it and reads the log for it later.
    package var maxUnsentBytes = 256 << 10
    /// A session that sends nothing for twice this long is closed.
    package var keepaliveSeconds = 60
    package var handshakeSeconds = 10
    /// How long a drain waits for what was accepted.
    package var drainSeconds = 10

    package init() {}
}
