/// What the relay may still send on the delivery stream, as this side counts it.
struct DeliveryCredit {
    private(set) var posts: Int64 = 0
    /// Below 0 after an overdraft, which the next grant forgives.
    private(set) var bytes: Int64 = 0

    /// Each is capped, so that sums cannot overflow.
    static let maxPosts: Int64 = 1 << 32
    static let maxBytes: Int64 = 1 << 40
    /// Posts on their way when the bytes ran out, and a relay that counts the posts without their frames, stay within this.
    static let maxOverdraftBytes: Int64 = 2 << 20

    mutating func grant(posts more: Int64, bytes moreBytes: Int64) {
        posts = min(Self.maxPosts, posts + min(max(0, more), Self.maxPosts))
        bytes = min(Self.maxBytes, max(0, bytes) + min(max(0, moreBytes), Self.maxBytes))
    }

    /// Uses credit for one delivery.
    /// - Returns: false when the relay had no credit for it.
    mutating func use(frameBytes: Int) -> Bool {
        guard posts > 0, bytes > -Self.maxOverdraftBytes else { return false }
        posts -= 1
        bytes -= Int64(frameBytes)
        return true
    }
}
