import Foundation
import LessonModel
import Logging
import NIOPosix
import Storage
import Synchronization
import Wire

/// Search, and the index behind it, which follows the log: a post is acknowledged before it is indexed.
extension RelayCore {
    static let maxSearchHits = 100
    private static let standardSearchHits = 20
    /// Posts that a search waits for at most, so that what was acknowledged a moment ago is found.
    private static let maxAwaitedPosts = 256

    func search(_ request: WireSearch, _ viewer: Viewer) throws -> WireSearchResults {
        guard request.limit <= RelayCore.maxSearchHits else {
            throw RequestRefusal(
                .invalid, "a search answers at most \(RelayCore.maxSearchHits) threads", field: "limit")
        }
        let query = try query(request)
        var scope = SearchScope()
        if request.hasFilter { scope.filter = try filter(request.filter) }
        if let text = request.organisation.nonEmpty {
            guard let slug = OrganisationSlug(text) else {
                throw RequestRefusal(.invalid, "the organisation's short name is malformed", field: "organisation")
            }
            scope.organisation = slug
        }
        scope.markings = Set(
            try request.markings.map { wire throws(RequestRefusal) in
                guard let marking = Marking(rawValue: wire.rawValue) else {
                    throw RequestRefusal(.invalid, "a marking is not known", field: "markings")
                }
                return marking
            })
        scope.since = request.sinceMs > 0 ? request.sinceMs : nil
        scope.before = request.beforeMs > 0 ? request.beforeMs : nil
        try store.indexForSearch(maxPosts: RelayCore.maxAwaitedPosts, decode: RelayCore.readContent)
        let result = try store.search(
            query, in: scope, viewer: viewer,
            limit: request.limit == 0 ? RelayCore.standardSearchHits : Int(request.limit), decode: RelayCore.readContent
        )
        var reply = WireSearchResults()
        reply.threads = UInt32(clamping: result.threadCount)
        reply.moreThreads = result.hasMore
        reply.match =
            switch result.match {
            case .all: .all
            case .some: .some
            case .parts: .parts
            }
        reply.hits = result.hits.map { hit in
            var wire = WireSearchHit()
            wire.thread = WireThreadSummary(hit.thread)
            wire.sequence = hit.post.sequence
            if let post = RelayCore.readContent(hit.post.post.content) {
                wire.postID = Data(post.id.bytes)
                wire.snippet = SearchSnippet(of: post.searchedTexts, for: query).fragments.map { fragment in
                    var part = WireFragment()
                    part.text = fragment.text
                    part.match = fragment.isMatch
                    return part
                }
            }
            return wire
        }
        return reply
    }

    private func query(_ request: WireSearch) throws -> SearchQuery {
        guard request.similar else { return try SearchQuery(request.text) }
        guard request.text.utf8.count <= Lesson.maxSectionBytes, let query = SearchQuery(similarTo: request.text) else {
            throw RequestRefusal(
                .invalid, "give a text with words of four letters or more, of 128 KiB at most", field: "text")
        }
        return query
    }

    static let readContent: @Sendable ([UInt8]) -> Post? = { try? Post(content: $0) }

    /// Indexes what the log holds beyond the index, and takes out what was erased, unless somebody is at it. Returns at once; work goes on the pool.
    func indexSoon() {
        guard store.hasUnindexedPosts || store.mayHaveErasedWords,
            !isIndexing.exchange(true, ordering: .acquiringAndReleasing)
        else { return }
        pool.submit { [self] state in
            guard case .active = state else { return }
            do {
                while try !store.indexForSearch(maxPosts: 64, decode: RelayCore.readContent) {}
                try store.purgeErasedWords()
            } catch {
                counters.add(.storageFailures)
                logger.error("posts could not be indexed for search", metadata: ["reason": "\(error)"])
            }
            isIndexing.store(false, ordering: .releasing)
        }
    }
}
