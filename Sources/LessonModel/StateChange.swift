/// A curator's decision how far a thread has come.
package struct StateChange: Hashable, Sendable {
    package static let maxReasonBytes = 4_000
    package static let maxEvidence = 32

    /// What the curator saw: a change is refused when the thread has moved meanwhile.
    package var from: ThreadState
    package var to: ThreadState
    package var reason: String
    /// Application reports of the thread on which *lesson learned* and *good practice* rest.
    package var evidence: [PostID]
    /// The thread that says it better, for *superseded* only.
    package var supersededBy: PostID?

    package init(
        from: ThreadState, to: ThreadState, reason: String, evidence: [PostID] = [], supersededBy: PostID? = nil
    ) {
        self.from = from
        self.to = to
        self.reason = reason
        self.evidence = evidence
        self.supersededBy = supersededBy
    }

    package func validate() throws(PostRuleError) {
        try PostRuleError.require(reason, "reason", maxBytes: StateChange.maxReasonBytes)
        guard from.next.contains(to) else {
            let next = from.next.map(\.name).joined(separator: ", ")
            throw PostRuleError(field: "to", problem: "from \(from.name) a thread goes to \(next), not to \(to.name)")
        }
        guard evidence.count <= StateChange.maxEvidence else {
            throw PostRuleError(
                field: "evidence", problem: "at most \(StateChange.maxEvidence) application reports are named")
        }
        guard (to == .superseded) == (supersededBy != nil) else {
            throw PostRuleError(
                field: "superseded_by",
                problem: to == .superseded
                    ? "name the thread by which this one is superseded"
                    : "only a thread that is superseded names another one")
        }
    }
}

extension ThreadState {
    /// Where a curator can move a thread from here. What was decided wrongly can be taken back.
    package var next: [ThreadState] {
        switch self {
        case .observation: [.lessonIdentified, .rejected, .superseded]
        case .lessonIdentified: [.lessonLearned, .goodPractice, .observation, .rejected, .superseded]
        case .lessonLearned: [.goodPractice, .lessonIdentified, .rejected, .superseded]
        case .goodPractice: [.lessonLearned, .lessonIdentified, .rejected, .superseded]
        case .rejected, .superseded: [.observation]
        }
    }

    /// Whether somebody must have applied the lesson, with evidence, before a thread comes here.
    package var needsEvidence: Bool { self == .lessonLearned || self == .goodPractice }
}
