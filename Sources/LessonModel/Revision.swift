/// A new text of a lesson, by the lesson's organisation. Earlier texts stay readable.
package struct Revision: Hashable, Sendable {
    package static let maxNoteBytes = 2_000

    /// The text that this takes the place of: the lesson or the revision that was current when this was written, so that
    /// two people cannot undo each other's work unseen.
    package var base: PostID
    package var lesson: Lesson
    /// What changed and why; may be empty.
    package var note: String

    package init(base: PostID, lesson: Lesson, note: String = "") {
        self.base = base
        self.lesson = lesson
        self.note = note
    }

    package func validate() throws(PostRuleError) {
        try lesson.validate()
        try PostRuleError.limit(note, "note", maxBytes: Revision.maxNoteBytes)
    }
}
