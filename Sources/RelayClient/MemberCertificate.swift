internal import FoundationEssentials
internal import LessonModel
internal import PKI

extension Certificate {
    /// The member this certificate speaks for; nil unless it is a member's.
    var memberID: MemberID? {
        memberURI.flatMap { MemberID(text: $0.memberID.uuidString) }
    }
}
