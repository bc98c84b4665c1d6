import LessonModel
import RelayClient
import Storage
import Wire

extension ClientMirror {
    /// Keeps what the relay says of its topics for when there is no line, and erases what they keep no longer.
    func keep(_ topics: [WireTopicSummary], at now: Milliseconds) throws(StorageError) {
        try setTopics(
            topics.compactMap { summary in
                Topic(summary.path).map {
                    MirrorTopic(
                        topic: $0, formerNames: summary.formerPaths.compactMap { Topic($0) },
                        description: summary.description_p, isArchived: summary.archived,
                        isModerated: summary.moderated,
                        retention: TopicRetention(
                            keepDays: Int(summary.keepDays), reviewDays: Int(summary.reviewDays)))
                }
            })
        try expire(at: now)
    }
}
