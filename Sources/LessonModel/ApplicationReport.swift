/// What became of a lesson in an organisation. The organisation's last report is the one that counts.
package struct ApplicationReport: Hashable, Sendable {
    package static let maxTextBytes = 64 * 1024

    /// The raw values are the wire's and the database's.
    package enum Status: Int, CaseIterable, Sendable {
        case notApplicable = 1
        case considering = 2
        case adopted = 3
        case triedAndFailed = 4

        package var name: String {
            switch self {
            case .notApplicable: "not-applicable"
            case .considering: "considering"
            case .adopted: "adopted"
            case .triedAndFailed: "tried-and-failed"
            }
        }

        package init?(name: some StringProtocol) {
            guard let status = Status.allCases.first(where: { $0.name == name }) else { return nil }
            self = status
        }
    }

    package var status: Status
    /// What was done and what came of it, or why it does not apply; only one who is still considering may leave it empty.
    package var outcome: String
    /// By what others can see that it is so; nil where there is none.
    package var evidence: String?

    package init(status: Status, outcome: String, evidence: String? = nil) {
        self.status = status
        self.outcome = outcome
        self.evidence = evidence
    }

    package func validate() throws(PostRuleError) {
        guard status == .considering || outcome.contains(where: { !$0.isWhitespace }) else {
            throw PostRuleError(
                field: "outcome",
                problem: status == .notApplicable
                    ? "say why the lesson does not apply" : "say what was done, and what came of it")
        }
        try PostRuleError.limit(outcome, "outcome", maxBytes: ApplicationReport.maxTextBytes)
        try PostRuleError.limit(evidence ?? "", "evidence", maxBytes: ApplicationReport.maxTextBytes)
    }

    /// Whether it says by what others can see that it is so.
    package var hasEvidence: Bool { evidence?.contains { !$0.isWhitespace } ?? false }
}
