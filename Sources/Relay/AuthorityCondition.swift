import LessonModel

/// What a running relay knows of its authority beside the certificates themselves.
struct AuthorityCondition: Sendable {
    struct Failure: Sendable, Equatable {
        var at: Milliseconds
        var reason: String
    }

    /// Nil before the first load.
    var folder: AuthorityFolder?
    /// Of the last reload; nil after one that went well.
    var failure: Failure?
    /// An issuing certificate is to be retired, and is accepted as long as something relies on it.
    var isRetiring = false
    /// When the relay's own certificate is due for renewal.
    var renewAt: Milliseconds = .max

    /// Something is to be tried again by itself.
    var isWaiting: Bool { isRetiring || failure != nil }
}
