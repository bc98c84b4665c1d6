import Foundation
import LessonModel
import PKI
import RelayClient
import TerminalUI

/// The client's drafts: files of the profile that only this account can read. Beside the text, which any editor opens, stands
/// what the text does not hold.
struct ClientDrafts {
    private static let suffix = ".md"
    private static let besideSuffix = ".form"

    private struct Beside: Codable {
        var title: String
        var fields: [String: String]
    }

    let directory: String

    init(_ profile: Profile) throws {
        try profile.makeDirectories()
        directory = profile.draftsDirectory
    }

    func items() throws -> [ListItem] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return names.filter { $0.hasSuffix(Self.suffix) }.sorted(by: >).map { file in
            let name = String(file.dropLast(Self.suffix.count))
            let text = (try? String(contentsOfFile: path(name), encoding: .utf8)) ?? ""
            let title = LessonDraft(text: text)?["title"] ?? ""
            let first = text.split(whereSeparator: \.isNewline).first { $0.contains(where: \.isLetter) } ?? ""
            let shown = title.isEmpty ? String(first.prefix(80)) : title
            return ListItem(
                .draft(name),
                StyledText(String(name.prefix { $0 != "-" }) + "  ", .dim)
                    + StyledText(shown.isEmpty ? "(empty)" : shown),
                detail: [StyledText(path(name), .dim)])
        }
    }

    func save(_ draft: DraftText, name: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let beside = try encoder.encode(Beside(title: draft.title, fields: draft.fields))
        try SecretFile.write(
            String(decoding: beside, as: UTF8.self), to: path(name, Self.besideSuffix), replacing: true)
        try SecretFile.write(draft.text, to: path(name), replacing: true)
    }

    func load(_ name: String) throws -> DraftText {
        let text = String(decoding: try InputText.bytes(path(name), maxBytes: LessonDocument.maxBytes), as: UTF8.self)
        // The text is what counts: without the rest it is opened as it is.
        let beside = FileManager.default.contents(atPath: path(name, Self.besideSuffix)).flatMap {
            try? JSONDecoder().decode(Beside.self, from: $0)
        }
        return DraftText(text: text, title: beside?.title ?? "", fields: beside?.fields ?? [:])
    }

    func remove(_ name: String) {
        for suffix in [Self.suffix, Self.besideSuffix] {
            try? FileManager.default.removeItem(atPath: path(name, suffix))
        }
    }

    /// The post that a draft is about, by its name.
    static func subject(of name: String) -> PostID? {
        guard let range = name.range(of: "-on-") else { return nil }
        return PostID(text: String(name[range.upperBound...]))
    }

    private func path(_ name: String, _ suffix: String = ClientDrafts.suffix) -> String {
        // Names come from the state and from this folder; none leads out of it.
        directory + "/" + name.replacing("/", with: "_") + suffix
    }
}
