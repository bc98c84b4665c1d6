import TestSupport
import Testing

@testable import LessonModel

@Suite struct TopicMoveTests {
    private func topic(_ path: String) throws -> Topic { try #require(Topic(path)) }

    private func filter(_ texts: String...) throws -> SubscriptionFilter {
        SubscriptionFilter(topics: try texts.map { try TopicFilter($0) })
    }

    @Test func `a topic moves with everything below it, and nothing else does`() throws {
        let move = try TopicMove(from: topic("policing/community"), to: topic("security"))
        #expect(try move.place(of: topic("policing/community")) == topic("security"))
        #expect(try move.place(of: topic("policing/community/youth")) == topic("security/youth"))
        #expect(try move.place(of: topic("policing/community-work")) == topic("policing/community-work"))
        #expect(try move.place(of: topic("policing")) == topic("policing"))
    }

    @Test func `a move to itself, below itself, or too deep is refused`() throws {
        #expect(throws: TopicMoveError.nowhere) { try TopicMove(from: topic("a"), to: topic("a")) }
        #expect(throws: TopicMoveError.belowItself) { try TopicMove(from: topic("a"), to: topic("a/b")) }
        let move = try TopicMove(from: topic("a"), to: topic("1/2/3/4/5/6/7"))
        #expect(try move.place(of: topic("a/b")) == topic("1/2/3/4/5/6/7/b"))
        #expect(throws: TopicMoveError.tooDeep(try topic("a/b/c"))) { try move.place(of: topic("a/b/c")) }
    }

    @Test(arguments: [
        (["policing/community"], ["security"]),
        (["policing/community/#"], ["security/#"]),
        (["policing/community/+"], ["security/+"]),
        (["policing/#"], ["policing/#", "security/#"]),
        (["+/community"], ["+/community", "security"]),
        (["#"], ["#"]),
        (["#", "!policing/#"], ["#", "!policing/#", "!security/#"]),
        (["#", "!policing/community"], ["#", "!security"]),
        (["media"], ["media"]),
    ])
    func `a filter follows what it selected`(before: [String], after: [String]) throws {
        let move = try TopicMove(from: topic("policing/community"), to: topic("security"))
        let topics = try ["policing/community", "policing/community/youth"].map(topic)
        let filter = SubscriptionFilter(topics: try before.map { try TopicFilter($0) })
        #expect(filter.following(move, of: topics).topics.map(\.description) == after)
    }

    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func `whatever moves, a filter selects and excludes what it did`(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let names = ["a", "b", "c"]
        func path() -> String {
            (0..<Int.random(in: 1...3, using: &random)).map { _ in names.randomElement(using: &random) ?? "a" }
                .joined(separator: "/")
        }
        for _ in 0..<50 {
            let topics = Set(try (0..<8).map { _ in try topic(path()) })
            let patterns = try (0..<4).map { index in
                let levels = path().split(separator: "/").map { Bool.random(using: &random) ? String($0) : "+" }
                let text = levels.joined(separator: "/") + (Bool.random(using: &random) ? "/#" : "")
                return try TopicFilter((index > 2 ? "!" : "") + text)
            }
            let filter = SubscriptionFilter(topics: patterns)
            guard let from = topics.randomElement(using: &random),
                let move = try? TopicMove(from: from, to: topic("new/\(path())"))
            else { continue }
            let moving = topics.filter { $0.isAtOrBelow(from) }
            for keepsFormer in [false, true] {
                let followed = filter.following(move, of: Array(moving), keepsFormer: keepsFormer)
                for topic in topics {
                    let place = try move.place(of: topic)
                    let note: Testing.Comment = "seed \(seed): \(filter.topics), \(move), \(topic): \(followed.topics)"
                    if filter.excludes(topic: topic) { #expect(followed.excludes(topic: place), note) }
                    if filter.selects(topic: topic) {
                        #expect(followed.selects(topic: place) || followed.excludes(topic: place), note)
                        if keepsFormer { #expect(followed.selects(topic: topic), note) }
                    }
                    if place == topic { #expect(followed.selects(topic: topic) == filter.selects(topic: topic), note) }
                }
            }
        }
    }

    @Test func `a former name stands for the topic, in a path and in a filter`() throws {
        let names = FormerTopicNames([try topic("policing/community"): try topic("security")])
        #expect(try names.name(of: topic("policing/community")) == topic("security"))
        #expect(try names.name(of: topic("policing/community/youth")) == topic("security/youth"))
        #expect(try names.name(of: topic("policing")) == topic("policing"))
        let asked = try filter("policing/community/#", "!policing/community/youth", "policing/+", "#")
        #expect(
            names.name(of: asked).topics.map(\.description) == ["security/#", "!security/youth", "policing/+", "#"])
    }
}
