import Foundation
import LessonModel
import NIOCore

/// One event loop of the relay with its receivers.
///
/// @unchecked: `fanOut` and `isDraining` are touched on `eventLoop` only; `outstanding` is protected by `condition`.
final class RelayLoop: @unchecked Sendable {
    /// Hand-overs that may wait for the loop; the committer waits beyond, so that memory is bounded.
    static let maxOutstanding = 16

    let index: Int
    let eventLoop: any EventLoop
    let fanOut: LoopFanOut
    /// Nothing is accepted any more.
    var isDraining = false
    private let condition = NSCondition()
    private var outstanding = 0

    init(index: Int, eventLoop: any EventLoop, head: SequenceNumber) {
        self.index = index
        self.eventLoop = eventLoop
        fanOut = LoopFanOut(head: head)
    }

    /// Gives the loop one transaction's answers and posts. Called by the committer's thread only.
    func hand(_ replies: [PublishReply], _ batches: [FanOutBatch]) {
        guard !replies.isEmpty || !batches.isEmpty else { return }
        condition.lock()
        while outstanding >= RelayLoop.maxOutstanding { condition.wait() }
        outstanding += 1
        condition.unlock()
        eventLoop.execute { [self] in
            for reply in replies { reply.session.finishPublish(reply.requestID, reply.body) }
            for batch in batches { fanOut.deliver(batch) }
            for reply in replies { reply.session.flushIfDue() }
            condition.lock()
            outstanding -= 1
            condition.signal()
            condition.unlock()
        }
    }
}
