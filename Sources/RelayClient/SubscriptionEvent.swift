package import LessonModel
package import Wire

/// What a `DurableSubscriber` tells while it runs.
package enum SubscriptionEvent: Sendable {
    /// An attempt to connect begins.
    case connecting
    /// The connection can be used for requests of any kind until `reconnecting` or the end.
    case connected(RelayConnection)
    case subscribed(WireSubscribed)
    /// In the order of the log, each post once in a run, and after it is in the mirror; a post whose content cannot be read
    /// is told of here and kept nowhere.
    case posts([VerifiedPost])
    /// Everything through this sequence number has been told; the stream is live.
    case caughtUp(through: SequenceNumber)
    /// Posts between these numbers, both included, cannot be delivered any more.
    case gap(from: SequenceNumber, to: SequenceNumber, reason: String)
    /// Another device of the member has changed marks on threads; see `MarkSynchronisation`.
    case marksChanged
    /// The connection could not be made, or ended; the next attempt follows after this time.
    case reconnecting(in: Duration, because: ClientError)
}

/// What the one who is told wants next.
package enum SubscriptionDecision: Sendable {
    case goOn
    /// Acknowledge what was told, close, and end the run.
    case stop
}
