/// A topic's move to another place in the tree, with everything below it.
package struct TopicMove: Hashable, Sendable {
    package let from: Topic
    package let to: Topic

    /// - Throws: what makes the move impossible whatever the other topics are.
    package init(from: Topic, to: Topic) throws(TopicMoveError) {
        guard from != to else { throw .nowhere }
        guard !to.isAtOrBelow(from) else { throw .belowItself }
        self.from = from
        self.to = to
    }

    /// Where `topic` stands after the move: where it was, unless it is what moves or below that.
    /// - Throws: `.tooDeep`.
    package func place(of topic: Topic) throws(TopicMoveError) -> Topic {
        guard topic.isAtOrBelow(from) else { return topic }
        guard let moved = Topic(to.path + topic.path.dropFirst(from.path.count)) else { throw .tooDeep(topic) }
        return moved
    }
}

package enum TopicMoveError: Error, Equatable, CustomStringConvertible {
    case nowhere
    case belowItself
    case tooDeep(Topic)

    package var description: String {
        switch self {
        case .nowhere: "the topic is there already"
        case .belowItself: "a topic cannot move below itself"
        case .tooDeep(let topic): "\(topic) would have more than \(Topic.maxLevels) levels there"
        }
    }
}

// MARK: What follows a topic

extension SubscriptionFilter {
    /// The filter that selects after `move` what this one selected before, and excludes what it excluded.
    ///
    /// A filter that names the topic, or something below it, names the new place. Where a wildcard selected or excluded
    /// what moves and does not do so at the new place, the new place is added. What the new place's own followers get
    /// beside is theirs from then on. The result may name more topics than `maxPatterns`.
    /// - Parameters:
    ///   - topics: what moves, by the paths before.
    ///   - keepsFormer: names the old place as well, for the time in which both may occur.
    package func following(_ move: TopicMove, of topics: [Topic], keepsFormer: Bool = false) -> SubscriptionFilter {
        guard !self.topics.isEmpty else { return self }
        var result = self
        result.topics = []
        for pattern in self.topics {
            guard let moved = pattern.renamed(from: move.from, to: move.to) else {
                result.topics.append(pattern)
                continue
            }
            result.topics += keepsFormer ? [pattern, moved] : [moved]
        }
        let moving = topics.compactMap { topic in (try? move.place(of: topic)).map { (from: topic, to: $0) } }
        let excluded = moving.filter { excludes(topic: $0.from) && !result.excludes(topic: $0.to) }
        result.topics += patterns(excluded.map(\.to), ofAll: moving.count, at: move.to).map(\.inverted)
        let lost = moving.filter { selects(topic: $0.from) && !result.selects(topic: $0.to) }
        result.topics += patterns(lost.map(\.to), ofAll: moving.count, at: move.to)
        return result
    }

    private func patterns(_ topics: [Topic], ofAll count: Int, at root: Topic) -> [TopicFilter] {
        guard !topics.isEmpty, topics.count == count else { return topics.map { TopicFilter(only: $0) } }
        return [TopicFilter(everythingAt: root)]
    }
}

/// The names that topics had before they moved. A former name stands for its topic for ever: posts that were signed with it,
/// and whoever still asks by it, mean the topic.
package struct FormerTopicNames: Hashable, Sendable {
    /// By former path: the path now.
    package private(set) var current: [Topic: Topic]

    package init(_ current: [Topic: Topic] = [:]) { self.current = current }

    package subscript(former: Topic) -> Topic? {
        get { current[former] }
        set { current[former] = newValue }
    }

    /// What `topic` is called now: as before, unless it is a former name or below one.
    package func name(of topic: Topic) -> Topic {
        guard !current.isEmpty else { return topic }
        var former: Topic? = topic
        while let known = former {
            if let place = current[known] { return Topic(place.path + topic.path.dropFirst(known.path.count)) ?? topic }
            former = known.parent
        }
        return topic
    }

    /// The filter with its former names replaced; wildcards are of the tree as it is now.
    package func name(of filter: SubscriptionFilter) -> SubscriptionFilter {
        guard !current.isEmpty else { return filter }
        var result = filter
        result.topics = filter.topics.map { pattern in
            var former = pattern.namedTopic
            while let known = former {
                if let place = current[known] { return pattern.renamed(from: known, to: place) ?? pattern }
                former = known.parent
            }
            return pattern
        }
        return result
    }
}
