import GRDB
package import LessonModel

extension RelayStore {
    /// Where what is stored of threads is not what their posts come to, a sentence each, at most `maxProblemsPerKind`. Reads
    /// all of the log but the comments.
    /// - Parameter decode: reads signed content; nil where it cannot be read, which is then a problem.
    package func threadStateProblems(decode: @Sendable ([UInt8]) -> Post?) throws(StorageError) -> [String] {
        try read { db in
            var problems: [String] = []
            let threads = try db.all("SELECT sequence FROM threads ORDER BY sequence") { $0.integer(0) }
            for thread in threads where problems.count < RelayStore.maxProblemsPerKind {
                let stored = try ThreadStateSQL.projection(of: thread, in: db)
                guard let computed = try ThreadStateCheck.computed(thread, in: db, decode) else {
                    problems.append("a post of the thread #\(thread) cannot be read")
                    continue
                }
                if stored != computed { problems.append("the thread #\(thread) is not what its posts come to") }
                let isTitled = try db.exists(
                    "SELECT 1 FROM threads WHERE sequence = ? AND title = ? AND is_redacted = ?",
                    [.integer(thread), .text(computed.title), .flag(computed.texts.isEmpty)])
                if !isTitled { problems.append("the thread #\(thread) has not the title of its present text") }
            }
            return problems
        }
    }
}

enum ThreadStateCheck {
    /// The lesson of the thread ?1 and all its posts but the comments.
    static let posts = """
        SELECT p.sequence, p.id, p.kind, p.organisation, c.content
        FROM posts p LEFT JOIN post_contents c ON c.sequence = p.sequence
        WHERE p.sequence = ?1 OR (p.thread = ?1 AND p.kind > 1 AND p.kind > 2) ORDER BY p.sequence
        """

    /// What the posts of a thread come to; nil when one of them cannot be read.
    static func computed(
        _ thread: SequenceNumber, in db: Database, _ decode: ([UInt8]) -> Post?
    ) throws -> ThreadProjection? {
        let rows = try db.all(posts, [.integer(thread)]) {
            ($0.integer(0), try $0.postID(1), try $0.slug(3), $0.optionalBlob(4))
        }
        guard let (_, id, organisation, _) = rows.first else { return nil }
        let visibility = try PostVisibilitySQL.visibility(of: thread, in: db)
        var projection = ThreadProjection(lesson: id, organisation: organisation, texts: [])
        for (sequence, id, _, content) in rows {
            // Erased: it counts for nothing.
            guard let content else { continue }
            guard let post = decode(content) else { return nil }
            if case .lesson(let lesson) = post.body {
                projection.texts.append(ThreadProjection.Text(post: id, title: lesson.title))
            }
            let reach = try PostVisibilitySQL.visibility(of: sequence, in: db)
            projection.apply(post, isForWholeThread: reach.reachesAll(of: visibility))
        }
        return projection
    }
}
