import GRDB
package import LessonModel

/// A thread that a search of the mirror has found.
package struct MirrorHit: Hashable, Sendable {
    package var thread: MirrorThread
    /// The thread's post that fits best.
    package var post: MirrorEntry
}

/// The mirror's index. All that is in a mirror is for its owner.
enum MirrorSearch {
    static let index = SearchIndex(name: "search")
}

extension ClientMirror {
    /// Threads whose lesson is in the mirror, with posts that `query` finds, the best first. Posts that came since the last
    /// search are indexed first, which is then kept.
    /// - Parameter decode: reads signed content; nil where it cannot be read, which is then not found.
    package func search(
        _ query: SearchQuery, in listing: MirrorQuery, decode: ([UInt8]) -> Post?
    ) throws(StorageError) -> (hits: [MirrorHit], threadCount: Int, match: SearchMatch) {
        try database.writing { db in
            try ClientMirror.indexNew(db, decode)
            let index = MirrorSearch.index
            for attempt in query.attempts {
                let isByParts = attempt.kind == .parts
                let found = try ClientMirror.hits(
                    attempt.match, isByParts ? index.parts : index.name,
                    isByParts ? "bm25(\(index.parts))" : index.rank, listing, db)
                if !found.hits.isEmpty { return (found.hits, found.threads, attempt.kind) }
            }
            return ([], 0, .all)
        }
    }

    private static func indexNew(_ db: Database, _ decode: ([UInt8]) -> Post?) throws {
        let name = MirrorSearch.index.name
        // What cannot be read is indexed as nothing, so that it is not tried again and again.
        let new = try db.all(
            "SELECT sequence, content FROM posts WHERE sequence NOT IN (SELECT id FROM \(name)_docsize)"
        ) { ($0.integer(0), decode($0.blob(1))?.searchText ?? Post.SearchText()) }
        for (sequence, text) in new { try MirrorSearch.index.insert(text, at: sequence, in: db) }
    }

    private static func hits(
        _ match: String, _ table: String, _ rank: String, _ listing: MirrorQuery, _ db: Database
    ) throws -> (hits: [MirrorHit], threads: Int) {
        var best: [PostID: SequenceNumber] = [:]
        var order: [PostID] = []
        try db.each(
            """
            SELECT p.thread, p.sequence, \(rank) AS score FROM \(table) CROSS JOIN posts p ON p.sequence = \(table).rowid
            WHERE \(table) MATCH ? ORDER BY score
            """,
            [.text(match)]
        ) { columns in
            let thread = try columns.postID(0)
            if best.updateValue(best[thread] ?? columns.integer(1), forKey: thread) == nil { order.append(thread) }
            return true
        }
        var hits: [MirrorHit] = []
        var threads = 0
        let filter = try MirrorTopicSQL.named(listing.filter, in: db)
        for id in order {
            guard let thread = try MirrorSQL.thread(id, in: db), MirrorSQL.selects(filter, thread),
                listing.organisation == nil || listing.organisation == thread.organisation
            else { continue }
            threads += 1
            guard hits.count < listing.limit, let sequence = best[id],
                let entry = try db.first(
                    "SELECT \(MirrorSQL.columns) FROM posts WHERE sequence = ?", [.integer(sequence)], MirrorSQL.entry)
            else { continue }
            hits.append(MirrorHit(thread: thread, post: entry))
        }
        return (hits, threads)
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
