import LessonModel
import Testing

@testable import LessonsCommand

@Suite struct AttachmentExportTests {
    private func file(_ name: String) -> LessonModel.Attachment {
        LessonModel.Attachment(
            name: name, mediaType: "application/pdf", size: 2_048, digest: [UInt8](repeating: 0xAB, count: 32))
    }

    @Test func `an export names the files of every post, and Markdown reads them back`() throws {
        let thread = try MadeThreads.thread(replies: [MadeThreads.reply(2, to: 1)])
        var facts = thread.facts
        facts.attachments = [file("plan <b> & \"site\".pdf"), file("карта: участок.pdf")]
        var reply = thread.replies[0]
        reply.facts.attachments = [file("photo.jpg")]
        let attached = ThreadDocument(lesson: thread.lesson, facts: facts, state: thread.state, replies: [reply])
        #expect(try ThreadDocument.parse(utf8: Array(attached.render().utf8)) == attached)
        let html = ThreadPage(thread: attached).html
        #expect(html.contains("plan &lt;b&gt; &amp; ") && !html.contains("<b>") && html.contains("photo.jpg"))
        let mail = MailMessage.mailbox(attached)
        #expect(mail.contains("Attached at the relay: photo.jpg (2.0 KiB)"))
        #expect(
            !MailMessage.mailbox(thread).contains("Attached") && !ThreadPage(thread: thread).html.contains("Attached"))
    }
}
