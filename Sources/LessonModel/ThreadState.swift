/// How far a thread has come from observation to lesson learned. The raw values are the wire's and the database's.
package enum ThreadState: Int, CaseIterable, Sendable {
    case observation = 1
    case lessonIdentified = 2
    case lessonLearned = 3
    case goodPractice = 4
    case rejected = 5
    case superseded = 6

    package var name: String {
        switch self {
        case .observation: "observation"
        case .lessonIdentified: "lesson-identified"
        case .lessonLearned: "lesson-learned"
        case .goodPractice: "good-practice"
        case .rejected: "rejected"
        case .superseded: "superseded"
        }
    }

    package init?(name: some StringProtocol) {
        guard let state = ThreadState.allCases.first(where: { $0.name == name }) else { return nil }
        self = state
    }
}
