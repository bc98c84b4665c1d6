import LessonModel
import RelayClient
import Storage
import TerminalUI
import Wire

/// Lessons that are here already and say something like it, for their author to see before another is posted.
struct SimilarLessons {
    /// More would not be read.
    private static let maxShown = 3

    let hits: [MirrorHit]

    /// Looks in what this machine has received: it costs no connection, and what fails is no reason not to post.
    init(to lesson: Lesson, in mirror: ClientMirror?) {
        let text = "\(lesson.title) \(lesson.tags.joined(separator: " "))"
        guard let mirror, let query = SearchQuery(similarTo: text),
            let found = try? mirror.search(
                query, in: MirrorQuery(limit: Self.maxShown), decode: { try? Post(content: $0) })
        else {
            hits = []
            return
        }
        hits = found.hits
    }

    var lines: [StyledText] {
        guard !hits.isEmpty else { return [] }
        return [StyledText("lessons that may say the same:", .bold)]
            + hits.map { hit in
                let head = StyledText("  #\(hit.thread.sequence)", .bold)
                return (head + StyledText("  \(hit.thread.title)  ") + StyledText("\(hit.thread.organisation)", .dim))
                    .onOneLine
            }
    }
}
