/// An organisation's word that a lesson of another is worth following. One for each organisation, which it can take back.
package struct Endorsement: Hashable, Sendable {
    package static let maxNoteBytes = 2_000

    /// Takes back the endorsement that the organisation gave before.
    package var isWithdrawal: Bool
    /// Why; may be empty.
    package var note: String

    package init(isWithdrawal: Bool = false, note: String = "") {
        self.isWithdrawal = isWithdrawal
        self.note = note
    }

    package func validate() throws(PostRuleError) {
        try PostRuleError.limit(note, "note", maxBytes: Endorsement.maxNoteBytes)
    }
}
