import LessonModel

/// `Visibility.allows` as SQL. Every statement that reads posts for somebody has one of these conditions, so that
/// nothing is counted, limited or shown that the viewer may not see.
///
/// Parameter 1 is the viewer's member id and parameter 2 the organisation's slug; see `Viewer.parameters`.
enum VisibilitySQL {
    /// True for a row of `posts`, called `row`, that the viewer may see: itself and its thread's lesson.
    static func post(_ row: String) -> String {
        """
        (\(row).is_open OR (\(own(row)) AND (\(row).kind = \(PostKind.lesson.rawValue) OR \(thread(ofSequence: "\(row).thread")))))
        """
    }

    /// True when the viewer may see the lesson with that sequence number, an SQL expression.
    static func thread(ofSequence sequence: String) -> String {
        "EXISTS (SELECT 1 FROM posts lesson WHERE lesson.sequence = \(sequence) AND \(own("lesson")))"
    }

    /// The post's own marking and audience alone: enough for the lessons, and for posts of a thread already seen.
    static func own(_ row: String) -> String {
        let named = "SELECT 1 FROM post_organisations audience WHERE audience.post = \(row).sequence"
        return """
            (\(row).marking <= \(Marking.green.rawValue)
                OR (\(row).marking IN (\(Marking.amber.rawValue), \(Marking.amberStrict.rawValue))
                    AND (\(row).organisation = ?2 OR EXISTS (\(named) AND audience.organisation = ?2)))
                OR (\(row).marking = \(Marking.amber.rawValue) AND EXISTS (\(named) AND audience.organisation IN
                    (SELECT organisation FROM organisation_clients WHERE client = ?2)))
                OR (\(row).marking = \(Marking.red.rawValue) AND (\(row).author = ?1 OR EXISTS (SELECT 1
                    FROM post_members audience WHERE audience.post = \(row).sequence AND audience.member = ?1))))
            """
    }
}

extension Viewer {
    /// The first two parameters of every statement with a condition of `VisibilitySQL`.
    var parameters: [SQLValue] { [.id(member), .text(organisation.text)] }
}
