import GRDB
package import LessonModel
import Synchronization

extension RelayStore {
    /// Appends `requests` in their order and moves the cursors, in one transaction that is synced to the disk when this
    /// returns. A post already in the log is not appended again.
    /// - Parameters:
    ///   - receivedAt: the relay's clock; it may step backwards, the sequence numbers still rise.
    ///   - decode: reads signed content that a redaction takes out of the index for search; the same as for
    ///     `indexForSearch`.
    /// - Returns: one outcome for each request, in their order.
    /// - Throws: `.full` or `.failed`; then nothing of all this was written, and the next call starts afresh.
    package func append(
        _ requests: [AppendRequest], cursors: [CursorUpdate] = [], receivedAt: Milliseconds,
        decode: @Sendable ([UInt8]) -> Post? = { _ in nil }
    ) throws(StorageError) -> [AppendOutcome] {
        guard !requests.isEmpty || !cursors.isEmpty else { return [] }
        do {
            return try pool.writeWithoutTransaction { db in
                try log.withLock { state in
                    do {
                        var outcomes: [AppendOutcome] = []
                        var head: SequenceNumber = 0
                        try db.inTransaction(.immediate) {
                            try state.load(from: db)
                            // Swapped, not copied: a second owner would make each change copy the dictionaries.
                            try withoutActuallyEscaping(decode) { decode in
                                var batch = AppendBatch(db: db, receivedAt: receivedAt, decode: decode)
                                swap(&batch.state, &state)
                                outcomes = try batch.append(requests)
                                try batch.move(cursors)
                                swap(&batch.state, &state)
                            }
                            head = state.lastSequence ?? 0
                            return .commit
                        }
                        unindexed.withLock { unindexed in
                            for (request, outcome) in zip(requests, outcomes) {
                                guard case .appended(let post) = outcome else { continue }
                                unindexed.add(
                                    request.post, bytes: request.signed.content.count, at: post.stored.sequence)
                            }
                        }
                        headNumber.withLock { $0 = max($0, head) }
                        if outcomes.contains(where: \.isRedaction) {
                            hasErasedWords.store(true, ordering: .releasing)
                            hasErasedBlobs.store(true, ordering: .releasing)
                        }
                        return outcomes
                    } catch {
                        state.forget()
                        throw error
                    }
                }
            }
        } catch {
            throw StorageError(error)
        }
    }

    /// The sequence number of the last durable post; 0 for an empty log.
    package func head() -> SequenceNumber { headNumber.withLock { $0 } }
}

extension AppendOutcome {
    fileprivate var isRedaction: Bool {
        if case .appended(let post) = self { post.kind == .redaction } else { false }
    }
}
