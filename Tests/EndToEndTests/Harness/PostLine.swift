/// A post as `lessons watch --json` prints it.
struct PostLine: Decodable, Sendable, Equatable {
    var sequence: Int64
    var id: String
    var thread: String
    var kind: String
    var topic: String
    var marking: String
    var language: String
    var organisation: String
    var author: String
    var verified: Bool
    var title: String?
    var observation: String?
    var discussion: String?
    var conclusion: String?
    var recommendation: String?
    var evidence: String?
    var tags: [String]?
    var text: String?
}

/// What `lessons post --json` prints.
struct PostedLine: Decodable, Sendable {
    var id: String
    var thread: String
    var status: String
    var sequence: Int64?
}

/// A line of `lessons threads --json`.
struct ThreadLine: Decodable, Sendable {
    var thread: String
    var title: String
    var posts: Int
}

/// A line of `lessons topics --json`.
struct TopicLine: Decodable, Sendable {
    var topic: String
    var threads: Int
    var posts: Int
}

/// A thread of `lessons show --json`.
struct ShownLine: Decodable, Sendable {
    var thread: String
    var posts: [PostLine]
}

/// What every failure prints on stderr with `--json`.
struct FailureLine: Decodable, Sendable {
    struct Failure: Decodable, Sendable {
        var code: String
        var message: String
        var field: String?
        var hint: String?
    }

    var error: Failure
}
