extension Post.Body {
    /// What the post says, for reading as running text below the name of its author.
    package var text: String {
        switch self {
        case .lesson(let lesson): lesson.title
        case .comment(let comment): comment.text
        case .revision(let revision): Self.joined("revised the lesson", revision.note)
        case .endorsement(let endorsement):
            Self.joined(
                endorsement.isWithdrawal ? "takes the endorsement back" : "endorses the lesson", endorsement.note)
        case .applicationReport(let report):
            Self.joined(
                "reports: \(report.status.name)", report.outcome,
                report.evidence.map { "Evidence: " + $0 } ?? "")
        case .stateChange(let change):
            Self.joined("moved the thread from \(change.from.name) to \(change.to.name)", change.reason)
        case .translation(let translation):
            translation.isByMachine ? "a translation by machine" : "a translation"
        case .redaction(let redaction): Self.joined("redacted a post", redaction.reason)
        }
    }

    private static func joined(_ parts: String...) -> String {
        parts.filter { $0.contains { !$0.isWhitespace } }.joined(separator: "\n\n")
    }
}
