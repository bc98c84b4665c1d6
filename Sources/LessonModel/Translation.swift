/// A text of a lesson in another language, which the post names as its own.
package struct Translation: Hashable, Sendable {
    /// What was translated: the lesson, or one of its revisions.
    package var source: PostID
    package var lesson: Lesson
    /// Made by a machine and not checked by a person.
    package var isByMachine: Bool

    package init(source: PostID, lesson: Lesson, isByMachine: Bool) {
        self.source = source
        self.lesson = lesson
        self.isByMachine = isByMachine
    }

    package func validate() throws(PostRuleError) { try lesson.validate() }
}
