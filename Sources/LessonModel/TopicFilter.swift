/// Selects topics as MQTT 5 §4.7 does: `+` stands for one level, a final `#` for the rest, the parent included;
/// a leading `!` turns the filter into an exclusion.
package struct TopicFilter: Hashable, Sendable, CustomStringConvertible {
    enum Level: Hashable, Sendable {
        case name(String)
        case one
        case rest

        var isName: Bool {
            switch self {
            case .name: true
            case .one, .rest: false
            }
        }
    }

    package let isExclusion: Bool
    let levels: [Level]

    /// - Throws: what is wrong with `text`, in a sentence for the person who wrote it.
    package init(_ text: some StringProtocol) throws(TopicFilterError) {
        var body = text[...]
        isExclusion = body.hasPrefix("!")
        if isExclusion { body = body.dropFirst() }
        guard !body.isEmpty else { throw .empty }
        let parts = body.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= Topic.maxLevels + (parts.last == "#" ? 1 : 0) else { throw .tooManyLevels }
        var levels: [Level] = []
        for (index, part) in parts.enumerated() {
            switch part {
            case "+": levels.append(.one)
            case "#":
                guard index == parts.count - 1 else { throw .restNotLast }
                levels.append(.rest)
            default:
                guard Topic(part) != nil else { throw .badLevel(String(part)) }
                levels.append(.name(String(part)))
            }
        }
        self.levels = levels
    }

    private init(isExclusion: Bool, levels: [Level]) {
        self.isExclusion = isExclusion
        self.levels = levels
    }

    /// Selects `topic` alone.
    init(only topic: Topic) {
        self.init(isExclusion: false, levels: topic.levels.map { .name(String($0)) })
    }

    /// Selects `topic` and everything below it.
    init(everythingAt topic: Topic) {
        self.init(isExclusion: false, levels: TopicFilter(only: topic).levels + [.rest])
    }

    /// The exclusion of what this selects, or the other way round.
    var inverted: TopicFilter { TopicFilter(isExclusion: !isExclusion, levels: levels) }

    /// The topic that the levels before the first wildcard name; nil when it begins with one.
    var namedTopic: Topic? {
        var names: [String] = []
        for case .name(let name) in levels.prefix(while: \.isName) { names.append(name) }
        return Topic(names.joined(separator: "/"))
    }

    /// The same pattern below `to`; nil when it does not name `from`, or would have too many levels.
    func renamed(from: Topic, to: Topic) -> TopicFilter? {
        guard namedTopic?.isAtOrBelow(from) == true else { return nil }
        let moved = TopicFilter(only: to).levels + levels.dropFirst(from.levels.count)
        guard moved.count <= Topic.maxLevels + (moved.last == .rest ? 1 : 0) else { return nil }
        return TopicFilter(isExclusion: isExclusion, levels: moved)
    }

    /// True when `topic` is of the kind the pattern describes; an exclusion matches what it excludes.
    package func matches(_ topic: Topic) -> Bool {
        let names = topic.levels
        for (index, level) in levels.enumerated() {
            switch level {
            case .rest: return true
            case .one: guard index < names.count else { return false }
            case .name(let name): guard index < names.count, names[index] == name else { return false }
            }
            if index == names.count - 1, index + 1 < levels.count {
                return index + 2 == levels.count && levels[index + 1] == .rest
            }
        }
        return names.count == levels.count
    }

    package var description: String {
        let body = levels.map { level in
            switch level {
            case .name(let name): name
            case .one: "+"
            case .rest: "#"
            }
        }
        return (isExclusion ? "!" : "") + body.joined(separator: "/")
    }
}

package enum TopicFilterError: Error, Equatable, CustomStringConvertible {
    case empty
    case tooManyLevels
    case restNotLast
    case badLevel(String)

    package var description: String {
        switch self {
        case .empty: "a topic filter is empty; write a topic such as policing/community, or # for all"
        case .tooManyLevels: "a topic filter has more than \(Topic.maxLevels) levels"
        case .restNotLast: "# may stand only at the end of a topic filter"
        case .badLevel(let level):
            "\"\(level.prefix(80))\" is no level of a topic: a level is +, # or 1 to 60 of a-z, 0-9 and hyphen"
        }
    }
}
