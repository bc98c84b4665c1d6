import Foundation
import TerminalUI

/// What a person has set for the client, in `client.json` of the profile's configuration folder:
///
///     {"theme": "light", "mouse": false, "bell": true, "messages": false, "keys": {"next-unread": ["n", "ctrl-n"]}}
///
/// Options of the command line come before it.
struct ClientSettings: Sendable {
    static let fileName = "client.json"
    private static let maxBytes = 64 << 10

    var theme = ThemeName.dark
    var usesMouse = true
    var ringsBell = false
    /// Posts that come are told by the terminal's own messages beside the bell (OSC 9).
    var showsMessages = false
    var bindings = KeyBindings()
    var startsOffline = false
    /// Lines in place of a screen.
    var isLinear = false

    private struct File: Decodable {
        var theme: String?
        var mouse: Bool?
        var bell: Bool?
        var messages: Bool?
        var keys: [String: [String]]?

        enum CodingKeys: String, CodingKey, CaseIterable { case theme, mouse, bell, messages, keys }
    }

    init() {}

    /// Reads the folder's file; without one everything is as it comes.
    /// - Throws: CONFIGURATION, with what is wrong and where.
    init(folder: String) throws(CommandFailure) {
        let path = folder + "/" + Self.fileName
        guard FileManager.default.fileExists(atPath: path) else { return }
        let file: File
        do {
            let data = Data(try InputText.bytes(path, maxBytes: Self.maxBytes))
            try Self.checkNames(data, path)
            file = try JSONDecoder().decode(File.self, from: data)
        } catch let failure as CommandFailure {
            throw failure
        } catch {
            throw Self.wrong(
                path, "it is no JSON of the form {\"theme\": \"light\", \"keys\": {\"next-unread\": [\"n\"]}}")
        }
        if let name = file.theme {
            guard let theme = ThemeName(rawValue: name) else {
                let known = ThemeName.allCases.map(\.rawValue).joined(separator: ", ")
                throw Self.wrong(path, "\"\(name)\" is no theme; they are \(known)")
            }
            self.theme = theme
        }
        usesMouse = file.mouse ?? true
        showsMessages = file.messages ?? false
        ringsBell = file.bell ?? showsMessages
        for (name, texts) in (file.keys ?? [:]).sorted(by: { $0.key < $1.key }) {
            guard let id = CommandID(rawValue: name) else {
                throw Self.wrong(path, "\"\(name)\" is no command; see them with: lessons keys")
            }
            var keys: [Key] = []
            for text in texts {
                guard let key = Key(text) else {
                    throw Self.wrong(path, "\"\(text)\" is no key; write one as n, G, ctrl-n, alt-enter, f5 or space")
                }
                keys.append(key)
            }
            bindings.bind(id, to: keys)
        }
    }

    /// A misspelt name would be passed over in silence.
    private static func checkNames(_ data: Data, _ path: String) throws {
        guard let object = try JSONSerialization.jsonObject(with: data) as? [String: Any] else { return }
        let known = File.CodingKeys.allCases.map(\.rawValue)
        for name in object.keys.sorted() where !known.contains(name) {
            throw wrong(path, "\"\(name)\" is no setting; they are \(known.joined(separator: ", "))")
        }
    }

    private static func wrong(_ path: String, _ what: String) -> CommandFailure {
        CommandFailure(.configuration, "CONFIGURATION", "\(path): \(what)")
    }
}
