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
    /// The length of one attachment; 0: none are taken.
    package var maxAttachmentBytes = 512 << 20
    /// Bytes that one member has uploaded and not posted yet.
    package var maxUploadBytesPerMember = 2 << 30
    /// Files that one member has uploaded, in part or whole, and not posted yet.
    package var maxUploadsPerMember = 64
    /// Left free on the disk: uploads are refused before they take the log's last space.
    package var minFreeBytes = 256 << 20
    package var maxSessions = 20_000
    package var maxSessionsPerOrganisation = 5_000
    /// Requests of one member in a second, posts included, over all their connections; as many may come at once. 0: no limit.
    package var maxRequestsPerSecond = 1_000
    /// Posts that the members of one organisation send in an hour, those that are sent again included; as many may come at
    /// once. 0: no limit.
    package var maxPostsPerHour = 20_000
    /// Connections of which it is not known yet whose they are.
    package var maxHandshakes = 1_024
    /// Of these from one IPv4 address or one IPv6 network of 64 bits.
    package var maxHandshakesPerAddress = 128
    /// Connections in a minute from one IPv4 address or one IPv6 network of 64 bits, to each of the relay's ports; as many may
    /// come at once. One that breaks TLS or the protocol counts for 20. 0: no limit.
    package var maxConnectionsPerMinute = 1_200
    /// Bytes that a peer has not read before the relay stops writing to it and reads the log for it later.
    package var maxUnsentBytes = 256 << 10
    /// A session that sends nothing for twice this long is closed.
    package var keepaliveSeconds = 60
    package var handshakeSeconds = 10
    /// How long a drain waits for what was accepted.
    package var drainSeconds = 10

    package init() {}

    /// A limit that is not given has its default, so that a file from before it was known stays good.
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        func take(_ key: CodingKeys, _ limit: inout Int, _ bounds: ClosedRange<Int>) throws {
            guard let value = try values.decodeIfPresent(Int.self, forKey: key) else { return }
            guard bounds.contains(value) else {
                throw DecodingError.dataCorruptedError(
                    forKey: key, in: values,
                    debugDescription: "\(key.stringValue) must be \(bounds.lowerBound) to \(bounds.upperBound)")
            }
            limit = value
        }
        try take(.maxFrameBytes, &maxFrameBytes, 4_096...(64 << 20))
        try take(.maxPostBytes, &maxPostBytes, 1_024...(64 << 20))
        try take(.maxPublishesInFlight, &maxPublishesInFlight, 1...65_536)
        try take(.maxRequestsInFlight, &maxRequestsInFlight, 1...1_024)
        try take(.maxFilters, &maxFilters, 1...1_024)
        try take(.maxPendingPosts, &maxPendingPosts, 1...1_000_000)
        try take(.maxPendingBytes, &maxPendingBytes, (1 << 20)...(16 << 30))
        try take(.maxAttachmentBytes, &maxAttachmentBytes, 0...(1 << 40))
        try take(.maxUploadBytesPerMember, &maxUploadBytesPerMember, 1...(1 << 42))
        try take(.maxUploadsPerMember, &maxUploadsPerMember, 1...65_536)
        try take(.minFreeBytes, &minFreeBytes, 0...(1 << 42))
        try take(.maxSessions, &maxSessions, 1...1_000_000)
        try take(.maxSessionsPerOrganisation, &maxSessionsPerOrganisation, 1...1_000_000)
        try take(.maxRequestsPerSecond, &maxRequestsPerSecond, 0...1_000_000)
        try take(.maxPostsPerHour, &maxPostsPerHour, 0...1_000_000_000)
        try take(.maxHandshakes, &maxHandshakes, 1...1_000_000)
        try take(.maxHandshakesPerAddress, &maxHandshakesPerAddress, 1...1_000_000)
        try take(.maxConnectionsPerMinute, &maxConnectionsPerMinute, 0...1_000_000)
        try take(.maxUnsentBytes, &maxUnsentBytes, 4_096...(64 << 20))
        try take(.keepaliveSeconds, &keepaliveSeconds, 0...86_400)
        try take(.handshakeSeconds, &handshakeSeconds, 1...600)
        try take(.drainSeconds, &drainSeconds, 0...600)
    }
}
