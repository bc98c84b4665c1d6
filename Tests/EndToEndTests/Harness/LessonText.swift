/// A lesson as its author writes it.
struct LessonText {
    var title: String
    var topic = "policing/community"
    var marking = "GREEN"
    var audience: [String] = []
    var observation = "Residents reported burglaries late, or not at all."
    var discussion = "Unreported crime cannot be prevented."
    var conclusion = "Nobody knew the officers of the district."
    var recommendation: String? = "Let the same two officers walk the same streets every week."

    var markdown: String {
        """
        ---
        title: "\(title)"
        topic: \(topic)
        language: en
        marking: \(marking)
        audience: [\(audience.joined(separator: ", "))]
        tags: [patrols, youth]
        ---

        ## Observation

        \(observation)

        ## Discussion

        \(discussion)

        ## Conclusion

        \(conclusion)

        """ + (recommendation.map { "\n## Recommendation\n\n\($0)\n" } ?? "")
    }
}

extension Device {
    /// Posts `lesson`; the relay must take it.
    @discardableResult
    func post(_ lesson: LessonText) async throws -> PostedLine {
        try JSONLine.decode(
            try await run("post", "-", "--json", input: .text(lesson.markdown)).expecting().lines.last ?? "")
    }
}
