import LessonModel
import NIOCore
import Storage

/// One event loop's receivers, found by topic. Confined to that loop.
///
/// The cost of a post is that of its receivers: the sessions of a topic are found in an index that is filled at the
/// topic's first post and kept when streams come, change and go.
final class LoopFanOut {
    private var sessions: [ObjectIdentifier: SessionHandler] = [:]
    private var receivers: [Topic: [SessionHandler]] = [:]
    private var touched: [SessionHandler] = []
    /// The highest sequence number that was fanned out here.
    private(set) var head: SequenceNumber

    init(head: SequenceNumber) {
        self.head = head
    }

    var allSessions: [SessionHandler] { Array(sessions.values) }
    var count: Int { sessions.count }

    func add(_ session: SessionHandler) {
        sessions[ObjectIdentifier(session)] = session
    }

    func remove(_ session: SessionHandler) {
        guard sessions.removeValue(forKey: ObjectIdentifier(session)) != nil else { return }
        streamEnded(session)
    }

    /// Call after a session's stream began or its filters changed.
    func streamChanged(_ session: SessionHandler) {
        guard let stream = session.stream else { return streamEnded(session) }
        for topic in receivers.keys {
            receivers[topic]?.removeAll { $0 === session }
            if stream.maySelect(topic: topic) { receivers[topic]?.append(session) }
        }
    }

    func streamEnded(_ session: SessionHandler) {
        for topic in receivers.keys { receivers[topic]?.removeAll { $0 === session } }
    }

    /// Hands every receiver its share of `batch` as one buffer.
    func deliver(_ batch: FanOutBatch) {
        for (index, entry) in batch.entries.enumerated() {
            let sequence = entry.post.stored.sequence
            let isForAll =
                entry.post.visibility.marking.isForAllMembers
                && entry.post.threadVisibility?.marking.isForAllMembers ?? true
            for session in receivers(of: entry.post.facts.topic) {
                guard session.wantsLive(sequence, entry.post.facts, of: entry.post.thread),
                    isForAll || session.viewer.map({ batch.allows(entry, $0) }) == true
                else { continue }
                if session.share == 0 {
                    touched.append(session)
                }
                session.share |= 1 << UInt64(index)
            }
        }
        head = max(head, batch.head)
        var buffers: [UInt64: ByteBuffer] = [:]
        for session in touched {
            let share = session.share
            session.share = 0
            let buffer: ByteBuffer
            if let known = buffers[share] {
                buffer = known
            } else {
                buffer = LoopFanOut.join(batch, share)
                buffers[share] = buffer
            }
            let first = batch.entries[share.trailingZeroBitCount].post.stored.sequence
            session.sendLive(buffer, first: first, posts: share.nonzeroBitCount)
        }
        touched.removeAll(keepingCapacity: true)
    }

    private func receivers(of topic: Topic) -> [SessionHandler] {
        if let known = receivers[topic] { return known }
        let found = sessions.values.filter { $0.stream?.maySelect(topic: topic) == true }
        receivers[topic] = found
        return found
    }

    private static func join(_ batch: FanOutBatch, _ share: UInt64) -> ByteBuffer {
        guard share.nonzeroBitCount > 1 else { return batch.entries[share.trailingZeroBitCount].frame }
        var frames: [ByteBuffer] = []
        var rest = share
        while rest != 0 {
            frames.append(batch.entries[rest.trailingZeroBitCount].frame)
            rest &= rest - 1
        }
        var buffer = ByteBufferAllocator().buffer(capacity: frames.reduce(0) { $0 + $1.readableBytes })
        for frame in frames { buffer.writeImmutableBuffer(frame) }
        return buffer
    }
}
