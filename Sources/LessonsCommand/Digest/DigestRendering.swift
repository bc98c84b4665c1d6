import LessonModel
import TerminalUI

/// A digest as something that can be mailed.
struct DigestRendering {
    enum Format: String, CaseIterable {
        case text, markdown, html
    }

    let digest: Digest

    func render(_ format: Format) -> String {
        switch format {
        case .text: text
        case .markdown: markdown
        case .html: html
        }
    }

    private var banner: String { "TLP:\((digest.marking ?? .clear).label)" }

    private var title: String {
        "Lessons from \(TimeText.local(digest.since)) to \(TimeText.local(digest.until))"
    }

    /// What is not in it.
    private var remarks: [String] {
        var remarks: [String] = []
        if digest.left > 0 {
            remarks.append("\(digest.left) more \(digest.left == 1 ? "thread" : "threads") with news: lessons threads")
        }
        if digest.withheld > 0 {
            let posts = digest.withheld == 1 ? "1 post is" : "\(digest.withheld) posts are"
            remarks.append("\(posts) not told here because of the marking: lessons threads")
        }
        if digest.unproved > 0 {
            remarks.append("\(digest.unproved) without a valid signature of the author left out")
        }
        return remarks
    }

    private func facts(_ item: Digest.Item) -> String {
        var facts = ["#\(item.sequence)", "TLP:\(item.marking.label)", item.organisation.text]
        if let state = item.state { facts.append(state.name) }
        return facts.joined(separator: ", ")
    }

    private func news(_ item: Digest.Item) -> String {
        ((item.isNew ? ["new"] : []) + item.news).joined(separator: ", ")
    }

    private var byTopic: [(topic: Topic, items: [Digest.Item])] {
        Dictionary(grouping: digest.items, by: \.topic).sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    private var text: String {
        var lines = [banner, title, ""]
        for (topic, items) in byTopic {
            lines += [topic.path, String(repeating: "-", count: topic.path.count)]
            for item in items {
                lines += ["", item.title, "  \(facts(item))", "  \(news(item))"]
                if !item.summary.isEmpty { lines += DisplayWidth.wrap(item.summary, to: 74).map { "    \($0)" } }
            }
            lines.append("")
        }
        lines += remarks
        return SafeText.terminal((lines + [banner]).joined(separator: "\n")) + "\n"
    }

    private var markdown: String {
        var lines = ["**\(banner)**", "", "# \(title)", ""]
        for (topic, items) in byTopic {
            lines += ["## \(topic.path)", ""]
            for item in items {
                lines += ["**\(escaped(item.title))**  ", "\(facts(item))  ", escaped(news(item)), ""]
                if !item.summary.isEmpty { lines += ["> \(escaped(item.summary))", ""] }
            }
        }
        if !remarks.isEmpty { lines += remarks.map { "- \($0)" } + [""] }
        return SafeText.terminal((lines + ["**\(banner)**"]).joined(separator: "\n")) + "\n"
    }

    /// So that Markdown shows it as it is.
    private func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            if "\\`*_[]<>#&|~".contains(character) { result.append("\\") }
            result.append(character)
        }
        return result
    }

    private var html: String {
        var body = "<p class=\"tlp\">\(entities(banner))</p>\n<h1>\(entities(title))</h1>\n"
        for (topic, items) in byTopic {
            body += "<h2>\(entities(topic.path))</h2>\n"
            for item in items {
                body += "<h3>\(entities(item.title))</h3>\n<p class=\"facts\">\(entities(facts(item)))<br>"
                body += "\(entities(news(item)))</p>\n"
                if !item.summary.isEmpty { body += "<p>\(entities(item.summary))</p>\n" }
            }
        }
        if !remarks.isEmpty { body += "<ul>\n\(remarks.map { "<li>\(entities($0))</li>\n" }.joined())</ul>\n" }
        body += "<p class=\"tlp\">\(entities(banner))</p>\n"
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
            <meta name="viewport" content="width=device-width">
            <title>\(entities("\(banner) \(title)"))</title>
            <style>
            body { font-family: sans-serif; max-width: 42em; margin: 1em auto; padding: 0 1em; line-height: 1.4 }
            h1 { font-size: 1.3em } h2 { font-size: 1.1em; border-bottom: 1px solid } h3 { font-size: 1em; margin-bottom: 0 }
            .facts { color: #555; margin-top: 0 } .tlp { font-weight: bold; text-align: right }
            </style>
            </head>
            <body>
            \(body)</body>
            </html>

            """
    }

    private func entities(_ text: String) -> String {
        var result = ""
        for scalar in SafeText.terminal(text).unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
