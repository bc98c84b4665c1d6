import LessonModel
import TerminalUI

/// How long a certificate still serves, in words.
struct CertificateTerm: Equatable {
    var endsAt: Milliseconds
    var now: Milliseconds

    var daysLeft: Int64 { (endsAt - now) / 86_400_000 }

    var text: StyledText {
        guard endsAt > now else {
            return StyledText(
                "expired on \(TimeText.local(endsAt)); ask your administrator for an invitation, and use it with join --again",
                .red)
        }
        let text = "ends on \(TimeText.local(endsAt)), in \(TimeText.span(endsAt - now))"
        return StyledText(text, daysLeft < 14 ? .yellow : .plain)
    }
}
