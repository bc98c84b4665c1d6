package import LessonModel
package import Wire

/// What the relay sends without being asked for it.
package enum StreamEvent: Sendable, Equatable {
    /// A post, in the order of the log. It used up `frameBytes` of the byte credit and one of the posts' credit.
    case post(StoredPost, frameBytes: Int)
    /// Everything for this member through this sequence number has been delivered; the stream is live.
    case caughtUp(through: SequenceNumber)
    /// Posts between these numbers, both included, cannot be delivered any more.
    case gap(from: SequenceNumber, to: SequenceNumber, reason: String)
    /// Another device of the member has changed marks on threads; their version now.
    case marksChanged(version: Int64)
    /// The relay is about to close; nothing that is sent from now on will be answered.
    case goaway(code: WireErrorCode, reason: String, retryAfter: Duration?)
    /// The last event. Nil after this side's own `close`.
    case closed(ClientError?)
}
