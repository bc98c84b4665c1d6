import Foundation
import LessonModel
import PKI
import TerminalUI

/// A thread as one HTML file that needs nothing else: no script, no font, no picture, nothing fetched. The marking stands
/// at the head and the foot of the page, and of every page that is printed (TLP 2.0: right-justified, 12 points or more).
struct ThreadPage {
    let thread: ThreadDocument
    private let markdown = MarkdownHTML()

    /// Replies deeper than this are not set in further.
    private static let maxDepth = 6

    var html: String {
        Self.page(title: thread.lesson.lesson.title, handling: thread.handling, lesson + replies)
    }

    /// A page with the marking at its head and its foot.
    /// - Parameters:
    ///   - title: of an outsider.
    ///   - body: HTML of our own making.
    static func page(title: String, handling: Marking, _ body: String) -> String {
        let banner = "<p class=\"tlp \(className(handling))\">TLP:\(handling.label)</p>"
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8" />
            <meta http-equiv="Content-Security-Policy" content="\(policy)" />
            <meta name="referrer" content="no-referrer" />
            <meta name="robots" content="noindex" />
            <meta name="viewport" content="width=device-width, initial-scale=1" />
            <title>[TLP:\(handling.label)] \(MarkupText.escaped(SafeText.line(title)))</title>
            <style>\(ThreadPageStyle.text)</style>
            </head>
            <body>
            <div class="sheet">
            <header class="head">\(banner)</header>
            <main>
            \(body)</main>
            <footer class="foot">\(banner)</footer>
            </div>
            </body>
            </html>

            """
    }

    /// A marking's label in the colours of TLP 2.0.
    static func label(_ marking: Marking) -> String {
        "<span class=\"tlp \(className(marking))\">TLP:\(marking.label)</span>"
    }

    /// Nothing is allowed but the one style sheet, by its hash.
    private static let policy: String = {
        let hash = Data(SHA256.digest(Array(ThreadPageStyle.text.utf8))).base64EncodedString()
        return "default-src 'none'; style-src 'sha256-\(hash)'; base-uri 'none'; form-action 'none'"
    }()

    // MARK: The lesson

    private var lesson: String {
        let document = thread.lesson
        let lesson = document.lesson
        var html = "<article lang=\"\(MarkupText.escaped(document.language))\">\n"
        html += "<h1 dir=\"auto\">\(MarkupText.escaped(SafeText.line(lesson.title)))</h1>\n"
        html += facts
        for section in LessonSection.allCases where !lesson[section].isEmpty {
            html += "<section>\n<h2 lang=\"en\">\(section.heading(.odcr))</h2>\n"
            html += "<div dir=\"auto\">\n\(markdown.render(lesson[section]))</div>\n</section>\n"
        }
        if !lesson.references.isEmpty {
            html += "<section>\n<h2 lang=\"en\">References</h2>\n<ul>\n"
            html += lesson.references.map { "<li dir=\"auto\">\(reference($0))</li>\n" }.joined()
            html += "</ul>\n</section>\n"
        }
        return html + "</article>\n"
    }

    private var facts: String {
        let document = thread.lesson
        var rows: [(String, String)] = [
            ("Marking", marking(thread.facts)), ("Topic", MarkupText.escaped(document.topic.path)),
        ]
        if let state = thread.state { rows.append(("State", state.name)) }
        rows += [
            ("From", bdi(thread.facts.byline)), ("Received", time(thread.facts.receivedAt)),
            ("Signature", signature(thread.facts, "verified at export")),
            ("Language", MarkupText.escaped(document.language)),
        ]
        rows += document.lesson.labelledFacts.map { ($0.label, bdi($0.value)) }
        if !thread.facts.attachments.isEmpty { rows.append(("Attached", attachments(thread.facts))) }
        rows.append(("Post", "#\(thread.facts.sequence), \(thread.facts.id)"))
        return "<dl lang=\"en\">\n" + rows.map { "<div><dt>\($0.0)</dt><dd>\($0.1)</dd></div>\n" }.joined() + "</dl>\n"
    }

    private func reference(_ text: String) -> String {
        MarkdownInline.isLinkable(text)
            ? "<a href=\"\(MarkupText.escaped(text))\" rel=\"noopener noreferrer nofollow\">\(MarkupText.escaped(text))</a>"
            : MarkupText.escaped(text)
    }

    // MARK: The replies

    private var replies: String {
        let tree = thread.tree
        guard !tree.isEmpty else { return "" }
        let count = "\(tree.count) \(tree.count == 1 ? "reply" : "replies")"
        return "<section class=\"replies\">\n<h2>\(count)</h2>\n" + tree.map(reply).joined() + "</section>\n"
    }

    private func reply(_ branch: ThreadDocument.Branch) -> String {
        let facts = branch.reply.facts
        var head = [
            "#\(facts.sequence)", "<strong>\(bdi(facts.byline))</strong>", time(facts.receivedAt), marking(facts),
            signature(facts, "signature verified at export"),
        ]
        if facts.kind != PostKind.comment.name { head.insert(MarkupText.escaped(facts.kind), at: 1) }
        if let answers = branch.answers { head.append(answers) }
        return """
            <article class="reply in\(min(branch.depth, Self.maxDepth))">
            <p class="byline">\(head.joined(separator: " · "))</p>
            <div dir="auto" lang="\(MarkupText.escaped(facts.language))">
            \(markdown.render(branch.reply.text))</div>
            \(facts.attachments.isEmpty ? "" : "<p class=\"byline\">Attached: \(attachments(facts))</p>")
            </article>

            """
    }

    /// The files' names; their bytes are at the relay.
    private func attachments(_ facts: PostFacts) -> String {
        facts.attachments.map { "\(bdi($0.name)) (\(ByteText.short($0.size)))" }.joined(separator: ", ")
    }

    private func marking(_ facts: PostFacts) -> String {
        let names = facts.audienceNames
        return Self.label(facts.marking)
            + (names.isEmpty ? "" : " for \(MarkupText.escaped(names.joined(separator: ", ")))")
    }

    private func signature(_ facts: PostFacts, _ verified: String) -> String {
        switch facts.signature {
        case .verified: verified
        case .unchecked: "<strong class=\"warning\">signature not checked</strong>"
        case .failed: "<strong class=\"warning\">signature WRONG: not proved to be of its author</strong>"
        }
    }

    private func time(_ moment: Milliseconds) -> String {
        let text = TimestampText.seconds(moment).prefix(16)
        return "<time datetime=\"\(TimestampText.rfc3339(moment))\">\(text) UTC</time>"
    }

    /// Text that cannot reorder what stands beside it.
    private func bdi(_ text: String) -> String { "<bdi>\(MarkupText.escaped(SafeText.line(text)))</bdi>" }

    private static func className(_ marking: Marking) -> String { marking.label.lowercased().replacing("+", with: "-") }
}
