package import LessonModel

extension ShownPost {
    /// The post in one line, for a list that grows.
    package func line(titleOf: (PostID) -> String?) -> StyledText {
        var line =
            StyledText("#\(stored.sequence)", .bold) + StyledText("  \(TimeText.local(stored.receivedAt))  ", .dim)
        line += StyledText(post.marking) + StyledText("  \(topic)  ", .cyan) + StyledText(byline) + ": "
        switch post.body {
        case .lesson(let lesson): line += StyledText(lesson.title, .bold)
        default:
            let about = titleOf(post.thread).map { " on \"\(DisplayWidth.cut($0, to: 60))\"" } ?? ""
            line += StyledText(post.body.deed + about, .dim)
            if !headline.isEmpty { line += StyledText(": ", .dim) + StyledText(DisplayWidth.cut(headline, to: 160)) }
        }
        return (signatureWarning.map { $0 + "  " } ?? "") + line.onOneLine
    }

    /// `Name (organisation)`.
    package var byline: String { authorName.map { "\($0) (\(post.organisation))" } ?? post.organisation.text }

    /// What must be said of a signature that does not prove the author; nil when it does.
    package var signatureWarning: StyledText? {
        switch signature {
        case .verified: nil
        case .unchecked: StyledText("[signature not checked]", .yellow)
        case .failed(let reason):
            StyledText("[NOT by its author: \(reason ?? "the signature or the certificate is wrong")]", .red)
        }
    }

    /// Who vouches for the author.
    package var signatureText: StyledText {
        guard case .verified(let name) = signature else { return signatureWarning ?? "" }
        return StyledText("verified", .green) + StyledText(name.map { ", signed by \($0)" } ?? "")
    }
}

extension Post.Body {
    /// What the author did, in a word or two.
    package var deed: String {
        switch self {
        case .lesson: "lesson"
        case .comment: "reply"
        case .revision: "revision"
        case .endorsement(let endorsement): endorsement.isWithdrawal ? "endorsement taken back" : "endorsement"
        case .applicationReport(let report): report.status.name
        case .stateChange(let change): "now \(change.to.name)"
        case .translation(let translation): translation.isByMachine ? "translation by machine" : "translation"
        case .redaction: "redaction"
        }
    }
}
