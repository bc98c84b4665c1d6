import Foundation
import LessonModel
import Storage

/// Cursors that subscribers have acknowledged and that are not on disk yet: they ride with the next batch of posts.
///
/// A crash loses at most the last half second of them; their posts are then delivered again and the client, which knows
/// them, drops them.
///
/// @unchecked: `condition` protects the rest.
final class CursorBook: @unchecked Sendable {
    private struct Key: Hashable {
        let member: MemberID
        let durable: String
    }

    private let condition = NSCondition()
    private var dirty: [Key: SequenceNumber] = [:]
    /// Taken and not settled yet.
    private var taken: [Key: SequenceNumber] = [:]

    func acknowledge(_ member: MemberID, _ durable: String, through: SequenceNumber) {
        let key = Key(member: member, durable: durable)
        condition.withLock { dirty[key] = max(dirty[key] ?? 0, through) }
    }

    /// Drops what waits for one subscription, because it is moved or removed. What is on its way to the disk is there
    /// when this returns, so that it cannot overtake the move. Blocks; never on an event loop.
    func forget(_ member: MemberID, _ durable: String) {
        let key = Key(member: member, durable: durable)
        condition.withLock {
            while taken[key] != nil { condition.wait() }
            dirty[key] = nil
        }
    }

    /// What waits, for one transaction; `settle` says what became of it. Called by one thread only.
    func takeDirty() -> [CursorUpdate] {
        condition.withLock {
            guard !dirty.isEmpty else { return [] }
            swap(&taken, &dirty)
            return taken.map { CursorUpdate(member: $0.key.member, durable: $0.key.durable, through: $0.value) }
        }
    }

    /// - Parameter isStored: false when the transaction failed: what was taken waits again.
    func settle(isStored: Bool) {
        condition.withLock {
            if !isStored { dirty.merge(taken) { max($0, $1) } }
            taken.removeAll(keepingCapacity: true)
            condition.broadcast()
        }
    }

    /// What waits for one subscription, so that a quick reconnect begins where the acknowledgement was.
    func pending(_ member: MemberID, _ durable: String) -> SequenceNumber? {
        let key = Key(member: member, durable: durable)
        return condition.withLock { [dirty[key], taken[key]].compactMap(\.self).max() }
    }
}
