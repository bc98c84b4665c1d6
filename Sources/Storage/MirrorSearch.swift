import GRDB
package import LessonModel

/// A thread that a search of the mirror has found.
package struct MirrorHit: Hashable, Sendable {
    package var thread: MirrorThread
    /// The thread's post that fits best.
    package var post: MirrorEntry
}

/// What a search of the mirror has found.
package struct MirrorSearchResult: Sendable {
    /// The best first.
    package var hits: [MirrorHit] = []
    /// Threads among the posts that were looked at: the newest `maxPosts`, and where there are more, the newest so many
    /// that have it in their titles too.
    package var threadCount = 0
    /// More posts match than were looked at.
    package var hasMore = false
    package var match = SearchMatch.all

    package static let maxPosts = 2_000
}

/// The mirror's index. All that is in a mirror is for its owner.
enum MirrorSearch {
    static let index = SearchIndex(name: "search")
}

extension ClientMirror {
    /// Threads whose lesson is in the mirror, with posts that `query` finds, the best first. Posts that came since the last
    /// search are indexed first, which is then kept.
    /// - Parameters:
    ///   - maxPosts: see `MirrorSearchResult.threadCount`.
    ///   - decode: reads signed content; nil where it cannot be read, which is then not found.
    package func search(
        _ query: SearchQuery, in listing: MirrorQuery, maxPosts: Int = MirrorSearchResult.maxPosts,
        decode: ([UInt8]) -> Post?
    ) throws(StorageError) -> MirrorSearchResult {
        try database.writing { db in
            try ClientMirror.indexNew(db, decode)
            let filter = try MirrorTopicSQL.named(listing.filter, in: db)
            for attempt in query.attempts {
                let attempt = try attempt.withoutCommonWords(maxPosts: maxPosts, of: MirrorSearch.index, in: db)
                var finding = MirrorFinding(filter: filter, organisation: listing.organisation)
                let hasMore = try finding.add(attempt, attempt.match, limit: maxPosts, in: db)
                if hasMore, let match = attempt.titleMatch {
                    _ = try finding.add(attempt, match, limit: maxPosts, in: db)
                }
                guard !finding.best.isEmpty else { continue }
                return MirrorSearchResult(
                    hits: try finding.hits(listing.limit, in: db), threadCount: finding.best.count, hasMore: hasMore,
                    match: attempt.kind)
            }
            return MirrorSearchResult()
        }
    }

    private static func indexNew(_ db: Database, _ decode: ([UInt8]) -> Post?) throws {
        let name = MirrorSearch.index.name
        // Nothing is in the index that is not in the mirror, so that as many are the same ones: asked at every letter typed.
        let counts = try db.first("SELECT (SELECT count(*) FROM posts), (SELECT count(*) FROM \(name)_docsize)") {
            ($0.int(0), $0.int(1))
        }
        guard let counts, counts.0 != counts.1 else { return }
        // What cannot be read is indexed as nothing, so that it is not tried again and again.
        let new = try db.all(
            "SELECT sequence, content FROM posts WHERE sequence NOT IN (SELECT id FROM \(name)_docsize)"
        ) { ($0.integer(0), decode($0.blob(1))?.searchText ?? Post.SearchText()) }
        for (sequence, text) in new { try MirrorSearch.index.insert(text, at: sequence, in: db) }
    }
}

/// The threads that were found in the mirror, with the best post of each.
private struct MirrorFinding {
    let filter: SubscriptionFilter?
    let organisation: OrganisationSlug?
    private(set) var best: [PostID: (sequence: SequenceNumber, score: Double)] = [:]
    /// Whether what is looked for selects a thread, where that was asked.
    private var isSelected: [PostID: Bool] = [:]

    init(filter: SubscriptionFilter?, organisation: OrganisationSlug?) {
        self.filter = filter
        self.organisation = organisation
    }

    /// - Returns: whether there are more than the `limit` newest, which were added.
    mutating func add(
        _ attempt: SearchQuery.Attempt, _ match: String, limit: Int, in db: Database
    ) throws -> Bool {
        let index = MirrorSearch.index
        let table = attempt.kind == .parts ? index.parts : index.name
        var count = 0
        try db.each(
            """
            SELECT p.thread, p.sequence, \(attempt.kind == .parts ? "bm25(\(table))" : index.rank)
            FROM \(table) CROSS JOIN posts p ON p.sequence = \(table).rowid CROSS JOIN threads c ON c.id = p.thread
            WHERE \(table) MATCH ? AND c.lesson IS NOT NULL ORDER BY \(table).rowid DESC
            """,
            [.text(match)]
        ) { columns in
            let thread = try columns.postID(0)
            guard try selects(thread, in: db) else { return true }
            count += 1
            guard count <= limit else { return false }
            let score = columns.double(2)
            if best[thread].map({ $0.score <= score }) != true { best[thread] = (columns.integer(1), score) }
            return true
        }
        return count > limit
    }

    private mutating func selects(_ id: PostID, in db: Database) throws -> Bool {
        guard filter != nil || organisation != nil else { return true }
        if let known = isSelected[id] { return known }
        let thread = try MirrorSQL.thread(id, in: db)
        let selects =
            thread.map {
                MirrorSQL.selects(filter, $0) && (organisation == nil || organisation == $0.organisation)
            } ?? false
        isSelected[id] = selects
        return selects
    }

    func hits(_ limit: Int, in db: Database) throws -> [MirrorHit] {
        let order = best.sorted { ($0.value.score, -$0.value.sequence) < ($1.value.score, -$1.value.sequence) }
        return try order.prefix(limit).compactMap { id, found in
            guard let thread = try MirrorSQL.thread(id, in: db),
                let entry = try db.first(
                    "SELECT \(MirrorSQL.columns) FROM posts WHERE sequence = ?", [.integer(found.sequence)],
                    MirrorSQL.entry)
            else { return nil }
            return MirrorHit(thread: thread, post: entry)
        }
    }
}

extension MirrorSQL {
    /// Nil when the thread's lesson is not in the mirror.
    fileprivate static func thread(_ id: PostID, in db: Database) throws -> MirrorThread? {
        try db.first(
            """
            SELECT \(MirrorThreadSQL.columns) FROM threads c JOIN posts l ON l.sequence = c.lesson WHERE c.id = ?1
            """,
            [.id(id)], MirrorThreadSQL.thread)
    }
}
