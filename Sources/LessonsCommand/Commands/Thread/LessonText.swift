import LessonModel
import TerminalUI

/// A further text of a lesson, written as the lesson itself was: the same Markdown file.
struct LessonTextInput {
    let posting: ThreadPosting
    /// What the draft is called: `revision` or `translation`.
    let kind: String
    /// nil: the person's editor, which begins with the present text.
    let file: String?
    /// The language that the text must be in; nil for that of the thread.
    let language: String?

    /// Hands the lesson to `send` and keeps the text until that is done.
    /// - Throws: BAD_LESSON when the file names another topic, marking or audience, or nothing was changed.
    func read(_ send: (Lesson) async throws -> Void) async throws {
        let lesson = try posting.lesson().post
        let present = try posting.text().lesson
        let wanted = language ?? lesson.language
        let template = LessonDocument(
            lesson: present, topic: lesson.topic, language: wanted, marking: lesson.marking, audience: lesson.audience
        ).render()
        let source = try TextSource(posting.context, kind: kind)
        let text = try source.read(file, maxBytes: LessonDocument.maxBytes, template: template)
        do {
            let document = try LessonDocument.parse(text.bytes, file: text.name, overrides: FrontMatterOverrides())
            try check(document, lesson, wanted, text.name)
            guard document.lesson != present.normalised() else {
                throw CommandFailure(.badData, "BAD_LESSON", "nothing was changed; nothing was sent")
            }
            try await send(document.lesson)
            source.finish(text)
        } catch let error where !(error is ExitCodeRequest || error is OutputClosed) {
            source.keep(text)
            throw error
        }
    }

    private func check(_ document: LessonDocument, _ lesson: Post, _ language: String, _ file: String) throws {
        func demand(_ isKept: Bool, _ field: String, _ value: String) throws {
            guard !isKept else { return }
            throw CommandFailure(
                .badData, "BAD_LESSON", "\(file): the \(field) of this \(kind) is \(value): it cannot be another one",
                field: field)
        }
        try demand(document.topic == lesson.topic, "topic", lesson.topic.path)
        try demand(document.marking == lesson.marking, "marking", lesson.marking.label)
        try demand(document.audience == lesson.audience, "audience", "that of the lesson")
        try demand(document.language == language, "language", language)
    }
}
