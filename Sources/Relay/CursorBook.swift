import LessonModel
import Storage
import Synchronization

/// Cursors that subscribers have acknowledged and that are not on disk yet: they ride with the next batch of posts.
///
/// A crash loses at most the last half second of them; their posts are then delivered again and the client, which knows
/// them, drops them.
final class CursorBook: Sendable {
    private struct Key: Hashable {
        let member: MemberID
        let durable: String
    }

    private let dirty = Mutex<[Key: SequenceNumber]>([:])

    func acknowledge(_ member: MemberID, _ durable: String, through: SequenceNumber) {
        dirty.withLock { dirty in
            let key = Key(member: member, durable: durable)
            dirty[key] = max(dirty[key] ?? 0, through)
        }
    }

    /// Drops what waits for one subscription, because it is moved or removed.
    func forget(_ member: MemberID, _ durable: String) {
        dirty.withLock { $0[Key(member: member, durable: durable)] = nil }
    }

    func takeDirty() -> [CursorUpdate] {
        dirty.withLock { dirty in
            guard !dirty.isEmpty else { return [] }
            defer { dirty.removeAll(keepingCapacity: true) }
            return dirty.map { CursorUpdate(member: $0.key.member, durable: $0.key.durable, through: $0.value) }
        }
    }

    func putBack(_ updates: [CursorUpdate]) {
        for update in updates { acknowledge(update.member, update.durable, through: update.through) }
    }

    /// What waits for one subscription, so that a quick reconnect begins where the acknowledgement was.
    func pending(_ member: MemberID, _ durable: String) -> SequenceNumber? {
        dirty.withLock { $0[Key(member: member, durable: durable)] }
    }
}
