import GRDB
package import LessonModel
import Synchronization

/// Where to search. What is nil or empty selects everything.
package struct SearchScope: Hashable, Sendable {
    package var filter: SubscriptionFilter?
    /// Threads that this organisation opened.
    package var organisation: OrganisationSlug?
    /// Of the post itself.
    package var markings: Set<Marking>
    package var kinds: Set<PostKind>
    /// Received at this time or later.
    package var since: Milliseconds?
    /// Received before this time.
    package var before: Milliseconds?

    package init(
        filter: SubscriptionFilter? = nil, organisation: OrganisationSlug? = nil, markings: Set<Marking> = [],
        kinds: Set<PostKind> = [], since: Milliseconds? = nil, before: Milliseconds? = nil
    ) {
        self.filter = filter
        self.organisation = organisation
        self.markings = markings
        self.kinds = kinds
        self.since = since
        self.before = before
    }
}

/// How what was found fits what was searched for. Each is tried when the one before finds nothing.
package enum SearchMatch: Sendable {
    /// As the query says.
    case all
    /// By some of its words.
    case some
    /// By parts of words.
    case parts
}

/// What a search found of what its viewer may see.
package struct SearchResult: Sendable {
    package struct Hit: Sendable {
        package var thread: ThreadSummary
        /// The thread's post that fits best.
        package var post: StoredPost
    }

    /// Threads, the best first.
    package var hits: [Hit]
    /// Threads among the posts that were looked at: of restricted posts the newest `maxRestrictedPosts`; of the others the
    /// newest `maxOpenPosts`, and where there are more, the newest so many that have it in their titles too.
    package var threadCount: Int
    /// More open posts match than were looked at.
    package var hasMore: Bool
    package var match: SearchMatch

    package static let maxRestrictedPosts = 500
    package static let maxOpenPosts = 2_000
}

extension RelayStore {
    /// Posts that are indexed in one go: few, so that no append waits long; more where many wait, which costs less a post.
    private var indexedAtOnce: Int {
        head() - indexedNumber.withLock { $0 } > 1_000 ? 64 : 16
    }

    /// Whether the log goes beyond what is known to be indexed.
    package var hasUnindexedPosts: Bool { head() > indexedNumber.withLock { $0 } }

    /// Indexes posts of the log that are not indexed yet.
    /// - Parameters:
    ///   - maxPosts: at most this many.
    ///   - decode: reads signed content; nil where it cannot be read, which is then never found.
    /// - Returns: whether all are indexed now.
    @discardableResult
    package func indexForSearch(
        maxPosts: Int = .max, decode: @Sendable ([UInt8]) -> Post?
    ) throws(StorageError) -> Bool {
        try indexing.withLock { _ throws(StorageError) in
            var left = maxPosts
            while left > 0 {
                let share = min(left, indexedAtOnce)
                let count = try indexNext(share, decode)
                if count < share { return true }
                left -= count
            }
            return false
        }
    }

    /// Whether words of erased posts may still be in the index, marked as gone.
    package var mayHaveErasedWords: Bool { hasErasedWords.load(ordering: .acquiring) }

    /// Rewrites the index without the words of erased posts, and takes all that was erased out of the log of changes. On a
    /// large index this takes seconds, in which no post can be appended.
    /// - Throws: `.failed` when a read has gone on for too long; trying again is safe.
    package func purgeErasedWords() throws(StorageError) {
        guard hasErasedWords.exchange(false, ordering: .acquiringAndReleasing) else { return }
        do throws(StorageError) {
            try indexing.withLock { _ throws(StorageError) in
                try write { db in
                    guard try db.exists("SELECT 1 FROM search_state WHERE has_erased", []) else { return }
                    for index in [RelaySearch.open, RelaySearch.restricted] { try index.purge(in: db) }
                    try db.run("UPDATE search_state SET has_erased = 0")
                }
            }
            try checkpoint()
        } catch {
            hasErasedWords.store(true, ordering: .releasing)
            throw error
        }
    }

    /// How far the log is indexed when no content is left to index: to its end, also where the last posts are erased.
    private func indexedThrough() throws(StorageError) -> SequenceNumber {
        let through = try read { db in try db.first("SELECT through FROM search_state") { $0.integer(0) } ?? 0 }
        guard through < head() else { return through }
        return try write { db in
            try db.run(
                """
                UPDATE search_state SET through = (SELECT coalesce(max(sequence), 0) FROM posts)
                WHERE NOT EXISTS (SELECT 1 FROM post_contents c WHERE c.sequence > search_state.through)
                """)
            return try db.first("SELECT through FROM search_state") { $0.integer(0) } ?? 0
        }
    }

    private func indexNext(_ limit: Int, _ decode: @Sendable ([UInt8]) -> Post?) throws(StorageError) -> Int {
        let posts = try read { db in
            let next = try db.all(
                """
                SELECT p.sequence, p.is_open FROM posts p
                WHERE p.sequence > (SELECT through FROM search_state)
                    AND EXISTS (SELECT 1 FROM post_contents c WHERE c.sequence = p.sequence)
                ORDER BY p.sequence LIMIT ?
                """,
                [.integer(limit)]
            ) { (sequence: $0.integer(0), isOpen: $0.flag(1)) }
            let known = unindexed.withLock { unindexed in next.map { unindexed[$0.sequence] } }
            return try zip(next, known).map { place, known in
                let post = try known ?? content(place.sequence, db).flatMap(decode)
                return (place.sequence, place.isOpen, post)
            }
        }
        let rows = posts.map { ($0, $1, $2?.searchText) }
        guard let last = rows.last?.0 else {
            let through = try indexedThrough()
            indexedNumber.withLock { $0 = max($0, through) }
            return 0
        }
        try write { db in
            var posts = 0
            var words = 0
            for (sequence, isOpen, text) in rows {
                // It may have been erased since it was read.
                guard let text, try db.exists("SELECT 1 FROM post_contents WHERE sequence = ?", [.integer(sequence)])
                else { continue }
                try (isOpen ? RelaySearch.open : RelaySearch.restricted).insert(text, at: sequence, in: db)
                guard isOpen else { continue }
                posts += 1
                words += text.wordCount
            }
            try db.run(
                "UPDATE search_state SET through = ?, posts = posts + ?, words = words + ?",
                [.integer(last), .integer(posts), .integer(words)])
        }
        unindexed.withLock { $0.remove(rows.map(\.0)) }
        indexedNumber.withLock { $0 = max($0, last) }
        return rows.count
    }

    private func content(_ sequence: SequenceNumber, _ db: Database) throws -> [UInt8]? {
        try db.first("SELECT content FROM post_contents WHERE sequence = ?", [.integer(sequence)]) { $0.blob(0) }
    }

    /// The threads with posts that `query` finds and `viewer` may see. What the viewer may not see changes nothing of the
    /// answer: not the order, not the count.
    /// - Parameters:
    ///   - limit: threads, 1 to 500.
    ///   - maxOpenPosts: see `SearchResult.threadCount`.
    package func search(
        _ query: SearchQuery, in scope: SearchScope, viewer: Viewer, limit: Int,
        maxOpenPosts: Int = SearchResult.maxOpenPosts,
        decode: @Sendable ([UInt8]) -> Post?
    ) throws(StorageError) -> SearchResult {
        try read { db in
            let condition = try SearchCondition(scope, store: self, db: db)
            guard !condition.selectsNothing else {
                return SearchResult(hits: [], threadCount: 0, hasMore: false, match: .all)
            }
            var found = SearchFinding()
            var match = SearchMatch.all
            for attempt in query.attempts where found.threads.isEmpty {
                match = attempt.kind
                found = try SearchFinding(attempt, condition, viewer, maxOpenPosts, db, decode)
            }
            let best = found.threads.sorted { ($0.value.score, $1.key) < ($1.value.score, $0.key) }.prefix(limit)
            let hits = try best.compactMap { thread, candidate -> SearchResult.Hit? in
                let summary = try db.first(
                    """
                    SELECT \(ThreadSQL.columns) FROM \(ThreadSQL.tables) WHERE t.sequence = ?3 AND \(VisibilitySQL.own("l"))
                    """,
                    viewer.parameters + [.integer(thread)], ThreadSQL.summary)
                let post = try db.first(
                    """
                    SELECT \(RelayStore.storedColumns) FROM posts p CROSS JOIN post_contents c ON c.sequence = p.sequence
                    WHERE p.sequence = ?3 AND \(VisibilitySQL.post("p"))
                    """,
                    viewer.parameters + [.integer(candidate.sequence)], StoredPosts.post)
                guard let summary, let post else { return nil }
                return SearchResult.Hit(thread: summary, post: post)
            }
            return SearchResult(
                hits: hits, threadCount: found.threads.count, hasMore: found.hasMore, match: match)
        }
    }
}

/// What a scope asks of a post `p` and its thread `t`, with parameters from the fourth on.
private struct SearchCondition {
    private(set) var sql = ""
    private(set) var values: [SQLValue] = []
    private(set) var selectsNothing = false

    static let firstParameter = 4

    init(_ scope: SearchScope, store: RelayStore, db: Database) throws {
        if let filter = scope.filter {
            let topics = try store.topicSelection(for: filter, in: db)
            selectsNothing = topics == .none
            let narrowing = try ThreadCondition(
                filter, thread: "t", topics: topics, firstParameter: SearchCondition.firstParameter)
            sql += narrowing.sql
            values += narrowing.values
        }
        if let slug = scope.organisation {
            add(
                "EXISTS (SELECT 1 FROM posts l WHERE l.sequence = p.thread AND l.organisation = ", .text(slug.text), ")"
            )
        }
        if !scope.markings.isEmpty { add("p.marking", oneOf: scope.markings.map(\.rawValue)) }
        if !scope.kinds.isEmpty { add("p.kind", oneOf: scope.kinds.map(\.rawValue)) }
        if let since = scope.since { add("p.received_at >= ", .integer(since)) }
        if let before = scope.before { add("p.received_at < ", .integer(before)) }
    }

    private mutating func add(_ text: String, _ value: SQLValue, _ end: String = "") {
        sql += " AND \(text)?\(SearchCondition.firstParameter + values.count)\(end)"
        values.append(value)
    }

    private mutating func add(_ column: String, oneOf numbers: [Int]) {
        add(
            "\(column) IN (SELECT value FROM json_each(",
            .text("[\(numbers.sorted().map(String.init).joined(separator: ","))]"), "))")
    }
}

/// The threads that were found, with the best post of each.
private struct SearchFinding {
    struct Candidate {
        var sequence: SequenceNumber
        /// Smaller is better.
        var score: Double
    }

    /// By the sequence numbers of their lessons.
    private(set) var threads: [SequenceNumber: Candidate] = [:]
    /// More open posts match than were looked at.
    private(set) var hasMore = false

    init() {}

    init(
        _ attempt: SearchQuery.Attempt, _ condition: SearchCondition, _ viewer: Viewer, _ maxOpenPosts: Int,
        _ db: Database, _ decode: ([UInt8]) -> Post?
    ) throws {
        let attempt = try attempt.withoutCommonWords(maxPosts: maxOpenPosts, of: RelaySearch.open, in: db)
        hasMore = try addOpen(attempt, attempt.match, condition, viewer, maxOpenPosts, db)
        if hasMore, let match = attempt.titleMatch {
            _ = try addOpen(attempt, match, condition, viewer, maxOpenPosts, db)
        }
        try addRestricted(attempt, condition, viewer, db, decode)
    }

    /// - Returns: whether there are more than the `limit` newest, which were added.
    private mutating func addOpen(
        _ attempt: SearchQuery.Attempt, _ match: String, _ condition: SearchCondition, _ viewer: Viewer, _ limit: Int,
        _ db: Database
    ) throws -> Bool {
        let open = attempt.kind == .parts ? RelaySearch.open.parts : RelaySearch.open.name
        let rank = attempt.kind == .parts ? "bm25(\(open))" : RelaySearch.open.rank
        var count = 0
        // Without a condition the thread need not be looked up.
        let thread = condition.sql.isEmpty ? "" : "CROSS JOIN threads t ON t.sequence = p.thread"
        try db.each(
            """
            SELECT p.sequence, p.thread, \(rank) FROM \(open) CROSS JOIN posts p ON p.sequence = \(open).rowid \(thread)
            WHERE \(open) MATCH ?3 AND p.is_open\(condition.sql) ORDER BY \(open).rowid DESC LIMIT \(limit + 1)
            """,
            viewer.parameters + [.text(match)] + condition.values
        ) { columns in
            count += 1
            guard count <= limit else { return false }
            add(columns.integer(1), Candidate(sequence: columns.integer(0), score: columns.double(2)))
            return true
        }
        return count > limit
    }

    private mutating func addRestricted(
        _ attempt: SearchQuery.Attempt, _ condition: SearchCondition, _ viewer: Viewer, _ db: Database,
        _ decode: ([UInt8]) -> Post?
    ) throws {
        let index = attempt.kind == .parts ? RelaySearch.restricted.parts : RelaySearch.restricted.name
        var ranking: SearchRanking?
        try db.each(
            """
            SELECT p.sequence, p.thread, c.content FROM \(index) CROSS JOIN posts p ON p.sequence = \(index).rowid
                CROSS JOIN threads t ON t.sequence = p.thread CROSS JOIN post_contents c ON c.sequence = p.sequence
            WHERE \(index) MATCH ?3 AND \(VisibilitySQL.post("p"))\(condition.sql)
            ORDER BY \(index).rowid DESC LIMIT \(SearchResult.maxRestrictedPosts)
            """,
            viewer.parameters + [.text(attempt.match)] + condition.values
        ) { columns in
            guard let text = decode(columns.blob(2))?.searchText else { return true }
            let known = try ranking ?? Self.ranking(attempt.query, db)
            ranking = known
            add(
                columns.integer(1),
                Candidate(sequence: columns.integer(0), score: known.score(text, attempt.query)))
            return true
        }
    }

    private static func ranking(_ query: SearchQuery, _ db: Database) throws -> SearchRanking {
        let frequencies = try query.terms.map { try RelaySearch.open.frequency(of: $0, in: db) }
        let totals = try db.first("SELECT posts, words FROM search_state") { ($0.int(0), $0.int(1)) } ?? (0, 0)
        return SearchRanking(
            posts: totals.0, words: totals.1, frequencies: frequencies, weights: SearchIndex.weights)
    }

    private mutating func add(_ thread: SequenceNumber, _ candidate: Candidate) {
        guard threads[thread].map({ $0.score <= candidate.score }) != true else { return }
        threads[thread] = candidate
    }
}
