import Foundation
import LessonModel
import TerminalUI
import Wire

/// The authority's part of `lessons admin status`.
extension WireStatus {
    /// A line for each issuing certificate that is accepted, the one that signs first.
    func issuerLines(_ end: (Milliseconds) -> StyledText) -> [(label: String, value: StyledText)] {
        issuers.map { issuer in
            (
                issuer.signs ? "issuing, signs" : "issuing, accepted",
                StyledText(issuer.name) + StyledText(", ends ") + end(issuer.endsMs)
                    + StyledText(", \(issuer.certificates) certificates rely on it")
            )
        }
    }

    var issuersJSON: JSONNode {
        .array(
            issuers.map { issuer in
                .object([
                    ("name", .string(issuer.name)), ("key_id", .string(Hex.text(of: Array(issuer.keyID)))),
                    ("ends_at", .string(TimeText.iso(issuer.endsMs))), ("signs", .bool(issuer.signs)),
                    ("certificates", .integer(Int64(issuer.certificates))),
                ])
            })
    }
}
