import LessonModel
import RelayClient
import Wire

/// Which threads to list.
struct ThreadListing: Sendable {
    /// Nil: of all topics.
    var filter: SubscriptionFilter?
    /// Nil: of all organisations.
    var organisation: OrganisationSlug?
    var limit: Int
}

/// Answers that take several pages.
extension RelayConnection {
    /// Threads with the newest posts first.
    func allThreads(_ listing: ThreadListing) async throws(ClientError) -> [WireThreadSummary] {
        var found: [WireThreadSummary] = []
        var before: SequenceNumber = 0
        while found.count < listing.limit {
            let page = try await threads(
                filter: listing.filter, organisation: listing.organisation, before: before,
                limit: UInt32(clamping: min(500, listing.limit - found.count)))
            found += page.threads.prefix(listing.limit - found.count)
            guard page.more, let last = page.threads.last else { break }
            // A relay that repeats itself must not hold us for ever.
            guard before == 0 || last.lastSequence < before else { throw .endlessPages }
            before = last.lastSequence
        }
        return found
    }

    /// A thread with all its posts that are for us, in the order of the log.
    func wholeThread(_ id: PostID) async throws(ClientError) -> (summary: WireThreadSummary, posts: [StoredPost]) {
        var posts: [StoredPost] = []
        var after: SequenceNumber = 0
        while true {
            let page = try await thread(id, after: after, limit: 500)
            posts += page.posts.map(\.value)
            guard page.more, let last = posts.last else { return (page.summary, posts) }
            guard last.sequence > after else { throw .endlessPages }
            after = last.sequence
        }
    }
}

extension ClientError {
    fileprivate static let endlessPages = ClientError.protocolViolation(
        "the relay's list does not come to an end; update lessons, or the relay")
}
