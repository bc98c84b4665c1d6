import LessonModel

/// What a mistyped topic was meant to be.
enum TopicSuggestion {
    static func nearest(to path: String, among topics: [String]) -> String? {
        if let topic = Suggestion.nearest(to: path, among: topics) { return topic }
        // `comunity` for `policing/community`, or the right last level below a wrong one.
        let last = path.split(separator: "/").last.map(String.init) ?? path
        func lastLevel(_ topic: String) -> String { topic.split(separator: "/").last.map(String.init) ?? topic }
        guard let level = Suggestion.nearest(to: last, among: topics.map(lastLevel)) else { return nil }
        return topics.first { lastLevel($0) == level }
    }

    static func hint(for path: String, among topics: [String]) -> String? {
        nearest(to: path, among: topics).map { "did you mean \($0)? see all with: lessons topics" }
    }
}
