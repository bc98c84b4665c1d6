import LessonModel
import TestSupport
import Testing

@Suite struct TopicTests {
    @Test func `a topic is 1 to 8 levels of a-z, 0-9 and hyphen`() {
        let level = String(repeating: "a", count: 60)
        for path in ["a", "policing/community", "a/b/c/d/e/f/g/h", "-", "2026", level] {
            #expect(Topic(path)?.path == path)
        }
        for path in [
            "", "/", "a/", "/a", "a//b", "A", "a b", "ä", "a/+", "#", "a\n", level + "a", "a/b/c/d/e/f/g/h/i", "a.b",
        ] {
            #expect(Topic(path) == nil, "\(path)")
        }
    }

    @Test func `a topic's parent is the node above`() {
        #expect(Topic("a/b/c")?.parent == Topic("a/b"))
        #expect(Topic("a")?.parent == nil)
    }

    private static let tree = ["sport", "sport/golf", "sport/golf/pga", "sport/golf/pga/score", "sports", "other/golf"]

    @Test(arguments: [
        ("#", tree),
        ("sport", ["sport"]),
        ("sport/#", ["sport", "sport/golf", "sport/golf/pga", "sport/golf/pga/score"]),
        ("sport/golf/pga/#", ["sport/golf/pga", "sport/golf/pga/score"]),
        ("sport/+", ["sport/golf"]),
        ("sport/golf/+", ["sport/golf/pga"]),
        ("+", ["sport", "sports"]),
        ("+/+", ["sport/golf", "other/golf"]),
        ("+/#", tree),
        ("+/golf/#", ["sport/golf", "sport/golf/pga", "sport/golf/pga/score", "other/golf"]),
        ("sport/+/pga", ["sport/golf/pga"]),
        ("sport/golf/pga/score/#", ["sport/golf/pga/score"]),
        ("sport/golf/pga/score/+", []),
    ])
    func `a filter matches what MQTT 5 §4.7 says, the parent of # included`(text: String, expected: [String]) throws {
        let filter = try TopicFilter(text)
        #expect(try Self.tree.filter { filter.matches(try #require(Topic($0))) } == expected)
        #expect(filter.description == text)
    }

    /// The definition of MQTT 5 §4.7.1, by recursion over levels.
    private func reference(_ filter: ArraySlice<Substring>, _ topic: ArraySlice<Substring>) -> Bool {
        guard let level = filter.first else { return topic.isEmpty }
        if level == "#" { return true }
        guard let name = topic.first, level == "+" || level == name else { return false }
        return reference(filter.dropFirst(), topic.dropFirst())
    }

    @Test func `random filters match as the definition does`() throws {
        var random = SeededRandom(for: "topic filters")
        var matches = 0
        for _ in 0..<5_000 {
            var levels = (0..<Int.random(in: 1...4, using: &random)).map { _ in random.pick(["a", "b", "+"]) }
            if random.chance(percent: 40) { levels.append("#") }
            let path = (0..<Int.random(in: 1...4, using: &random)).map { _ in random.pick(["a", "b"]) }.joined(
                separator: "/")
            let text = levels.joined(separator: "/")
            let filter = try TopicFilter(text)
            let topic = try #require(Topic(path))
            let expected = reference(text.split(separator: "/")[...], topic.levels[...])
            #expect(filter.matches(topic) == expected, "seed \(random.seed): \(text) and \(path)")
            #expect(filter.description == text)
            matches += expected ? 1 : 0
        }
        #expect(matches > 500)
    }

    @Test func `a filter that is none is refused with its reason`() {
        func error(_ text: String) -> TopicFilterError? {
            do throws(TopicFilterError) {
                _ = try TopicFilter(text)
                return nil
            } catch {
                return error
            }
        }
        #expect(error("") == .empty)
        #expect(error("!") == .empty)
        #expect(error("a/#/b") == .restNotLast)
        #expect(error("a+/b") == .badLevel("a+"))
        #expect(error("a//b") == .badLevel(""))
        #expect(error("sport#") == .badLevel("sport#"))
        #expect(error("!!a") == .badLevel("!a"))
        #expect(error("a/b/c/d/e/f/g/h/i") == .tooManyLevels)
        #expect(error("a/b/c/d/e/f/g/h/#") == nil)
        #expect(error("a/b/c/d/e/f/g/h/i/#") == .tooManyLevels)
    }

    @Test func `an exclusion takes away from what is included`() throws {
        let filter = SubscriptionFilter(topics: [try TopicFilter("policing/#"), try TopicFilter("!policing/reform/#")])
        #expect(filter.selects(topic: try #require(Topic("policing"))))
        #expect(filter.selects(topic: try #require(Topic("policing/community"))))
        #expect(!filter.selects(topic: try #require(Topic("policing/reform"))))
        #expect(!filter.selects(topic: try #require(Topic("policing/reform/pay"))))
        #expect(!filter.selects(topic: try #require(Topic("borders"))))
        #expect(!SubscriptionFilter(topics: [try TopicFilter("!a")]).selects(topic: try #require(Topic("b"))))
        #expect(!SubscriptionFilter(topics: []).selects(topic: try #require(Topic("b"))))
    }

    @Test func `a subscription narrows by each property it names`() throws {
        let facts = ThreadFacts(
            topic: try #require(Topic("a")), country: "AL", language: "sr-Latn", organisationKind: .police,
            state: .observation)
        let all = [try TopicFilter("#")]
        let thread = try #require(PostID(bytes: [UInt8](repeating: 1, count: 16)))
        let other = try #require(PostID(bytes: [UInt8](repeating: 2, count: 16)))
        #expect(SubscriptionFilter(threads: [thread]).selects(facts, of: thread), "whatever the topic")
        #expect(!SubscriptionFilter(threads: [thread]).selects(facts, of: other))
        #expect(SubscriptionFilter(topics: all).selects(facts, of: thread))
        #expect(SubscriptionFilter(topics: all, countries: ["AL", "NO"]).selects(facts, of: thread))
        #expect(!SubscriptionFilter(topics: all, countries: ["NO"]).selects(facts, of: thread))
        #expect(SubscriptionFilter(topics: all, languages: ["sr"]).selects(facts, of: thread))
        #expect(!SubscriptionFilter(topics: all, languages: ["en"]).selects(facts, of: thread))
        #expect(!SubscriptionFilter(topics: all, organisationKinds: [.media]).selects(facts, of: thread))
        #expect(!SubscriptionFilter(topics: all, states: [.rejected]).selects(facts, of: thread))
        var institution = facts
        institution.country = nil
        #expect(!SubscriptionFilter(topics: all, countries: ["AL"]).selects(institution, of: thread))
        #expect(SubscriptionFilter(topics: all).isTopicOnly)
        #expect(!SubscriptionFilter(topics: all, states: [.rejected]).isTopicOnly)
    }
}
