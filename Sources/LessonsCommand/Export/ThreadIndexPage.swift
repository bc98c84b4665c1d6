import LessonModel

/// The page that leads to the pages of many threads, in the order of the log.
struct ThreadIndexPage {
    private var handling = Marking.clear
    private var items = ""
    private var count = 0

    /// - Parameter file: the thread's page, in the same folder; letters, digits, hyphens and its ending.
    mutating func add(_ thread: ThreadDocument, file: String) {
        if thread.handling.rawValue > handling.rawValue { handling = thread.handling }
        count += 1
        let lesson = thread.lesson
        let label = ThreadPage.label(thread.handling)
        let facts =
            "\(label) · \(lesson.topic) · \(thread.facts.organisation) · \(TimestampText.seconds(thread.facts.receivedAt).prefix(10))"
        items += """
            <li><a href="./\(MarkupText.escaped(file))"><bdi lang="\(MarkupText.escaped(lesson.language))">\
            \(MarkupText.escaped(SafeText.line(lesson.lesson.title)))</bdi></a><br /><small>\(facts)</small></li>

            """
    }

    var html: String {
        ThreadPage.page(
            title: "Lessons learned", handling: handling,
            "<h1>Lessons learned</h1>\n<p>\(count) thread\(count == 1 ? "" : "s")</p>\n<ul>\n\(items)</ul>\n")
    }
}
