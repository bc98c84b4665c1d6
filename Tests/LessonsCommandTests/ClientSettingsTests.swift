import Foundation
import TerminalUI
import TestSupport
import Testing

@testable import LessonsCommand

@Suite struct ClientSettingsTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    private func read(_ text: String) throws -> ClientSettings {
        try Data(text.utf8).write(to: URL(filePath: folder.path + "/" + ClientSettings.fileName))
        return try ClientSettings(folder: folder.path)
    }

    @Test func `without a file everything is as it comes, and a file changes what it names`() throws {
        #expect(try ClientSettings(folder: folder.path).theme == .dark)
        let settings = try read(#"{"theme": "light", "bell": true, "keys": {"next-unread": ["ctrl-n", "f2"]}}"#)
        #expect(settings.theme == .light && settings.ringsBell && settings.usesMouse)
        #expect(settings.bindings.keys(of: .nextUnread).map(\.description) == ["ctrl-n", "f2"])
        #expect(settings.bindings.keys(of: .reply).map(\.description) == ["r"])
    }

    @Test(arguments: [
        (#"{"theme": "pink"}"#, "dark, light"), (#"{"them": "light"}"#, "\"them\" is no setting"),
        (#"{"keys": {"fly": ["f"]}}"#, "\"fly\" is no command"), (#"{"keys": {"reply": ["hyper-r"]}}"#, "is no key"),
        ("{", "no JSON"), ("[1]", "no JSON"),
    ])
    func `what is wrong is told, with the file's name`(text: String, expected: String) throws {
        do {
            _ = try read(text)
            Issue.record("\(text) was taken")
        } catch let failure as CommandFailure {
            #expect(failure.status == .configuration)
            #expect(failure.message.contains(expected) && failure.message.contains(folder.path))
        }
    }
}
