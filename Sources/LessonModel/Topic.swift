/// A node of the topic tree, such as `policing/community`: 1 to 8 levels, each 1 to 60 of a-z, 0-9 and hyphen.
package struct Topic: Hashable, Comparable, Sendable, CustomStringConvertible {
    package static let maxLevels = 8
    package static let maxLevelBytes = 60

    package let path: String

    /// Nil when `path` does not keep the rule above.
    package init?(_ path: some StringProtocol) {
        let levels = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard (1...Topic.maxLevels).contains(levels.count) else { return nil }
        for level in levels {
            guard (1...Topic.maxLevelBytes).contains(level.count), level.allSatisfy(Topic.isNameUnit) else {
                return nil
            }
        }
        self.path = String(path)
    }

    package var levels: [Substring] { path.split(separator: "/") }

    /// The node above; nil for a topic of one level.
    package var parent: Topic? {
        path.lastIndex(of: "/").flatMap { Topic(path[..<$0]) }
    }

    /// Whether this is `other` or a topic somewhere below it.
    package func isAtOrBelow(_ other: Topic) -> Bool {
        path == other.path || path.hasPrefix(other.path + "/")
    }

    package var description: String { path }

    package static func < (left: Topic, right: Topic) -> Bool { left.path < right.path }

    static func isNameUnit(_ unit: UInt8) -> Bool {
        switch unit {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
        default: false
        }
    }
}
