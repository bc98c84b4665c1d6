import LessonModel
import Testing

@Suite struct SearchWordsTests {
    @Test func `filters are taken out from among the words`() throws {
        let words = SearchWords(
            "night state:learned patrols lang:fr-CA org:ngo-de country:al topic:policing/community 10:30")
        #expect(words.text == "night patrols 10:30")
        #expect(words.states == [.lessonLearned] && words.languages == ["fr"] && words.countries == ["AL"])
        #expect(words.organisation == OrganisationSlug("ngo-de"))
        let filter = try #require(words.filter(in: "media"))
        #expect(filter.topics.map(\.description) == ["policing/community/#"])
        #expect(filter.states == [.lessonLearned] && filter.countries == ["AL"] && filter.languages == ["fr"])
    }

    @Test(arguments: ["state:", "lang:", "lang:1", "org:N!", "country:a", "topic:Not/one"])
    func `a filter that is not whole yet filters nothing`(typed: String) {
        let words = SearchWords("patrols " + typed)
        #expect(words.text == "patrols")
        #expect(words.filter(in: nil) == nil && words.organisation == nil)
    }

    @Test func `without a topic of its own a search stays where it began`() {
        #expect(SearchWords("patrols").filter(in: "media")?.topics.map(\.description) == ["media/#"])
        #expect(SearchWords("patrols").filter(in: nil) == nil)
    }
}
