import ArgumentParser

/// How an export is written.
enum ExportFormat: String, CaseIterable, ExpressibleByArgument {
    /// A lesson's file with its thread below; reads back what it was.
    case markdown
    /// One thread a line; reads back what it was. See `ThreadSchema`.
    case json
    /// One post a message, threaded, for mail readers.
    case mbox
    /// What is CLEAR, for a public feed.
    case atom
    /// A page to read and to print.
    case html

    /// By the ending of a file's name; nil where it says nothing.
    init?(fileName: String) {
        let name = fileName.lowercased()
        guard let format = Self.endings.first(where: { name.hasSuffix($0.ending) })?.format else { return nil }
        self = format
    }

    private static let endings: [(ending: String, format: ExportFormat)] = [
        (".md", .markdown), (".markdown", .markdown), (".json", .json), (".jsonl", .json), (".ndjson", .json),
        (".mbox", .mbox), (".atom", .atom), (".xml", .atom), (".html", .html), (".htm", .html),
    ]

    /// One file can hold one thread only, so that several need a folder.
    var isOneThreadAFile: Bool { self == .markdown || self == .html }

    var ending: String {
        switch self {
        case .markdown: "md"
        case .json: "json"
        case .mbox: "mbox"
        case .atom: "atom"
        case .html: "html"
        }
    }
}
