import Foundation
import LessonModel
import Testing

@testable import LessonsCommand

@Suite struct ThreadPageTests {
    @Test func `a page says its marking at both ends, who signed and nothing of its own`() throws {
        let replies = try [
            MadeThreads.reply(2, to: 1, "We **tried** it.\n\n- once\n- twice", marking: .amber),
            MadeThreads.reply(3, to: 2, "[Here](https://e.example/x)", signature: .failed),
        ]
        let html = ThreadPage(thread: try MadeThreads.thread(marking: .green, replies: replies)).html
        #expect(html.components(separatedBy: "<p class=\"tlp amber\">TLP:AMBER</p>").count == 3)
        for part in [
            "<title>[TLP:AMBER] Title</title>", "<span class=\"tlp green\">TLP:GREEN</span>",
            "<bdi>Arta Ali (al-ombudsman)</bdi>",
            "<strong>tried</strong>", "<li>once</li>", ">Here</a> (https://e.example/x)", "signature WRONG",
            "NOT proved",
            "<article lang=\"en\">", "patrols &amp; &lt;streets&gt;", "https://example.org/a?b=c&amp;d",
        ] {
            #expect(html.contains(part), "\(part)")
        }
        // Without this Chromium prints the banner on the first and the last page only.
        #expect(ThreadPageStyle.text.contains(".head, .foot { break-inside: avoid; }"))
        for part in ["<script", "http-equiv=\"refresh", "src=", "url(", "@import", "style=\"", "'unsafe-inline'"] {
            #expect(!html.contains(part), "\(part)")
        }
    }

    @Test(arguments: MadeThreads.hostile)
    func `no text becomes markup`(text: String) throws {
        let thread = try MadeThreads.thread(
            title: text, observation: text, name: text, replies: [MadeThreads.reply(2, to: 1, text)])
        let plain = try MadeThreads.thread(
            title: "x", observation: "x", name: "x", replies: [MadeThreads.reply(2, to: 1, "x")])
        func tags(_ html: String) -> [String] {
            html.matches(of: /<(\/?[a-zA-Z!][a-zA-Z0-9]*)/).map { String($0.output.1) }
                .filter { !["p", "/p", "br", "blockquote", "/blockquote"].contains($0) }
        }
        let html = ThreadPage(thread: thread).html
        #expect(tags(html) == tags(ThreadPage(thread: plain).html))
        #expect(!html.unicodeScalars.contains { $0 == "\u{202E}" || $0 == "\u{1B}" })
        try check(html, isHTML: true)
        var feed = AtomFeed(id: UUIDValue(high: 1, low: 1), now: 0)
        feed.add(thread)
        try check(feed.xml, isHTML: false)
    }

    @Test func `a feed takes what is CLEAR and verified and says nothing of the rest`() throws {
        var feed = AtomFeed(id: UUIDValue(high: 1, low: 1), now: 0)
        let empty = feed.xml
        #expect(empty.contains("<updated>1970-01-01T00:00:00.000Z</updated>"))
        try check(empty, isHTML: false)
        feed.add(try MadeThreads.thread(title: "Green", marking: .green))
        feed.add(try MadeThreads.thread(title: "Unproved", signature: .unchecked))
        #expect(feed.xml == empty)
        feed.add(
            try MadeThreads.thread(
                title: "Clear",
                replies: [
                    MadeThreads.reply(2, to: 1, "Amber", marking: .amber),
                    MadeThreads.reply(3, to: 2, "Forged", signature: .failed),
                    MadeThreads.reply(4, to: 2, "Open"),
                ]))
        let xml = feed.xml
        #expect(feed.leftOut == 4)
        #expect(xml.components(separatedBy: "<entry ").count == 3)
        #expect(xml.contains("<id>urn:uuid:\(MadeThreads.id(1))</id>"))
        // What it answers is not in the feed, so that it answers the lesson.
        #expect(xml.contains("<thr:in-reply-to ref=\"urn:uuid:\(MadeThreads.id(1))\" />"))
        for part in ["Amber", "Forged", "Green", "Unproved", "\(MadeThreads.id(2))", "\(MadeThreads.id(3))", "Arta"] {
            #expect(!xml.contains(part), "\(part)")
        }
        try check(xml, isHTML: false)
    }

    /// Every page is well-formed XML too, so that a strict reader is the judge.
    private func check(_ text: String, isHTML: Bool) throws {
        let body =
            isHTML ? text.replacing("<!DOCTYPE html>\n", with: "").replacing(ThreadPageStyle.text, with: "") : text
        var open: [Substring] = []
        for match in body.matches(of: /<(\/?)([a-zA-Z:]+)((?:[^"<>]|"[^"<]*")*?)(\/?)>/) {
            if match.output.1 == "/" {
                #expect(open.popLast() == match.output.2)
            } else if match.output.4.isEmpty {
                open.append(match.output.2)
            }
        }
        #expect(open.isEmpty, "\(open)")
        let rest = body.replacing(/<\/?[a-zA-Z:]+(?:[^"<>]|"[^"<]*")*?>/, with: "").replacing(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>", with: "")
        #expect(!rest.contains("<"), "\(rest.prefix(300))")
    }
}
