/// Erases the text of a post for everybody, for ever. That it was there, its place and its hash stay.
///
/// With a lesson all its revisions and translations are erased, with a revision its translations: they say the same.
package struct Redaction: Hashable, Sendable {
    package static let maxReasonBytes = 4_000
    package static let hashBytes = 32

    package var target: PostID
    /// SHA-256 of the erased content, by which somebody who still has it can show what it was.
    package var targetHash: [UInt8]
    /// Of everybody but the author it is demanded.
    package var reason: String

    package init(target: PostID, targetHash: [UInt8], reason: String) {
        self.target = target
        self.targetHash = targetHash
        self.reason = reason
    }

    package func validate() throws(PostRuleError) {
        guard targetHash.count == Redaction.hashBytes else {
            throw PostRuleError(field: "target_hash", problem: "target_hash must be \(Redaction.hashBytes) bytes")
        }
        try PostRuleError.limit(reason, "reason", maxBytes: Redaction.maxReasonBytes)
    }
}
