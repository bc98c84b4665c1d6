/// Names a post for ever. Made by its author: version 7 as a rule, version 8 where an import must repeat it.
package struct PostID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let uuid: UUIDValue

    package init(_ uuid: UUIDValue) { self.uuid = uuid }

    package init?(bytes: some Collection<UInt8>) {
        guard let uuid = UUIDValue(bytes: bytes) else { return nil }
        self.uuid = uuid
    }

    package init?(text: some StringProtocol) {
        guard let uuid = UUIDValue(text: text) else { return nil }
        self.uuid = uuid
    }

    package var bytes: [UInt8] { uuid.bytes }
    package var description: String { uuid.description }

    package static func < (left: PostID, right: PostID) -> Bool { left.uuid < right.uuid }
}

/// Names a member for ever; stands in the URI of each of the member's certificates.
package struct MemberID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let uuid: UUIDValue

    package init(_ uuid: UUIDValue) { self.uuid = uuid }

    package init?(bytes: some Collection<UInt8>) {
        guard let uuid = UUIDValue(bytes: bytes) else { return nil }
        self.uuid = uuid
    }

    package init?(text: some StringProtocol) {
        guard let uuid = UUIDValue(text: text) else { return nil }
        self.uuid = uuid
    }

    package var bytes: [UInt8] { uuid.bytes }
    package var description: String { uuid.description }

    package static func < (left: MemberID, right: MemberID) -> Bool { left.uuid < right.uuid }
}

/// An organisation's short name: 2 to 40 of a-z, 0-9 and hyphen, beginning and ending with a letter or digit.
package struct OrganisationSlug: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let text: String

    /// Nil when `text` does not keep the rule above.
    package init?(_ text: some StringProtocol) {
        let units = Array(text.utf8)
        guard (2...40).contains(units.count), units.allSatisfy(Topic.isNameUnit),
            units.first != UInt8(ascii: "-"), units.last != UInt8(ascii: "-")
        else { return nil }
        self.text = String(text)
    }

    package var description: String { text }

    package static func < (left: OrganisationSlug, right: OrganisationSlug) -> Bool { left.text < right.text }
}

/// A place in the relay's log. Only rises, never reused; gaps are legal. The first post has 1.
package typealias SequenceNumber = Int64

/// Milliseconds since 1970-01-01T00:00:00Z.
package typealias Milliseconds = Int64
